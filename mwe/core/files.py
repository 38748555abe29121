"""Writing that leaves either the old file or the whole new one, and reading that names what is damaged."""

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from mwe.core.errors import BadFileError, expecting


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary file name beside ``path``; on success sync it to disk and put it in place of ``path``.

    Raises:
        OSError: The folder cannot be written or the disk is full; an earlier ``path`` is left as it was.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # the ending stays, since some writers go by it (numpy appends .npy to other names)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


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
