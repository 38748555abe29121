"""Tab-separated files under a fixed header, which are no plain CSV."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mwe.core.errors import BadFileError


def fields_under(path: Path, header: Sequence[str], remedy: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every line under the header, by line feeds alone and without quoting.

    Args:
        path: The file, UTF-8.
        header: What the first line must be.
        remedy: What to do about a damaged file, for the messages.

    Raises:
        BadFileError: The header is another, or the file is not UTF-8.
    """
    # names may hold other characters that are taken for the end of a line
    with open(path, encoding="utf-8-sig", newline="\n") as lines:
        try:
            found = next(lines, "").rstrip("\r\n").split("\t")
            if found != list(header):
                what = f"expected the header {' '.join(header)}, found {' '.join(found)[:80]!r}"
                raise BadFileError(path, what, remedy, 1)
            for number, line in enumerate(lines, 2):
                yield number, line.rstrip("\r\n").split("\t")
        except UnicodeDecodeError as error:
            raise BadFileError(path, f"not UTF-8 ({error.reason})", remedy) from error
