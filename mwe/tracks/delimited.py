"""Lines of separated fields without quoting, with or without a header. Unlike in CSV, every line feed ends a line."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mwe.core.errors import BadFileError
from mwe.core.lines import numbered_lines

REMEDY = "Fetch the file again."


def read_fields(path: Path, delimiter: str, min_fields: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and fields of every line that is not empty, for files without a header and without quoting.

    Raises:
        MissingDataError: The file is missing.
        BadFileError: A line has fewer fields than ``min_fields`` or is not UTF-8.
    """
    for number, line in numbered_lines(path, REMEDY):
        if line:
            fields = line.split(delimiter)
            if len(fields) < min_fields:
                raise BadFileError(path, f"expected {min_fields} fields, found {len(fields)}", REMEDY, number)
            yield number, fields


def fields_under(path: Path, header: Sequence[str], remedy: str) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the line number and fields of every line below the header, for tab-separated files without quoting.

    Args:
        path: The file, UTF-8.
        header: The expected fields of the first line.
        remedy: What to do about a damaged file, for error messages.

    Raises:
        MissingDataError: The file is missing.
        BadFileError: The header differs, or a line is not UTF-8.

    Examples:
        >>> _ = Path("tags.tsv").write_text("tag\tgroup\ncalm\tmood\n")
        >>> list(fields_under(Path("tags.tsv"), ["tag", "group"], "Fetch it again."))
        [(2, ['calm', 'mood'])]
    """
    lines = numbered_lines(path, remedy)
    _, first = next(lines, (1, ""))
    fields = first.split("\t")
    if fields != list(header):
        message = f"expected the header {' '.join(header)}, found {' '.join(fields)[:80]!r}"
        raise BadFileError(path, message, remedy, 1)
    for number, line in lines:
        yield number, line.split("\t")
