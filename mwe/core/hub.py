"""Folders of models: local, or fetched from the Hugging Face Hub by name."""

import re
from collections.abc import Sequence
from pathlib import Path

from mwe.core.errors import MissingDataError
from mwe.core.extras import require_extra

_HUB_ID = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


def is_hub_id(name: str | Path) -> bool:
    """Return whether a name is no local path and has the form ``owner/name`` or ``owner/name@revision``.

    Examples:
        >>> is_hub_id("owner/name@v1"), is_hub_id("/owner/name")
        (True, False)
    """
    return _HUB_ID.fullmatch(str(name)) is not None and not Path(name).exists()


def model_folder(name: str | Path, patterns: Sequence[str]) -> Path:
    """Return a local folder as it is; fetch a model of the Hub and return its folder.

    Args:
        name: The folder, or ``owner/name`` or ``owner/name@revision`` on the Hub.
        patterns: Names of the files to fetch.

    Raises:
        MissingDataError: The Hub has no such model or cannot be reached, or its client is not installed.

    Examples:
        >>> Path("outputs/shared").mkdir(parents=True, exist_ok=True)
        >>> model_folder("outputs/shared", ["*.json"])
        PosixPath('outputs/shared')
    """
    hub_id = _HUB_ID.fullmatch(str(name))
    if hub_id is None or Path(name).exists():
        return Path(name)
    hub = require_extra("huggingface_hub", "hub", f"{name} is no local folder; the Hugging Face Hub needs its client")
    try:
        return Path(
            hub.snapshot_download(hub_id["repository"], revision=hub_id["revision"], allow_patterns=[*patterns])
        )
    except (OSError, ValueError) as error:  # all errors of the client derive from these
        reason = str(error).strip().splitlines()[0]
        raise MissingDataError(
            f"{name} is neither a local folder nor a model on the Hugging Face Hub ({reason})"
        ) from error
