"""Folders of published weights: local or from the Hub, safetensors only, with an identity and a licence."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import sha256
from mwe.core.hub import is_hub_id, model_folder
from mwe.tower_pairs.protocol import NOT_STATED

CARD = "README.md"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


class WeightsFolder(NamedTuple):
    """A folder of weights.

    Attributes:
        folder: The folder.
        name: Its name: the path, or the name and the commit on the Hub.
        identity: Hash of its files.
        licence: Licence that its card states.
    """

    folder: Path
    name: str
    identity: str
    licence: str


def weights_folder(name: str, required: Sequence[str], patterns: Sequence[str], remedy: str) -> WeightsFolder:
    """Return the folder of weights, fetched from the Hub if it is named so.

    Args:
        name: A folder, or ``owner/name`` or ``owner/name@revision`` on the Hub.
        required: Files that must be there.
        patterns: Files that belong to the model and make its identity.
        remedy: What to do where a file is missing.

    Raises:
        MissingDataError: The folder is missing, or the Hub cannot be reached.
        BadFileError: A file is missing.
    """
    folder = model_folder(name, [*patterns, CARD])
    if not folder.is_dir():
        raise MissingDataError(f"{name}: no such folder. Give the folder of the weights, or owner/name on the Hub.")
    for pattern in required:
        if not any(folder.glob(pattern)):
            pickles = sorted(path.name for kind in PICKLES for path in folder.glob(kind))
            beside = f"; {pickles[0]} is a pickle, which is never read" if pickles else ""
            raise BadFileError(folder, f"has no {pattern}{beside}", remedy)
    files = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    digest = hashlib.sha256("".join(f"{path.name} {sha256(path)}\n" for path in files).encode()).hexdigest()
    # a snapshot of the Hub lies in a folder named by its commit
    shared = f"{name.partition('@')[0]}@{folder.name}" if is_hub_id(name) else str(folder.resolve())
    return WeightsFolder(folder, shared, digest[:16], licence_of(folder))


def licence_of(folder: Path) -> str:
    r"""Return the licence in the front matter of a model card; ``not stated`` without one.

    Examples:
        >>> card = Path("README.md")
        >>> _ = card.write_text("---\nlicense: apache-2.0\n---\nA model")
        >>> licence_of(Path("."))
        'apache-2.0'
    """
    card = folder / CARD
    parts = card.read_text("utf-8", errors="replace").split("---\n") if card.is_file() else []
    if len(parts) < 3 or parts[0].strip():
        return NOT_STATED
    try:
        stated = yaml.safe_load(parts[1])
    except yaml.YAMLError:
        return NOT_STATED
    licence = stated.get("license") if isinstance(stated, dict) else None
    return licence if isinstance(licence, str) and licence else NOT_STATED
