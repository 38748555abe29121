"""What players ask for by the Subsonic API: similar songs, sonic similarity (OpenSubsonic), a search, and covers."""

import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from mwe.audio.cover import LONGEST_SIDE, CoverCache
from mwe.core.errors import REPORTED, MissingDataError
from mwe.search import Library
from mwe.search.conditions import Condition, Field, meeting
from mwe.search.grammar import Term
from mwe.search.playlist import make_playlist
from mwe.search.playlist_request import LONGEST_PATH, PlaylistRequest
from mwe.search.playlist_track import PlaylistTrack, actual_path, playlist_track, playlist_tracks
from mwe.service.library_api import LONGEST_QUERY, MOST_TRACKS, parse_safely
from mwe.service.subsonic_answers import (
    GENERIC,
    MISSING,
    NOT_FOUND,
    WRONG_LOGIN,
    SubsonicError,
    artist_of,
    song,
    subsonic_response,
    track_of,
)

PREFIX = "/rest/"
IN_FILES: tuple[Field, ...] = ("title", "album")
COVER = "getCoverArt"  # answered with a picture
PUBLIC = ("getOpenSubsonicExtensions",)  # answered without a log-in
SONGS, SIMILAR, SONIC, PATH = 20, 50, 10, 25  # counts by default


class SubsonicAPI:
    """Answers players for one library, one at a time.

    Args:
        library: The library.
        lock: Held while the library is read, since it is not thread-safe.
        token: The password of every user; None if none is asked for.
        covers: Covers of its tracks.
    """

    def __init__(self, library: Library, lock: Lock, token: str | None, covers: CoverCache) -> None:
        self.library, self._lock, self._token, self._covers = library, lock, token, covers
        self._answers: dict[str, Callable[[QueryParams], Mapping[str, Any]]] = {
            "ping": lambda asked: {},
            "getLicense": lambda asked: {"license": {"valid": True}},
            "getOpenSubsonicExtensions": lambda asked: {
                "openSubsonicExtensions": [{"name": "sonicSimilarity", "versions": [1]}]
            },
            "getSimilarSongs": lambda asked: {"similarSongs": self._similar(asked)},
            "getSimilarSongs2": lambda asked: {"similarSongs2": self._similar(asked)},
            "getSonicSimilarTracks": self._sonic_similar,
            "findSonicPath": self._sonic_path,
            "search3": self._search,
        }

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter()
        router.add_api_route(f"{PREFIX}{{name}}", self.answer, response_class=Response, include_in_schema=False)
        return router

    def answer(self, name: str, request: Request) -> Response:
        """Answer a request in the form that it asks for."""
        asked, name = request.query_params, name.removesuffix(".view")
        form = asked.get("f", "xml")
        try:
            if name not in PUBLIC:
                require_login(asked, self._token)
            if name == COVER:
                return self._cover(asked)
            if name not in self._answers:
                raise SubsonicError(GENERIC, f"{name} is not offered; there are {', '.join([*self._answers, COVER])}")
            with self._lock:
                return subsonic_response(self._answers[name](asked), form)
        except SubsonicError as error:
            return subsonic_response({}, form, error)
        except REPORTED as error:
            return subsonic_response({}, form, SubsonicError(NOT_FOUND, str(error)))

    def _cover(self, asked: QueryParams) -> Response:
        """Return the cover of a song."""
        identifier, side = _given(asked, "id"), _count(asked, "size", LONGEST_SIDE, LONGEST_SIDE)
        with self._lock:
            row = self.library.row_of(self._track(identifier))
            assert row is not None
            path = actual_path(self.library.row(row)["path"])
        content = self._covers.cover(path, side)
        if content is None:
            raise SubsonicError(NOT_FOUND, f"song {identifier!r} has no cover that can be read")
        return Response(content, media_type="image/jpeg")

    def _similar(self, asked: QueryParams) -> dict[str, Any]:
        """Return songs that sound like a song, or like those of an artist."""
        identifier, count = _given(asked, "id"), _count(asked, "count", SIMILAR)
        artist = artist_of(identifier)
        term = Term("track", self._track(identifier)) if artist is None else Term("artist", artist)
        answer = self.library.search([term], count) if count else None
        return {"song": [song(track) for track in playlist_tracks(self.library, answer.hits if answer else ())]}

    def _sonic_similar(self, asked: QueryParams) -> dict[str, Any]:
        track_id, count = self._track(_given(asked, "id")), _count(asked, "count", SONIC)
        hits = self.library.search([Term("track", track_id)], count).hits if count else ()
        return _matches(playlist_tracks(self.library, hits), [hit.score or 0.0 for hit in hits])

    def _sonic_path(self, asked: QueryParams) -> dict[str, Any]:
        """Return a path, with the similarity of each song and the first."""
        start, end = (self._track(_given(asked, name)) for name in ("startSongId", "endSongId"))
        count = min(max(_count(asked, "count", PATH), 2), LONGEST_PATH)
        tracks = make_playlist(self.library, PlaylistRequest(start=start, end=end, k=count)).tracks
        rows = [self.library.row_of(track.hit.track_id) for track in tracks]
        vector_KD = self.library.vectors(np.array(rows))
        return _matches(tracks, (vector_KD @ vector_KD[0]).tolist())

    def _search(self, asked: QueryParams) -> dict[str, Any]:
        """Return songs whose title, artist or album has the words, then those that sound like them."""
        text = asked.get("query", "").strip()[:LONGEST_QUERY]
        begin, count = _count(asked, "songOffset", 0, 10**9), _count(asked, "songCount", SONGS)
        if text in ("", '""'):
            rows = list(range(begin, min(begin + count, len(self.library))))
        else:
            named = self._named(text)
            rows = list(dict.fromkeys([*named, *self._sounding(text)]))[begin : begin + count]
        songs = [song(playlist_track(self.library, row, self.library.hit(row))) for row in rows]
        return {"searchResult3": {"song": songs}}

    def _named(self, text: str) -> list[int]:
        store, value = self.library.store, text.replace('"', "")
        named_N = meeting(store, Condition("artist", value))
        for field in IN_FILES:
            try:
                named_N |= meeting(store, Condition(field, value))
            except MissingDataError:
                break
        rows: list[int] = np.flatnonzero(named_N).tolist()
        return rows

    def _sounding(self, text: str) -> list[int]:
        """Return the rows nearest to a text; none if it is no query, or has no known word."""
        try:
            terms, conditions = parse_safely(text)
            if not terms or conditions:
                return []
            hits = self.library.search(terms, MOST_TRACKS).hits
        except REPORTED:
            return []
        rows = [self.library.row_of(hit.track_id) for hit in hits]
        return [row for row in rows if row is not None]

    def _track(self, identifier: str) -> str:
        """Return the ID of a track of the library."""
        name = track_of(identifier)
        row = None if name is None else self.library.row_of(name)
        if row is None:
            raise SubsonicError(NOT_FOUND, f"no song {identifier!r}; search3 tells the identifiers of songs")
        return str(self.library.row(row)["track_id"])


