"""A track of a playlist: where it is, how long it is, and what it is called."""

import math
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mwe.audio.cue_sheet import WHOLE
from mwe.search.answers import Hit
from mwe.search.metadata import metadata_of

if TYPE_CHECKING:
    from mwe.search.library import Library

_BYTES = re.compile(r"(?:\\x[0-9a-f]{2})+")


class PlaylistTrack(NamedTuple):
    """A track of a playlist.

    Attributes:
        hit: The track, as in an answer.
        path: Its file.
        seconds: How long it is.
        span: Begin and end in its file in seconds; other than the whole file for tracks of a cue sheet.
    """

    hit: Hit
    path: str
    seconds: float
    span: tuple[float, float] = WHOLE

    @property
    def name(self) -> str:
        """Artist and title in one line.

        Examples:
            >>> PlaylistTrack(Hit("a.ogg", "Ana Lee", "/a.ogg", None, ()), "/a.ogg", 3.0).name
            'Ana Lee - a.ogg'
        """
        return " ".join(" - ".join(filter(None, (self.hit.artist, self.hit.title))).split())

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        start, end = self.span
        part = {} if self.span == WHOLE else {"start": start, "end": end if math.isfinite(end) else None}
        about = {**self.hit._asdict(), "tags": list(self.hit.tags), "file_tags": self.hit.file_tags._asdict()}
        return {**about, "path": self.path, "title": self.hit.title, "seconds": round(self.seconds, 3), **part}


def playlist_tracks(library: "Library", hits: Sequence[Hit]) -> list[PlaylistTrack]:
    """Return the tracks of an answer with what playlists tell of them."""
    tracks = []
    for hit in hits:
        row = library.row_of(hit.track_id)
        assert row is not None
        tracks.append(playlist_track(library, row, hit))
    return tracks


def playlist_track(library: "Library", row: int, hit: Hit) -> PlaylistTrack:
    """Return the track of a row of a library."""
    metadata = library.store.metadata
    span = WHOLE if metadata is None else metadata_of(metadata.row(row)).span
    return PlaylistTrack(hit, actual_path(hit.path), float(library.store.column("seconds")[row].as_py()), span)


def actual_path(path: str) -> str:
    r"""Return the path of a file as the system knows it.

    A library names files in Unicode, and bytes that are no Unicode as ``\xff``. Such a path is taken for the file with
    these bytes if only that exists.

    Examples:
        >>> actual_path("/music/rain.ogg")
        '/music/rain.ogg'
    """
    if os.path.exists(path) or not _BYTES.search(path):
        return path
    parts = re.split(rf"({_BYTES.pattern})", path)
    raw = b"".join(
        bytes.fromhex(part.replace("\\x", "")) if number % 2 else os.fsencode(part) for number, part in enumerate(parts)
    )
    decoded = os.fsdecode(raw)
    return decoded if os.path.exists(decoded) else path
