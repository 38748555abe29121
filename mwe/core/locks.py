"""Locks between processes, by a file in the folder that only one of them may write to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mwe.core.errors import BadFileError
from mwe.core.files import writing

LOCK = ".lock"


@contextmanager
def exclusive(folder: Path, wait: float, message: str, remedy: str) -> Iterator[None]:
    """Make a folder, and hold its lock.

    Args:
        folder: The folder.
        wait: Seconds to wait for another process that holds the lock.
        message: What to say of that process.
        remedy: What to do about it.

    Raises:
        BadFileError: Another process has not released the lock in time.
        CannotWriteError: The disk is full, or the folder cannot be written.

    Examples:
        >>> folder = Path("shared")
        >>> with exclusive(folder, 1.0, "another process is writing", "Wait until it ends."):
        ...     (folder / ".lock").exists()
        True
    """
    lock = FileLock(folder / LOCK)
    try:
        with writing(folder / LOCK, folder):
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=wait)
    except Timeout:
        raise BadFileError(folder, message, remedy) from None
    try:
        yield
    finally:
        lock.release()
