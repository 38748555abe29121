"""MTG-Jamendo's TSV files, which both packages read.

The last column spills over: a track with three tags has three tab-separated fields after DURATION, so a reader of
plain CSV fails on these files.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mwe.core.errors import BadFileError
from mwe.core.tsv import fields_under

HEADER = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS")
REMEDY = "Fetch it anew: `mwe fetch mtg_jamendo`."


class JamendoTrack(NamedTuple):
    """One line of a file, and its number counted from 1."""

    track_id: str
    artist_id: str
    path: str
    tags: tuple[str, ...]
    line: int


def read_jamendo_tsv(path: Path) -> Iterator[JamendoTrack]:
    """Tracks of one file in upstream's format.

    Raises:
        BadFileError: The header or a line is not as upstream writes it.
    """
    for number, fields in fields_under(path, HEADER, REMEDY):
        if len(fields) < len(HEADER) or not all(fields):
            what = f"expected {len(HEADER)} or more filled fields, found {len(fields)}"
            raise BadFileError(path, what, REMEDY, number)
        yield JamendoTrack(fields[0], fields[1], fields[3], tuple(fields[5:]), number)
