"""CAL10K's table of songs, which both packages read."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mwe.core.errors import BadFileError
from mwe.core.tsv import fields_under

HEADER = ("id", "artist", "title", "duration", "tags")
REMEDY = "Make the file anew from the JAMS files; `mwe data cal10k` says how."


class Cal10kSong(NamedTuple):
    """One line: a song, its artist's name and its tags."""

    song: str
    artist: str
    tags: tuple[str, ...]


def read_cal10k_tsv(path: Path) -> Iterator[Cal10kSong]:
    """Songs of ``cal10k_tags.tsv``.

    Raises:
        BadFileError: The header or a line is not as expected, or a song occurs twice.
    """
    seen: set[str] = set()
    for number, fields in fields_under(path, HEADER, REMEDY):
        if fields == [""]:
            continue
        if len(fields) != len(HEADER) or not fields[0]:
            raise BadFileError(path, f"expected {len(HEADER)} fields, found {len(fields)}", REMEDY, number)
        if fields[0] in seen:
            raise BadFileError(path, f"song {fields[0]!r} occurs twice", REMEDY, number)
        seen.add(fields[0])
        yield Cal10kSong(fields[0], fields[1], tuple(tag for tag in fields[4].split("|") if tag))
