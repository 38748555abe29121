"""Find checkpoints of runs and read their weights; code in a checkpoint is never executed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mwe.core.errors import MissingDataError, StaleArtefactError


def checkpoint_path(artefact: str | Path, what: str, remedy: str) -> Path:
    """Find the checkpoint of a run folder, or return the file itself.

    Args:
        artefact: Run folder or checkpoint.
        what: Name of the checkpoint in the error message.
        remedy: What to do if there is none.

    Raises:
        MissingDataError: There is no checkpoint.
    """
    path = Path(artefact)
    checkpoint = path / "checkpoints" / "last.ckpt" if path.is_dir() or not path.suffix else path
    if not checkpoint.is_file():
        raise MissingDataError(f"{what}: no checkpoint {checkpoint}. {remedy}")
    return checkpoint


def load_checkpoint(path: Path, remedy: str) -> dict[str, Any]:
    """Read a checkpoint on the CPU.

    Raises:
        StaleArtefactError: The file is not a checkpoint.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # for foreign bytes torch raises anything from KeyError to UnpicklingError
        raise StaleArtefactError(f"{path}: not a checkpoint ({type(error).__name__}). {remedy}") from error
    if not isinstance(checkpoint, dict):
        raise StaleArtefactError(f"{path}: not a checkpoint ({type(checkpoint).__name__}). {remedy}")
    return checkpoint


def weights_of(checkpoint: Mapping[str, Any], part: str) -> dict[str, Tensor]:
    """Return the weights of one part of the module, such as ``network``, by their names in it."""
    prefix = f"{part}."
    return {
        name.removeprefix(prefix): value for name, value in checkpoint["state_dict"].items() if name.startswith(prefix)
    }
