"""One error class per situation a caller may handle; every message says what was wanted, found, and what to do."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class MissingDataError(FileNotFoundError):
    """A collection or one of its files is not where it is looked for."""


class BadFileError(ValueError):
    """A file is damaged or not in the expected format.

    Args:
        path: The file.
        what: What is wrong with it.
        remedy: What to do next.
        line: Line number, counted from 1, where there is one.
    """

    def __init__(self, path: str | Path, what: str, remedy: str, line: int | None = None) -> None:
        place = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{place}: {what}. {remedy}")


class CannotWriteError(OSError):
    """A file or folder cannot be written: the disk is full, the place is read-only, or it lies below no folder.

    Args:
        path: The file or folder.
        reason: What the system says.
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        remedy = "Make room there or give another place; what was there before has been left as it was."
        super().__init__(f"{path}: cannot be written ({reason}). {remedy}")
        self.path, self.reason = path, reason

    def __reduce__(self) -> tuple[Any, ...]:
        """As it was made, so that it comes out of a process that works for another."""
        return type(self), (self.path, self.reason)


class StaleArtefactError(ValueError):
    """Something computed earlier does not fit what is asked of it now (other settings, version or size)."""


class UnknownNameError(LookupError):
    """A tag, artist, track or word that is not known.

    Args:
        kind: What the name should have been, such as ``tag``.
        name: The unknown name.
        known: All names of that kind; the nearest are put into the message.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = list(known)
        nearest = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"; nearest: {', '.join(map(repr, nearest))}" if nearest else ""
        super().__init__(f"unknown {kind} {name!r} ({len(names):,} known{hint})")


class BadRequestError(ValueError):
    """What somebody asked cannot be understood."""


class NotFiniteLossError(ArithmeticError):
    """The loss of a training became NaN or infinite; its last checkpoint is from before."""


# whose message is all that people need: command lines print it and exit. Missing data and full disks are OSErrors
TOLD = (OSError, BadFileError, StaleArtefactError, UnknownNameError, BadRequestError, NotFiniteLossError)


@contextmanager
def expecting(path: str | Path, what: str, remedy: str, line: int | None = None) -> Iterator[None]:
    """Around code that takes apart what a file of others holds: content of another form is an error of that file.

    Args:
        path: The file.
        what: What the message says about it.
        remedy: What to do next.
        line: Line number, where there is one.

    Raises:
        BadFileError: Something within was missing, of another type or out of range; errors of this module pass as they
            are.
    """
    try:
        yield
    except (BadFileError, StaleArtefactError, UnknownNameError):
        raise
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadFileError(path, f"{what} ({type(error).__name__}: {str(error)[:200]})", remedy, line) from error
