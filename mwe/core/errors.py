"""One error class per situation that callers may handle. Every message gives the expected, the actual, and a remedy."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class MissingDataError(FileNotFoundError):
    """A collection, or one of its files, is missing."""


class BadFileError(ValueError):
    """A file is damaged or not in the expected format.

    Args:
        path: The file.
        what: What is wrong with it.
        remedy: What to do next.
        line: Line number, counted from 1, if known.

    Examples:
        >>> print(BadFileError("tracks.tsv", "expected 4 fields, found 3", "Write a tab between all fields.", line=7))
        tracks.tsv, line 7: expected 4 fields, found 3. Write a tab between all fields.
    """

    def __init__(self, path: str | Path, what: str, remedy: str, line: int | None = None) -> None:
        location = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{location}: {what}. {remedy}")


class CannotWriteError(OSError):
    """A file or folder cannot be written: the disk is full, the path is read-only, or its parent is not a folder.

    Args:
        path: The file or folder.
        reason: Error message of the system.
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        remedy = "Free some space or give another path. Existing files are unchanged."
        super().__init__(f"{path}: cannot be written ({reason}). {remedy}")
        self.path, self.reason = path, reason

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the original arguments, so that the error can pass between processes."""
        return type(self), (self.path, self.reason)


class StaleArtefactError(ValueError):
    """An artefact computed earlier does not fit the current settings, version or size."""


class UnknownNameError(LookupError):
    """A tag, artist, track or word is not known.

    Args:
        kind: Kind of the name, such as ``tag``.
        name: The unknown name.
        known: All names of that kind; the message contains the nearest.

    Examples:
        >>> print(UnknownNameError("tag", "pianno", ["piano", "drums", "calm"]))
        unknown tag 'pianno' (3 known; nearest: 'piano')
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = list(known)
        nearest = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"; nearest: {', '.join(map(repr, nearest))}" if nearest else ""
        super().__init__(f"unknown {kind} {name!r} ({len(names):,} known{hint})")


class BadRequestError(ValueError):
    """A request is invalid."""


class NotFiniteLossError(ArithmeticError):
    """The loss of a training became NaN or infinite. Its last checkpoint is from before."""


class WrongSplitError(ValueError):
    """Rows of one split reached a place for those of another, such as test rows a training: a fault of the program.

    Args:
        split: Split of the rows; empty if they do not say.
        expected: Split that belongs there.
    """

    def __init__(self, split: str, expected: str) -> None:
        which = f"of the split {split!r}" if split else "that do not say of which split they are"
        super().__init__(f"rows {which} where those of {expected!r} belong: these must not be exchanged")


# errors whose message is enough: command lines print it and exit. Missing data and full disks are OSErrors
REPORTED = (OSError, BadFileError, StaleArtefactError, UnknownNameError, BadRequestError, NotFiniteLossError)


@contextmanager
def expecting(path: str | Path, what: str, remedy: str, line: int | None = None) -> Iterator[None]:
    """Report errors of the enclosed code, which reads the content of a foreign file, as errors of the file.

    Args:
        path: The file.
        what: What is wrong with it.
        remedy: What to do next.
        line: Line number, if known.

    Raises:
        BadFileError: Something in the content was missing, of the wrong type or out of range. Errors of this module
            pass unchanged.

    Examples:
        >>> with expecting("ages.json", "no age", "Fetch it again.", line=3):
        ...     {}["age"]
        Traceback (most recent call last):
            ...
        mwe.core.errors.BadFileError: ages.json, line 3: no age (KeyError: 'age'). Fetch it again.
    """
    try:
        yield
    except (BadFileError, StaleArtefactError, UnknownNameError):
        raise
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadFileError(path, f"{what} ({type(error).__name__}: {str(error)[:200]})", remedy, line) from error
