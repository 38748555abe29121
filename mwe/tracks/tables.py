"""The plainest form that tags of tracks are published in: fields a line."""

from collections.abc import Iterator
from pathlib import Path

from mwe.core.errors import BadFileError
from mwe.core.lines import numbered_lines

REMEDY = "Fetch the file anew."


def read_fields(path: Path, delimiter: str, least: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every line that is not empty; for files without a header and without quoting.

    Raises:
        MissingDataError: The file is not there.
        BadFileError: A line has fewer fields than ``least`` or is not UTF-8.
    """
    for number, line in numbered_lines(path, REMEDY):
        if line:
            fields = line.split(delimiter)
            if len(fields) < least:
                raise BadFileError(path, f"expected {least} fields, found {len(fields)}", REMEDY, number)
            yield number, fields
