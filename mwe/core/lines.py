"""Read text files line by line, compressed or not, with line numbers in errors."""

import bz2
import gzip
import lzma
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mwe.core.errors import BadFileError, MissingDataError

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
# errors of the decompressors for a damaged or truncated file
DAMAGED = (EOFError, OSError, lzma.LZMAError, zlib.error)
LONGEST_COUNT = 19  # digits of an integer; longer numbers are not counts, and Python refuses very long ones


def opened(path: Path) -> IO[bytes]:
    """Open a file, decompressed if its name ends in ``.gz``, ``.bz2`` or ``.xz``.

    Raises:
        MissingDataError: The file is missing.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Check the path.")
    return OPENERS.get(path.suffix, open)(path, "rb")  # type: ignore[operator,no-any-return]


def numbered_lines(path: Path, remedy: str, ends: bool = False) -> Iterator[tuple[int, str]]:
    r"""Yield the line number and text of every line of a UTF-8 file. Only a line feed ends a line.

    A byte-order mark before the first line is removed.

    Args:
        path: The file, compressed or not.
        remedy: What to do about a damaged file.
        ends: Whether lines keep their ``\n`` or ``\r\n``.

    Raises:
        MissingDataError: The file is missing.
        BadFileError: A line is not UTF-8, a line has a zero byte (as after a crash), or the compressed data is damaged
            or truncated.
    """
    number = 0
    with opened(path) as lines:
        try:
            for number, line in enumerate(lines, 1):
                text = (line.removeprefix(BOM_UTF8) if number == 1 else line).decode("utf-8")
                if "\0" in text:
                    raise BadFileError(path, "a zero byte, which text never contains", remedy, number)
                yield number, text if ends else text.rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise BadFileError(path, f"not UTF-8 ({error.reason})", remedy, number) from error
        except DAMAGED as error:
            raise BadFileError(path, f"damaged or cut off ({error})", remedy, number + 1) from error
