"""Tab-separated files under a fixed header, which are no plain CSV."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mwe.core.errors import BadFileError
from mwe.core.lines import numbered_lines


def fields_under(path: Path, header: Sequence[str], remedy: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every line under the header, by line feeds alone and without quoting.

    Args:
        path: The file, UTF-8.
        header: What the first line must be.
        remedy: What to do about a damaged file, for the messages.

    Raises:
        MissingDataError: The file is not there.
        BadFileError: The header is another, or a line is not UTF-8.
    """
    lines = numbered_lines(path, remedy)
    _, first = next(lines, (1, ""))
    found = first.split("\t")
    if found != list(header):
        what = f"expected the header {' '.join(header)}, found {' '.join(found)[:80]!r}"
        raise BadFileError(path, what, remedy, 1)
    for number, line in lines:
        yield number, line.split("\t")
