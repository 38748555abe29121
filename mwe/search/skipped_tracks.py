"""Table of a library that lists tracks which could not be embedded, with the reasons."""

from pathlib import Path
from typing import NamedTuple

from mwe.audio.shards import FileStamp
from mwe.core.errors import expecting
from mwe.search.layout import SKIPPED
from mwe.tracks.folder import read_rows

SKIPPED_COLUMNS = ("track_id", "path", "reason", "detail", "size", "mtime_ns")


class Skipped(NamedTuple):
    """A track that could not be embedded.

    Attributes:
        path: Its file.
        reason: Class of outcome, such as ``truncated``.
        detail: One line about the cause.
        source: State of the file when it was read.
    """

    path: str
    reason: str
    detail: str
    source: FileStamp


def skipped_file(out: Path) -> Path:
    """Return the path of the table of skipped tracks."""
    return out / SKIPPED


def read_skipped(out: Path) -> dict[str, Skipped]:
    """Read the tracks that earlier jobs could not embed.

    Raises:
        BadFileError: The list is damaged.
    """
    if not skipped_file(out).is_file():
        return {}
    remedy, skipped = "Delete it and index again.", {}
    for line, row in read_rows(skipped_file(out), SKIPPED_COLUMNS, remedy=remedy):
        with expecting(skipped_file(out), "size or time is not a number", remedy, line):
            source = FileStamp(int(row["size"]), int(row["mtime_ns"]))
        skipped[row["track_id"]] = Skipped(row["path"], row["reason"], row["detail"], source)
    return skipped
