"""Reading large text files line by line, compressed or not, with the line number of whatever is wrong."""

import bz2
import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mwe.core.errors import BadFileError, MissingDataError

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
# what the decompressors raise at a damaged or cut-off file
DAMAGED = (EOFError, OSError, lzma.LZMAError)


def opened(path: Path) -> IO[bytes]:
    """A file's bytes, decompressed where its name ends in ``.gz``, ``.bz2`` or ``.xz``.

    Raises:
        MissingDataError: The file is not there.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Check the path.")
    return OPENERS.get(path.suffix, open)(path, "rb")  # type: ignore[operator,no-any-return]


def numbered_lines(path: Path, remedy: str) -> Iterator[tuple[int, str]]:
    """Line number and text, without its end, of every line of a UTF-8 file.

    Args:
        path: The file, compressed or not.
        remedy: What to do about a damaged one.

    Raises:
        MissingDataError: The file is not there.
        BadFileError: A line is not UTF-8, or the compressed data is damaged or cut off.
    """
    number = 0
    with opened(path) as lines:
        try:
            for number, line in enumerate(lines, 1):
                yield number, line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise BadFileError(path, f"not UTF-8 ({error.reason})", remedy, number) from error
        except DAMAGED as error:
            raise BadFileError(path, f"damaged or cut off ({error})", remedy, number + 1) from error