def require_login(asked: QueryParams, token: str | None) -> None:
    """Require that a request has the token as its password: as ``p``, or as ``t`` with the salt ``s``.

    Args:
        asked: Parameters of the request.
        token: The token; None if none is asked for.

    Raises:
        SubsonicError: It has not.
    """
    if token is None:
        return
    given, expected = asked.get("p"), token
    if given is None:
        salt = _given(asked, "s")
        given, expected = _given(asked, "t").lower(), hashlib.md5((token + salt).encode()).hexdigest()
    elif given.startswith("enc:"):
        try:
            given = binascii.unhexlify(given.removeprefix("enc:")).decode()
        except ValueError:
            given = ""
    if not hmac.compare_digest(given.encode(), expected.encode()):  # in constant time
        raise SubsonicError(WRONG_LOGIN, "wrong user name or password: the password is the token of the service")


def _matches(tracks: Sequence[PlaylistTrack], cosines: Sequence[float]) -> dict[str, Any]:
    """Return songs with similarities from 0 to 1, where 1 is the same sound."""
    pairs = zip(tracks, cosines, strict=True)
    scored = [(track, min(max((1 + cosine) / 2, 0.0), 1.0)) for track, cosine in pairs]
    return {"sonicMatch": [{"entry": song(track), "similarity": round(score, 6)} for track, score in scored]}


def _given(asked: QueryParams, name: str) -> str:
    value = asked.get(name)
    if not value:
        raise SubsonicError(MISSING, f"the parameter {name} is missing")
    return value


def _count(asked: QueryParams, name: str, default: int, most: int = MOST_TRACKS) -> int:
    text = asked.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise SubsonicError(MISSING, f"the parameter {name} is no number from 0")
    return min(int(text), most)
