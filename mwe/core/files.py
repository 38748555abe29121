"""Writing that leaves either the old file or the whole new one, and reading that names what is damaged."""

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

# what only writing fails with, whatever file the error names, if any
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@contextmanager
def writing(*places: Path) -> Iterator[None]:
    """Around code that writes: where it cannot, the error names the place.

    Args:
        places: The file or folder that the message names, and others that stand for it while it is written.

    Raises:
        CannotWriteError: The disk is full, or one of the places, a folder above or a file below it cannot be written.
    """
    try:
        yield
    except (CannotWriteError, MissingDataError):
        raise
    except OSError as error:
        named = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
        own = named is not None and any(named in (one, *one.parents) or one in named.parents for one in places)
        if error.errno not in FULL and not own:
            raise
        raise CannotWriteError(places[0], error.strerror or str(error)) from error


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary file name beside ``path``; on success sync it to disk and put it in place of ``path``.

    Raises:
        CannotWriteError: The folder cannot be written or the disk is full; an earlier ``path`` is left as it was.
    """
    target = Path(path)
    # the ending stays, since some writers go by it (numpy appends .npy to other names)
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
    """Yield an empty folder for files that belong together; on success they take their places in ``folder``.

    None is in place before all are on disk, and the one that declares the others goes first and comes last: whoever
    finds it finds what it declares, whatever interrupts the writing.

    Args:
        folder: Where the files belong.
        last: The file that declares the others.
        former: Files that are removed where none of that name was written: they belong to what was there before.

    Raises:
        CannotWriteError: The folder cannot be written or the disk is full; what was there before is left as it was.
    """
    target = Path(folder)
    staging = target / f".{last}.{os.getpid()}"
    with writing(target / last, staging):
        staging.mkdir(parents=True, exist_ok=True)
        try:
            yield staging
            made = sorted(path.relative_to(staging) for path in staging.rglob("*") if path.is_file())
            for name in made:
                _sync(staging / name)
                (target / name).parent.mkdir(parents=True, exist_ok=True)
            for outdated in (last, *former):
                (target / outdated).unlink(missing_ok=True)
            for name in sorted(made, key=lambda one: one == Path(last)):
                os.replace(staging / name, target / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _sync(path: Path) -> None:
    with open(path, "rb+") as written:
        os.fsync(written.fileno())


def sha256(path: str | Path) -> str:
    """SHA-256 of a file's content, as hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: str | Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(path: str | Path, rows: Iterable[Iterable[Any]], delimiter: str = ",") -> None:
    """Write rows, the header first, as separated values, whole or not at all."""
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON with sorted keys, whole or not at all."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def parsed_json(text: str) -> Any:
    """What a JSON text holds.

    Raises:
        ValueError: It is not JSON, nested too deeply, or holds half of a surrogate pair, which no file takes.
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
        raise BadFileError(path, f"not JSON ({error})", "Delete it and make it anew.") from error


def read_yaml(path: str | Path, remedy: str) -> Any:
    """Read a YAML file of plain values; a tag that would build an object is refused.

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
