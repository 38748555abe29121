"""CAL10K (Tingle et al., 2010): about ten thousand songs with tags by musicologists, one line per song."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.tracks.delimited import fields_under
from mwe.tracks.track_tags import TrackReader, TrackTags, tracks_of

FILE = "cal10k_tags.tsv"
HEADER = ("id", "artist", "title", "duration", "tags")
REMEDY = "Make the file again from the JAMS files; `mwe data show cal10k` says how."


class Cal10kSong(NamedTuple):
    """One line: a song, its artist's name and its tags."""

    song: str
    artist: str
    tags: tuple[str, ...]


def read_cal10k_tsv(path: Path) -> Iterator[Cal10kSong]:
    """Yield the songs of ``cal10k_tags.tsv``.

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


class Cal10kTracks(TrackReader):
    r"""CAL10K: songs with tags by musicologists; the artist's name is the artist ID.

    Args:
        root: Folder of ``cal10k_tags.tsv``; by default ``cal10k`` under the data root (``MWE_DATA``).
        min_tracks: Leave out tags of fewer songs.
        prefix: Prefix of each song's number, so that track IDs of several collections differ.

    Examples:
        >>> lines = ["id\tartist\ttitle\tduration\ttags", "7\tAir\tSexy Boy\t298\tmellow|a vocoder"]
        >>> _ = Path("cal10k_tags.tsv").write_text("\n".join(lines))
        >>> tracks = Cal10kTracks(".").read()
        >>> tracks.track_ids, tracks.artist_ids, tracks.tags
        (('cal10k_7',), ('Air',), ('a vocoder', 'mellow'))
    """

    def __init__(self, root: str | None = None, min_tracks: int = 1, prefix: str = "cal10k_") -> None:
        self.root = Path(root) if root else declared("cal10k").root
        self.min_tracks, self.prefix = min_tracks, prefix

    def read(self) -> TrackTags:
        """Read the table.

        Raises:
            MissingDataError: The file is missing.
            BadFileError: The header or a line is not as expected, a song occurs twice, or no tag has enough songs.
        """
        path = declared("cal10k").require(FILE, root=self.root) / FILE
        songs = {f"{self.prefix}{song.song}": song for song in read_cal10k_tsv(path)}
        tags_of = {track: song.tags for track, song in songs.items()}
        artist_of = {track: song.artist for track, song in songs.items()}
        tracks = tracks_of("CAL10K", tags_of, artist_of, min_tracks=self.min_tracks)
        if not tracks.tags:
            raise BadFileError(path, f"no tag of {self.min_tracks} or more songs in this file", REMEDY)
        return tracks
