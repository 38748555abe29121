"""Table of a library that lists files of which only a part could be read: damaged or truncated ones."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from mwe.audio.verdict import condition_in
from mwe.core.files import write_csv
from mwe.search.layout import PARTLY_READ
from mwe.tracks.folder import read_rows

COLUMNS = ("track_id", "path", "condition", "verdict")
_REMEDY = "Delete it; `mwe check` tells the same of the files."
_NAMED = 5


class PartlyRead(NamedTuple):
    """A track whose file is damaged or truncated; its readable part is in the library.

    Attributes:
        track_id: The track.
        path: Its file.
        verdict: How much of it was read, such as ``truncated: 61.2 s of the 120.0 s it states``.
    """

    track_id: str
    path: str
    verdict: str

    @property
    def condition(self) -> str:
        """Whether it is ``damaged`` or ``truncated``."""
        return condition_in(self.verdict)


def partly_read_file(library: Path) -> Path:
    """Return the path of the table of a library."""
    return library / PARTLY_READ


def read_partly_read(library: Path) -> dict[str, PartlyRead]:
    """Read the table of a library, by track; empty if there is none.

    Raises:
        BadFileError: The table is damaged.
    """
    path = partly_read_file(library)
    if not path.is_file():
        return {}
    rows = (row for _, row in read_rows(path, COLUMNS, remedy=_REMEDY))
    return {row["track_id"]: PartlyRead(row["track_id"], row["path"], row["verdict"]) for row in rows}


def write_partly_read(library: Path, tracks: Sequence[PartlyRead]) -> None:
    """Write the table of a library if it has changed; remove it if there is nothing to list."""
    if list(read_partly_read(library).values()) == list(tracks):
        return
    if not tracks:
        partly_read_file(library).unlink(missing_ok=True)
        return
    rows = [(track.track_id, track.path, track.condition, track.verdict) for track in tracks]
    write_csv(partly_read_file(library), [COLUMNS, *rows], "\t")


def named(tracks: Iterable[PartlyRead]) -> str:
    """Return lines that name the truncated files, the first few of them.

    Examples:
        >>> print(named([PartlyRead("a", "a.flac", "truncated: 61.2 s of the 120.0 s it states")]))
        a.flac: truncated: 61.2 s of the 120.0 s it states
    """
    lines = [f"{track.path}: {track.verdict}" for track in tracks if track.condition == "truncated"]
    more = [f"and {len(lines) - _NAMED:,} more truncated files"] if len(lines) > _NAMED else []
    return "\n".join([*lines[:_NAMED], *more])
