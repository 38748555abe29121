"""The plainest form that tags of tracks are published in: fields a line."""

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
