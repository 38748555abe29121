"""The two plain forms that tags of tracks are published in: fields a line, and a table of zeros and ones."""

import csv
from collections.abc import Iterator
from pathlib import Path

from mwe.core.errors import BadFileError, MissingDataError


def read_fields(path: Path, delimiter: str, least: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every line that is not empty; for files without a header and without quoting.

    Raises:
        MissingDataError: The file is not there.
        BadFileError: A line has fewer fields than ``least`` or is not UTF-8.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Check the folder and the file's name.")
    number = 0
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                fields = line.rstrip("\r\n").split(delimiter)
                if fields == [""]:
                    continue
                if len(fields) < least:
                    raise BadFileError(
                        path, f"expected {least} fields, found {len(fields)}", "Fetch the file anew.", number
                    )
                yield number, fields
    except UnicodeDecodeError as error:
        raise BadFileError(path, f"not UTF-8 ({error.reason})", "Fetch the file anew.", number + 1) from error


def read_tag_table(path: Path, remedy: str) -> Iterator[tuple[str, list[str]]]:
    """Track and tags of every row of a CSV whose header is an empty field and the tags, and whose cells are 0 or 1.

    Raises:
        MissingDataError: The file is not there.
        BadFileError: The header, the number of cells or a cell is not so.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} not found. {remedy}")
    with open(path, encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, strict=True)
        try:
            header = next(rows, [])
            if len(header) < 2 or header[0]:
                raise BadFileError(path, "expected a header of an empty field and the tags", remedy, 1)
            for row in rows:
                wrong = [cell for cell in row[1:] if cell not in ("0", "1", "0.0", "1.0")]
                if len(row) != len(header) or not row[0] or wrong:
                    what = f"expected a track and {len(header) - 1} cells of 0 or 1"
                    raise BadFileError(path, what, remedy, rows.line_num)
                yield row[0], [tag for tag, cell in zip(header[1:], row[1:], strict=True) if cell in ("1", "1.0")]
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadFileError(path, f"cannot be read ({error})", remedy, rows.line_num) from error
