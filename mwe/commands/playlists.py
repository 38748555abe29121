"""The command that makes playlists from a library."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mwe.commands import LIBRARY
from mwe.core.errors import BadRequestError
from mwe.core.numbers import PositiveInt

if TYPE_CHECKING:
    from mwe.search.playlist import Playlist

Form = Literal["auto", "table", "m3u8", "xspf", "csv", "json"]
SUFFIXES: dict[str, Form] = {".m3u8": "m3u8", ".m3u": "m3u8", ".xspf": "xspf", ".csv": "csv", ".json": "json"}


def playlist(
    query: str = "",
    /,
    library: Path = LIBRARY,
    start: str | None = None,
    end: str | None = None,
    k: PositiveInt | None = None,
    minutes: float | None = None,
    artists_apart: bool = True,
    per_artist: PositiveInt | None = None,
    least: float | None = None,
    tags: Sequence[str] = (),
    without_tags: Sequence[str] = (),
    artists: Sequence[str] = (),
    without_artists: Sequence[str] = (),
    without: Sequence[Path] = (),
    approximate: bool = False,
    out: Path | None = None,
    format: Form = "auto",
    paths: Literal["absolute", "relative"] = "absolute",
    why: bool = False,
) -> None:
    """Make a playlist from seeds, or a path from one track to another.

    The query is that of `mwe search`: seeds are words, ``tag:``, ``artist:``, ``track:``, ``file:`` or ``playlist:``.
    Join them by ``+`` and ``-`` between spaces; ``2*piano`` counts twice. Conditions such as ``genre:jazz`` and
    ``year:1990..1999`` follow the words. Seeds themselves are left out.

    With ``--start`` and ``--end``, the playlist goes from one track to the other in small and even steps. Both are the
    ID or file name of a track, an audio file, or a query. The query then has only conditions.

    No two tracks of an artist follow each other. A track of an unknown artist counts as an artist of its own.

    Args:
        query: Seeds and conditions, in quotes.
        library: Folder of the library.
        start: First track of a path.
        end: Last track of a path.
        k: Number of tracks; 20 if no length is given.
        minutes: Length in minutes; whole tracks come as near to it as they can.
        artists_apart: Whether no two tracks of an artist may follow each other.
        per_artist: Most tracks by one artist.
        least: Least likeness (cosine, -1 to 1) of a track and the query; on a path, of neighbours.
        tags: Tags that each track must have.
        without_tags: Tags that no track may have.
        artists: Take only tracks by these artists.
        without_artists: Take no tracks by these artists.
        without: Playlists whose tracks are left out, such as what was heard lately.
        approximate: Whether to use the approximate index of ``mwe library ann``.
        out: File to write, in the format of its suffix: m3u8, xspf, csv or json. By default the playlist is printed.
        format: Format, if not that of the suffix. Without a file, ``auto`` is a table to read.
        paths: Absolute paths, or paths relative to the folder of the file, which may then move with the music.
        why: Say of every track what each term gave, which heard tags it shares with the query or with the track before
            it on the path, and what the tags in its file say. For the table and JSON.

    Examples:
        mwe playlist "calm piano + 0.5*strings - drums" --minutes 45 --out evening.m3u8
        mwe playlist "track:a.mp3 + track:b.mp3 + 2*dreamy - vocals year:1990.." --least 0.2
        mwe playlist "playlist:mine.m3u8" --without '[heard.xspf]' --out more.m3u8 --paths relative
        mwe playlist --start a.mp3 --end b.mp3 --k 12 --out path.xspf
    """
    from mwe.core.files import write_text
    from mwe.search import Filters, Library
    from mwe.search.playlist import make_playlist
    from mwe.search.playlist_request import PlaylistRequest

    form = _form(format, out)
    filters = Filters(tuple(tags), tuple(without_tags), tuple(artists), tuple(without_artists))
    request = PlaylistRequest(
        query, start, end, k, minutes, artists_apart, per_artist, least, filters, tuple(without), why
    )
    made = make_playlist(Library(library, approximate), request)
    if form == "table":
        _show(made)
        return
    text = _text(made, form, None if paths == "absolute" else (out.parent if out else Path()))
    if out is not None:
        write_text(out, text)
        print(f"{_length(made)} in {out}")
    else:
        print(text, end="")
    for note in made.notes:
        print(note, file=sys.stderr)


def _form(form: Form, out: Path | None) -> Form:
    """Return the format of a playlist.

    Raises:
        BadRequestError: The file has another suffix, or a table would be written.
    """
    if form == "auto":
        chosen = "table" if out is None else SUFFIXES.get(out.suffix.lower())
        if chosen is None:
            raise BadRequestError(
                f"{out}: no format has this suffix. End it in m3u8, xspf, csv or json, or add --format."
            )
        return chosen
    if form == "table" and out is not None:
        raise BadRequestError(f"{out}: a table is only shown. Choose --format m3u8, xspf, csv or json.")
    return form


def _text(made: "Playlist", form: Form, folder: Path | None) -> str:
    from mwe.search.playlist import playlist_json
    from mwe.search.playlist_files import playlist_text

    return playlist_text(form, made.tracks, folder) if form in ("m3u8", "xspf", "csv") else playlist_json(made, folder)


def _show(made: "Playlist") -> None:
    from mwe.commands.queries import show_answer
    from mwe.search.answers import Answer

    hits = tuple(track.hit for track in made.tracks)
    answer = Answer(made.terms, made.notes, hits, made.approximated, made.filters)
    show_answer(answer, [str(reason) for reason in made.reasons])
    print(_length(made))


def _length(made: "Playlist") -> str:
    return f"{len(made.tracks):,} track{'s' if len(made.tracks) > 1 else ''}, {made.minutes:.1f} minutes"
