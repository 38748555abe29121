"""Lock that allows one writer of a library at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytorch_lightning.plugins.environments import LightningEnvironment  # type: ignore[attr-defined]
from pytorch_lightning.utilities import rank_zero_only

from mwe.core.locks import exclusive

WAIT = 10.0  # seconds; loader workers of a killed job hold its lock until they notice that it ended


@contextmanager
def only_writer(root: Path) -> Iterator[None]:
    """Prevent other jobs from writing to a library. The first process of a job holds the lock for all of them.

    Raises:
        BadFileError: Another job is writing to it.
    """
    if rank_zero_only.rank != 0 or LightningEnvironment().node_rank():  # type: ignore[attr-defined]
        yield
        return
    message = "another command is writing to this library"
    with exclusive(root, WAIT, message, "Wait until it ends, or write to another folder."):
        yield
