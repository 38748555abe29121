"""One writer at a time in a library."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pytorch_lightning.plugins.environments import LightningEnvironment  # type: ignore[attr-defined]
from pytorch_lightning.utilities import rank_zero_only

from mwe.core.errors import BadFileError
from mwe.core.files import writing

LOCK = ".lock"
WAIT = 10.0  # seconds; the loader workers of a killed job hold its lock until they notice that it is gone


@contextmanager
def only_writer(root: Path) -> Iterator[None]:
    """Keep other jobs from writing into a library; the further processes of a job go with its first one.

    Raises:
        BadFileError: Another job is writing into it.
    """
    if rank_zero_only.rank != 0 or LightningEnvironment().node_rank():  # type: ignore[attr-defined]
        yield
        return
    lock = FileLock(root / LOCK)
    try:
        with writing(root / LOCK, root):
            root.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=WAIT)
    except Timeout:
        remedy = "Wait until it has ended, or write into another folder."
        raise BadFileError(root, "another command is writing into this library", remedy) from None
    try:
        yield
    finally:
        lock.release()
