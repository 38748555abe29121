"""Playlists: tracks near a query, or a path from one track to another, of a given length, with artists apart.

Shape suffixes: N tracks of the library.
"""

import json
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mwe.core.errors import BadRequestError
from mwe.core.files import readable_name
from mwe.search.answers import Hit
from mwe.search.asked import Asked, ask
from mwe.search.filters import Filters
from mwe.search.grammar import Term
from mwe.search.library import Library
from mwe.search.playlist_choice import nearest_tracks, path_tracks
from mwe.search.playlist_entries import listed_tracks
from mwe.search.playlist_files import placed
from mwe.search.playlist_request import PlaylistRequest
from mwe.search.playlist_track import PlaylistTrack, playlist_track
from mwe.search.reasons import Reason, reasons, tell_reasons

NAMED = 5  # files that a note names


class Playlist(NamedTuple):
    """A playlist.

    Attributes:
        tracks: Its tracks, in order.
        terms: The terms as understood, with their weights.
        filters: The conditions as understood.
        notes: Notes about what was not understood, not found, or not reached.
        approximated: Words whose vectors are approximate.
        reasons: Why each track is in it; empty unless it was asked for.
    """

    tracks: tuple[PlaylistTrack, ...]
    terms: tuple[tuple[float, str], ...] = ()
    filters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    approximated: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def minutes(self) -> float:
        """Its length."""
        return sum(track.seconds for track in self.tracks) / 60

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        terms = [{"weight": weight, "understood": text} for weight, text in self.terms]
        told = {"notes": list(self.notes), "approximated": list(self.approximated), "minutes": round(self.minutes, 2)}
        tracks = [{"position": position, **track.to_dict()} for position, track in enumerate(self.tracks, 1)]
        tell_reasons(tracks, self.reasons)
        return {"terms": terms, "filters": list(self.filters), **told, "tracks": tracks}


def playlist_json(playlist: Playlist, folder: Path | None = None) -> str:
    """Return a playlist as the text of a JSON file.

    Args:
        playlist: The playlist.
        folder: Folder that paths are relative to; by default they are absolute.

    Examples:
        >>> print(playlist_json(Playlist(()))[:15])
        {
          "terms": []
    """
    content = playlist.to_dict()
    for track in content["tracks"]:
        track["path"] = readable_name(placed(track["path"], folder))
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def make_playlist(library: Library, request: PlaylistRequest) -> Playlist:
    """Return a playlist; equal libraries and requests give equal playlists.

    Raises:
        BadRequestError: Parts of the request do not go together, or no track is left.
        QueryError: A query is malformed.
        UnknownNameError: A word, tag, artist or track is not known.
        BadFileError: An audio file or a playlist cannot be used.
        MissingDataError: There are conditions on tags in files, and the library has none.

    Examples:
        >>> from mwe import Library
        >>> library = Library.open("outputs/library")
        >>> playlist = make_playlist(library, PlaylistRequest("calm", k=3))
        >>> [(track.hit.track_id, track.hit.artist_id) for track in playlist.tracks]
        [('lullaby', 'nina'), ('march', 'gene'), ('sonata', 'nina')]
    """
    request.check()
    store = library.store
    if not len(library):
        raise BadRequestError(f"{library.root} has no tracks. Index some with `mwe index FOLDER`.")
    asked = ask(store, request.query if request.query.strip() else (), request.filters)
    allowed_N = np.ones(len(library), dtype=bool) if asked.allowed_N is None else asked.allowed_N
    notes = [*asked.notes]
    for path in request.without:
        listed = listed_tracks(store, path.expanduser())
        allowed_N[list(listed.rows)] = False
        notes += [listed.note(path.name)] if listed.unknown else []
    chosen = nearest_tracks(library, request, asked, allowed_N) if request.start is None else None
    chosen = chosen or path_tracks(library, request, asked, allowed_N)
    pairs = zip(chosen.rows, chosen.scores, strict=True)
    tracks = tuple(playlist_track(library, row, library.hit(row, score)) for row, score in pairs)
    notes += [*chosen.notes, *_missing(tracks)]
    why = tuple(_reasons(library, request, asked, [track.hit for track in tracks])) if request.why else ()
    return Playlist(tracks, chosen.terms, asked.conditions, tuple(notes), asked.approximated, why)


def _reasons(library: Library, request: PlaylistRequest, asked: Asked, hits: Sequence[Hit]) -> Iterator[Reason]:
    """Yield why each track is in a playlist: by the query, or on a path by the track before it."""
    if request.start is None:
        yield from reasons(library, asked, hits)
        return
    yield from reasons(library, asked, hits[:1])  # without terms: only what its file says
    for before, hit in pairwise(hits):
        yield from reasons(library, ask(library.store, [Term("track", before.track_id)], Filters()), [hit])


def _missing(tracks: Sequence[PlaylistTrack]) -> Iterator[str]:
    """Yield a note on tracks whose files are no longer there."""
    missing = [track.path for track in tracks if not os.path.exists(track.path)]
    if missing:
        named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else "")
        yield f"{len(missing):,} of {len(tracks):,} files are not there: {named}. `mwe index` finds files that moved."
