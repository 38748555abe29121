"""Playlists that other programs ask for: near a query, or on a path from one track to another."""

import re
from threading import Lock
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mwe.core.errors import BadRequestError
from mwe.search import Library
from mwe.search.playlist import make_playlist
from mwe.search.playlist_files import playlist_text
from mwe.search.playlist_request import PlaylistRequest
from mwe.service.answers import PlaylistAnswer
from mwe.service.library_api import LONGEST_NAME, LONGEST_QUERY, MOST_TRACKS, PerArtist, Why, known_track, parse_safely

LONGEST_MINUTES = 1440.0
TYPES = {"m3u8": "application/vnd.apple.mpegurl", "xspf": "application/xspf+xml", "csv": "text/csv"}
_OPTION = re.compile(r"--(?=start|end|k\b|minutes|least|per_artist)")  # as the command line calls parameters

PlaylistQuery = Annotated[str, Query(max_length=LONGEST_QUERY, description="Query and conditions; with ends, none.")]
End = Annotated[str | None, Query(min_length=1, max_length=LONGEST_NAME, description="ID of a track.")]
Tracks = Annotated[int | None, Query(ge=1, le=MOST_TRACKS, description="Tracks; 20 if there are no minutes either.")]
Minutes = Annotated[float | None, Query(gt=0, le=LONGEST_MINUTES, description="Length, as near as tracks allow.")]
Least = Annotated[
    float | None, Query(ge=-1, le=1, description="Least cosine with the query, or on a path between two.")
]
Form = Annotated[Literal["json", "m3u8", "xspf", "csv"], Query(description="JSON, or a file with absolute paths.")]


class PlaylistAPI:
    """Makes playlists of one library, one at a time.

    Args:
        library: The library.
        lock: Held while the library is read, since it is not thread-safe.
    """

    def __init__(self, library: Library, lock: Lock) -> None:
        self.library, self._lock = library, lock

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter(prefix="/v1", tags=["library"])
        content = {media_type: {"schema": {"type": "string"}} for media_type in TYPES.values()}
        router.add_api_route(
            "/playlist",
            self.playlist,
            summary="A playlist near a query, or a path from one track to another",
            response_model=PlaylistAnswer,
            response_model_exclude_unset=True,
            responses={200: {"content": content}},
        )
        return router

    def playlist(
        self,
        q: PlaylistQuery = "",
        start: End = None,
        end: End = None,
        k: Tracks = None,
        minutes: Minutes = None,
        per_artist: PerArtist = None,
        least: Least = None,
        artists_apart: bool = True,
        format: Form = "json",
        why: Why = False,
    ) -> PlaylistAnswer | Response:
        """Make a playlist. No artist follows itself, unless `artists_apart` is false."""
        if q.strip():
            parse_safely(q)  # refuses files and playlists of this computer
        try:
            with self._lock:
                # IDs of tracks alone, since a text may also be the path of a file
                first = None if start is None else known_track(self.library, start)
                last = None if end is None else known_track(self.library, end)
                request = PlaylistRequest(q, first, last, k, minutes, artists_apart, per_artist, least, why=why)
                made = make_playlist(self.library, request)
        except BadRequestError as error:
            raise HTTPException(400, _OPTION.sub("", str(error))) from error
        if format == "json":
            return PlaylistAnswer.model_validate(made.to_dict())
        return Response(playlist_text(format, made.tracks), media_type=TYPES[format])
