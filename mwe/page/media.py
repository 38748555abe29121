"""Media of the page: the sound of tracks, their covers, their spectrograms, and the map.

Requests name tracks only by row, and files are those listed in the library: no path comes from a client.
"""

import io
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import soundfile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from mwe.audio.cover import CoverCache, picture_beside
from mwe.audio.cue_sheet import WHOLE
from mwe.audio.decode import read_whole
from mwe.audio.decoder_process import guarded
from mwe.audio.excerpts import read_excerpts
from mwe.audio.mel_settings import MelSettings
from mwe.audio.verdict import UnreadableAudio
from mwe.page.plane import Plane
from mwe.search import Library
from mwe.search.answers import Hit
from mwe.search.playlist_track import actual_path

PREFIX = "library"
PICTURES = 256  # cached in memory
COVERS = 512  # likewise
COVER_SIDE = 160  # pixels
# formats that browsers play; other files are sent as WAV
TYPES = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
}
# rows change when a library is indexed again, so browsers must not cache
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class TrackFile(NamedTuple):
    """Where the sound of a track is.

    Attributes:
        path: Its file.
        span: Begin and end in the file in seconds.
        seconds: Its length.
    """

    path: Path
    span: tuple[float, float]
    seconds: float


class Media:
    """Answers requests for sound, pictures and the map.

    Args:
        library: The library.
        plane: Its map.
        lock: Held while the library is read, since it is not thread-safe.
    """

    def __init__(self, library: Library, plane: Plane, lock: Lock) -> None:
        self.library, self._lock = library, lock
        preprocessing = library.store.declared.preprocessing
        self._mel, self._max_seconds = picture_settings(preprocessing), float(preprocessing["max_seconds"])
        self._map = plane.to_dict(library)
        self._picture, self._covers = lru_cache(PICTURES)(self._drawn), CoverCache(COVERS)

    @property
    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(f"/{PREFIX}/tracks/{{row:int}}/sound", self.sound),
            Route(f"/{PREFIX}/tracks/{{row:int}}/mel.png", self.mel),
            Route(f"/{PREFIX}/tracks/{{row:int}}/cover.jpg", self.cover),
            Route(f"/{PREFIX}/map.json", self.map),
        ]

    def sound(self, request: Request) -> Response:
        """Return a track's file, or its samples as WAV if browsers do not play its format."""
        file = self._file(request)
        media_type = TYPES.get(file.path.suffix.lower())
        if media_type is not None:
            return FileResponse(file.path, media_type=media_type, headers=HEADERS)
        samples = io.BytesIO()
        soundfile.write(samples, _decoded(file, self._mel, self._max_seconds), self._mel.sample_rate, format="WAV")
        return Response(samples.getvalue(), media_type="audio/wav", headers=HEADERS)

    def mel(self, request: Request) -> Response:
        """Return the picture of a track's spectrogram."""
        return Response(self._picture(self._file(request)), media_type="image/png", headers=HEADERS)

    def cover(self, request: Request) -> Response:
        """Return the cover of a track, decoded and encoded anew."""
        content = self._covers.cover(self._file(request).path, COVER_SIDE)
        if content is None:
            raise HTTPException(404, "no cover that can be read")
        return Response(content, media_type="image/jpeg", headers=HEADERS)

    def map(self, request: Request) -> Response:
        """Return the tracks and tags of the map."""
        return JSONResponse(self._map, headers=HEADERS)

    def _file(self, request: Request) -> TrackFile:
        """Return the file of the requested track; HTTP error 404 if there is none."""
        row = request.path_params["row"]
        if row >= len(self.library):
            raise HTTPException(404, f"the library has {len(self.library)} tracks")
        with self._lock:
            path, store = Path(self.library.row(row)["path"]), self.library.store
            file = TrackFile(path, store.span(row), float(store.column("seconds")[row].as_py()))
        if not path.is_file():
            raise HTTPException(404, "the file has moved since it was indexed")
        return file

    def _drawn(self, file: TrackFile) -> bytes:
        from mwe.page.spectrogram import mel_picture  # with PyTorch, which the page starts without

        return mel_picture(_decoded(file, self._mel, self._max_seconds), self._mel)


def cover_address(row: int, hit: Hit) -> str:
    """Return the address of the cover of a track; empty if it has none.

    Args:
        row: Row of the track.
        hit: The track.
    """
    has = hit.file_tags.cover_bytes > 0 or picture_beside(actual_path(hit.path)) is not None
    return f"{PREFIX}/tracks/{row}/cover.jpg" if has else ""


def played_part(path: str | Path, span: tuple[float, float]) -> str:
    """Return the fragment of an address by which a browser plays one track of an album in one file.

    Examples:
        >>> played_part("album.flac", (200.2, 400.0)), played_part("album.flac", (400.0, math.inf))
        ('#t=200.20,400.00', '#t=400.00')
        >>> played_part("album.ape", (200.2, 400.0))  # sent as WAV of that track alone
        ''
    """
    begin, end = span
    if span == WHOLE or Path(path).suffix.lower() not in TYPES:
        return ""
    return f"#t={begin:.2f}" + (f",{end:.2f}" if math.isfinite(end) else "")


def picture_settings(preprocessing: Mapping[str, Any]) -> MelSettings:
    """Return the settings of spectrograms to show: those of the model, or usual ones where it takes samples.

    Examples:
        >>> picture_settings({"sample_rate": 48000, "seconds": 10.0}).sample_rate
        48000
    """
    if "mel" in preprocessing:
        return MelSettings.from_dict(preprocessing["mel"])
    return MelSettings(int(preprocessing["sample_rate"]))


def _decoded(file: TrackFile, mel: MelSettings, max_seconds: float) -> np.ndarray:
    """Return the samples of a track; HTTP error 404 if they cannot be read."""
    try:
        if file.span == WHOLE:
            return guarded(read_whole, file.path, sample_rate=mel.sample_rate, max_seconds=max_seconds).wave
        samples = round(min(file.seconds, max_seconds) * mel.sample_rate)
        how = {"starts": [0], "samples": samples, "sample_rate": mel.sample_rate, "max_seconds": max_seconds}
        wave: np.ndarray = guarded(read_excerpts, file.path, **how, span=file.span).wave_ES[0]
        return wave
    except UnreadableAudio as error:
        raise HTTPException(404, str(error)) from error
