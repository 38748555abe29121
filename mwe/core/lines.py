"""Reading text files line by line, compressed or not, with the line number of whatever is wrong."""

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
# what the decompressors raise at a damaged or cut-off file
DAMAGED = (EOFError, OSError, lzma.LZMAError, zlib.error)
LONGEST_COUNT = 19  # digits of a whole number; longer ones are no counts, and Python refuses the longest


def opened(path: Path) -> IO[bytes]:
    """A file's bytes, decompressed where its name ends in ``.gz``, ``.bz2`` or ``.xz``.

    Raises:
        MissingDataError: The file is not there.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Check the path.")
    return OPENERS.get(path.suffix, open)(path, "rb")  # type: ignore[operator,no-any-return]


def numbered_lines(path: Path, remedy: str, ends: bool = False) -> Iterator[tuple[int, str]]:
    r"""Line number and text of every line of a UTF-8 file; lines end with a line feed and nothing else.

    A byte-order mark before the first line is no part of it.

    Args:
        path: The file, compressed or not.
        remedy: What to do about a damaged one.
        ends: Whether lines keep their ``\n`` or ``\r\n``.

    Raises:
        MissingDataError: The file is not there.
        BadFileError: A line is not UTF-8 or holds a zero byte, as what a crash leaves does; or the compressed data is
            damaged or cut off.
    """
    number = 0
    with opened(path) as lines:
        try:
            for number, line in enumerate(lines, 1):
                text = (line.removeprefix(BOM_UTF8) if number == 1 else line).decode("utf-8")
                if "\0" in text:
                    raise BadFileError(path, "a zero byte, which no text has", remedy, number)
                yield number, text if ends else text.rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise BadFileError(path, f"not UTF-8 ({error.reason})", remedy, number) from error
        except DAMAGED as error:
            raise BadFileError(path, f"damaged or cut off ({error})", remedy, number + 1) from error
