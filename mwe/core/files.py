"""Write files completely or not at all, and read files with errors that name the damage."""

import csv
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from mwe.core.errors import BadFileError, CannotWriteError, MissingDataError, expecting

# errors of writing alone, whether or not they name a file
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@contextmanager
def writing(*paths: Path) -> Iterator[None]:
    """Report failures of the enclosed code to write, with the path in the message.

    Args:
        paths: The file or folder that the message names, and its temporary substitutes.

    Raises:
        CannotWriteError: The disk is full, or one of the paths, a folder above or a file below it cannot be written.
    """
    try:
        yield
    except (CannotWriteError, MissingDataError):
        raise
    except OSError as error:
        named = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
        related = named is not None and any(named in (path, *path.parents) or path in named.parents for path in paths)
        if error.errno not in FULL and not related:
            raise
        raise CannotWriteError(paths[0], error.strerror or str(error)) from error


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary file name beside ``path``. On success, sync it to disk and replace ``path`` by it.

    Raises:
        CannotWriteError: The folder cannot be written or the disk is full; an existing ``path`` is unchanged.

    Examples:
        >>> with atomic_write("figures.txt") as temporary:
        ...     _ = temporary.write_text("0.818")
        >>> Path("figures.txt").read_text()
        '0.818'
    """
    target = Path(path)
    # keep the suffix, since some writers depend on it (numpy appends .npy to other names)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    with writing(target, temporary):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def written_together(folder: str | Path, last: str, former: Sequence[str] = ()) -> Iterator[Path]:
    """Yield an empty folder for files that belong together. On success, move them to ``folder``.

    No file moves before all are on disk. The file that declares the others is removed first and moved last: if it
    exists, so does everything that it declares, even after an interruption.

    Args:
        folder: Folder of the files.
        last: The file that declares the others.
        former: Names of older files to remove, unless new ones of the same name were written.

    Raises:
        CannotWriteError: The folder cannot be written or the disk is full; existing files are unchanged.
    """
    target = Path(folder)
    staging = target / f".{last}.{os.getpid()}"
    with writing(target / last, staging):
        staging.mkdir(parents=True, exist_ok=True)
        try:
            yield staging
            new_files = sorted(path.relative_to(staging) for path in staging.rglob("*") if path.is_file())
            for name in new_files:
                _sync(staging / name)
                (target / name).parent.mkdir(parents=True, exist_ok=True)
            for outdated in (last, *former):
                (target / outdated).unlink(missing_ok=True)
            for name in sorted(new_files, key=lambda path: path == Path(last)):
                os.replace(staging / name, target / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _sync(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, as hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: str | Path, text: str) -> None:
    """Write a text as UTF-8, completely or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(path: str | Path, rows: Iterable[Iterable[Any]], delimiter: str = ",") -> None:
    """Write rows, the header first, as separated values, completely or not at all."""
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON with sorted keys, completely or not at all."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def parsed_json(text: str) -> Any:
    """Return the content of a JSON text.

    Raises:
        ValueError: The text is not JSON, is nested too deeply, or holds half of a surrogate pair, which cannot be
            written.
    """
    try:
        content = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(content, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return content


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: There is no such file.
        BadFileError: The file is not JSON.
    """
    try:
        return parsed_json(Path(path).read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise BadFileError(path, f"not JSON ({error})", "Delete it and make it again.") from error


def read_yaml(path: str | Path, remedy: str) -> Any:
    """Read a YAML file of plain values. Tags that would build objects are refused.

    Raises:
        FileNotFoundError: There is no such file.
        BadFileError: The file is not YAML, or holds more than plain values.
    """
    text = Path(path).read_bytes()
    with expecting(path, "not YAML of plain values", remedy):
        try:
            return yaml.safe_load(text.decode("utf-8-sig"))
        except yaml.YAMLError as error:
            raise ValueError(" ".join(str(error).split())) from error


def readable_name(path: str | Path) -> str:
    """Return a path as Unicode text, whatever its bytes are."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
