"""Playlists that were clicked together on the page: told anew after a reload, and saved as files."""

import json
import os
from collections.abc import Sequence
from threading import Lock
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mwe.core.errors import BadFileError
from mwe.page.media import HEADERS, PREFIX, cover_address
from mwe.search import Library
from mwe.search.playlist import Playlist, playlist_json
from mwe.search.playlist_files import FORMS, playlist_text
from mwe.search.playlist_track import PlaylistTrack, playlist_track

MOST_TRACKS = 1000
MOST_BYTES = 1_000_000  # of a request
TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "xspf": "application/xspf+xml",
    "csv": "text/csv",
    "json": "application/json",
}


class SavedPlaylist:
    """Answers requests that send the IDs of tracks: how they are called, or a file.

    Args:
        library: The library.
        lock: Held while the library is read, since it is not thread-safe.
    """

    def __init__(self, library: Library, lock: Lock) -> None:
        self.library, self._lock = library, lock

    @property
    def routes(self) -> list[Route]:
        """The routes."""
        forms = "|".join(TYPES)
        assert set(TYPES) == {*FORMS, "json"}, forms
        return [
            Route(f"/{PREFIX}/playlist/tracks", self.tracks, methods=["POST"]),
            *(Route(f"/{PREFIX}/playlist.{form}", self.save, methods=["POST"], name=form) for form in TYPES),
        ]

    async def tracks(self, request: Request) -> Response:
        """Return what the page shows of tracks, in the order of their IDs; null for those that there are not."""
        names = await _names(request)
        return JSONResponse(await run_in_threadpool(self._shown, names), headers=HEADERS)

    async def save(self, request: Request) -> Response:
        """Return a playlist as a file; the header ``X-Missing`` counts tracks whose files are gone."""
        form = request.url.path.rpartition(".")[2]
        names = await _names(request)
        return await run_in_threadpool(self._file, names, form)

    def _shown(self, names: Sequence[str]) -> list[dict[str, Any] | None]:
        return [None if track is None else _told(row, track) for row, track in self._looked_up(names)]

    def _file(self, names: Sequence[str], form: str) -> Response:
        looked_up = self._looked_up(names)
        tracks = [track for _, track in looked_up if track is not None]
        if len(tracks) < len(names):
            raise HTTPException(409, f"{len(names) - len(tracks)} of {len(names)} tracks are not in the library")
        text = (
            playlist_json(Playlist(tuple(tracks)))
            if form == "json"
            else playlist_text(next(known for known in FORMS if known == form), tracks)
        )
        missing = sum(not os.path.exists(track.path) for track in tracks)
        attached = {"Content-Disposition": f'attachment; filename="playlist.{form}"', "X-Missing": str(missing)}
        return Response(text, media_type=TYPES[form], headers=HEADERS | attached)

    def _looked_up(self, names: Sequence[str]) -> list[tuple[int, PlaylistTrack | None]]:
        """Return rows and tracks; -1 and None for those that there are not. IDs alone count, no names of files."""
        looked_up: list[tuple[int, PlaylistTrack | None]] = []
        try:
            with self._lock:
                for name in names:
                    row = self.library.row_of(name)
                    hit = None if row is None else self.library.hit(row)
                    if row is None or hit is None or hit.track_id != name:
                        looked_up.append((-1, None))
                    else:
                        looked_up.append((row, playlist_track(self.library, row, hit)))
        except BadFileError as error:
            raise HTTPException(500, str(error)) from error
        return looked_up


def _told(row: int, track: PlaylistTrack) -> dict[str, Any]:
    hit = track.hit
    about = {"id": hit.track_id, "row": row, "name": hit.title, "artist": hit.artist, "seconds": track.seconds}
    return {**about, "cover": cover_address(row, hit)}


async def _names(request: Request) -> list[str]:
    """Return the IDs in a request, ``{"tracks": [...]}``; HTTP error 400 or 413 if it is something else."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"the request is larger than {MOST_BYTES:,} bytes")
    try:
        names = json.loads(body)["tracks"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise HTTPException(400, 'send {"tracks": [...]} with the IDs of tracks') from error
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise HTTPException(400, 'send {"tracks": [...]} with the IDs of tracks')
    if len(names) > MOST_TRACKS:
        raise HTTPException(413, f"{len(names):,} tracks; a playlist of the page has {MOST_TRACKS:,} at most")
    return names
