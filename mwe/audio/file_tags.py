"""Metadata of a file, such as artist, title, album and year, from the tags of any container."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_MAX_CHARACTERS = 1000
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
# names by field in ID3, MP4, Vorbis comments, APE, ASF, RIFF and Matroska, without case and punctuation
_NAMES = {
    "title": ("title", "inam", "tit2", "wmtitle"),
    "artist": ("artist", "author", "iart", "tpe1", "performer"),
    "album_artist": ("albumartist", "wmalbumartist", "tpe2", "band", "ensemble"),
    "album": ("album", "wmalbumtitle", "iprd", "talb"),
    "track": ("track", "tracknumber", "wmtracknumber", "partnumber", "itrk", "iprt", "trck"),
    "disc": ("disc", "discnumber", "disk", "wmpartofset", "tpos"),
    "year": ("originaldate", "originalyear", "date", "year", "wmyear", "icrd", "tdrc", "tyer", "daterecorded",
             "datereleased", "wmoriginalreleaseyear", "creationtime"),
    "genre": ("genre", "wmgenre", "ignr", "tcon"),
    "bpm": ("bpm", "tbpm", "tmpo", "wmbeatsperminute", "tempo"),
    "key": ("initialkey", "key", "tkey", "wminitialkey"),
    "musicbrainz_track": ("musicbrainztrackid", "musicbrainzrecordingid"),
    "musicbrainz_album": ("musicbrainzalbumid", "musicbrainzreleaseid"),
    "musicbrainz_artist": ("musicbrainzartistid",),
    "replaygain_track": ("replaygaintrackgain",),
    "replaygain_album": ("replaygainalbumgain",),
}  # fmt: skip


class FileTags(NamedTuple):
    """Tags of a file; empty or None if missing.

    Attributes:
        title: Title of the track.
        artist: Its artist.
        album_artist: Artist of the album.
        album: Title of the album.
        track: Number of the track on its disc.
        disc: Number of the disc.
        year: Year, of the first release if known.
        genre: Genre as in the file.
        bpm: Beats per minute.
        key: Musical key.
        musicbrainz_track: MusicBrainz identifier of the recording.
        musicbrainz_album: MusicBrainz identifier of the release.
        musicbrainz_artist: MusicBrainz identifier of the artist.
        replaygain_track: ReplayGain of the track in dB.
        replaygain_album: ReplayGain of the album in dB.
        cover_bytes: Size of the embedded picture; 0 if there is none.
    """

    title: str = ""
    artist: str = ""
    album_artist: str = ""
    album: str = ""
    track: int | None = None
    disc: int | None = None
    year: int | None = None
    genre: str = ""
    bpm: float | None = None
    key: str = ""
    musicbrainz_track: str = ""
    musicbrainz_album: str = ""
    musicbrainz_artist: str = ""
    replaygain_track: float | None = None
    replaygain_album: float | None = None
    cover_bytes: int = 0

    @property
    def album_and_year(self) -> str:
        """Title of the album, and year, as far as they are known.

        >>> FileTags(album="Weather", year=1994).album_and_year
        'Weather, 1994'
        """
        return ", ".join(str(part) for part in (self.album, self.year) if part)


def tags_of(metadata: Mapping[str, str], cover_bytes: int = 0) -> FileTags:
    """Return tags from fields with their many names.

    Args:
        metadata: Values by name in the container.
        cover_bytes: Size of the embedded picture.

    Examples:
        >>> tags_of({"TPE1": "Ana", "Title": "Rain", "DATE": "1994-05-02", "TRACK": "3/12"}).year
        1994
    """
    known: dict[str, str] = {}
    for name, value in metadata.items():
        cleaned = _clean(value)
        if cleaned:
            known.setdefault(re.sub(r"[^a-z0-9]", "", name.lower()), cleaned)
    text = {field: next((known[name] for name in names if name in known), "") for field, names in _NAMES.items()}
    return FileTags(
        title=text["title"],
        artist=text["artist"],
        album_artist=text["album_artist"],
        album=text["album"],
        track=_integer(text["track"]),
        disc=_integer(text["disc"]),
        year=_year(text["year"]),
        genre=text["genre"],
        bpm=_positive(text["bpm"]),
        key=text["key"],
        musicbrainz_track=text["musicbrainz_track"],
        musicbrainz_album=text["musicbrainz_album"],
        musicbrainz_artist=text["musicbrainz_artist"],
        replaygain_track=_number(text["replaygain_track"]),
        replaygain_album=_number(text["replaygain_album"]),
        cover_bytes=cover_bytes,
    )


def _clean(value: str) -> str:
    """Return a value as one line of printable text."""
    encodable = value.encode("utf-8", "replace").decode("utf-8", "replace")
    printable = "".join(sign if sign.isprintable() else " " for sign in encodable[:_MAX_CHARACTERS])
    return " ".join(printable.split())


def _number(text: str) -> float | None:
    matched = _NUMBER.search(text[:40])
    return float(matched[0]) if matched else None


def _positive(text: str) -> float | None:
    number = _number(text)
    return number if number is not None and 0 < number < 1e4 else None


def _integer(text: str) -> int | None:
    number = _positive(text)
    return int(number) if number is not None else None


def _year(text: str) -> int | None:
    matched = _YEAR.search(text)
    return int(matched[0]) if matched else None
