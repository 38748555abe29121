"""Media of the page: the sound of tracks, their pictures, and the map.

Requests name tracks only by row, and files are those listed in the library: no path comes from a client.

Shape suffixes: T frames, M mel bands, C columns of a picture.
"""

import io
import math
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
import soundfile
import torch
from matplotlib.image import imsave
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from mwe.audio.decode import decode
from mwe.audio.decoder_process import guarded
from mwe.audio.logmel import LogMel
from mwe.audio.mel_settings import MelSettings
from mwe.audio.verdict import UnreadableAudio
from mwe.page.plane import Plane
from mwe.search import Library

PREFIX = "library"
COLUMNS = 800  # maximum columns of a picture
PICTURES = 256  # cached in memory
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
        self._mel, self._max_seconds = MelSettings.from_dict(preprocessing["mel"]), float(preprocessing["max_seconds"])
        self._map = plane.to_dict(library)
        self._picture = lru_cache(PICTURES)(self._drawn)

    @property
    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(f"/{PREFIX}/tracks/{{row:int}}/sound", self.sound),
            Route(f"/{PREFIX}/tracks/{{row:int}}/mel.png", self.mel),
            Route(f"/{PREFIX}/map.json", self.map),
        ]

    def sound(self, request: Request) -> Response:
        """Return a track's file, or its samples as WAV if browsers do not play its format."""
        path = self._path(request)
        media_type = TYPES.get(path.suffix.lower())
        if media_type is not None:
            return FileResponse(path, media_type=media_type, headers=HEADERS)
        samples = io.BytesIO()
        soundfile.write(samples, _decoded(path, self._mel, self._max_seconds), self._mel.sample_rate, format="WAV")
        return Response(samples.getvalue(), media_type="audio/wav", headers=HEADERS)

    def mel(self, request: Request) -> Response:
        """Return the picture of a track's spectrogram."""
        return Response(self._picture(self._path(request)), media_type="image/png", headers=HEADERS)

    def map(self, request: Request) -> Response:
        """Return the tracks and tags of the map."""
        return JSONResponse(self._map, headers=HEADERS)

    def _path(self, request: Request) -> Path:
        """Return the file of the requested track; HTTP error 404 if there is none."""
        row = request.path_params["row"]
        if row >= len(self.library):
            raise HTTPException(404, f"the library has {len(self.library)} tracks")
        with self._lock:
            path = Path(self.library.row(row)["path"])
        if not path.is_file():
            raise HTTPException(404, "the file has moved since it was indexed")
        return path

    def _drawn(self, path: Path) -> bytes:
        return mel_picture(_decoded(path, self._mel, self._max_seconds), self._mel)


def _decoded(path: Path, mel: MelSettings, max_seconds: float) -> np.ndarray:
    try:
        return guarded(decode, path, sample_rate=mel.sample_rate, max_seconds=max_seconds).wave
    except UnreadableAudio as error:
        raise HTTPException(404, str(error)) from error


@torch.inference_mode()
def mel_picture(wave: np.ndarray, settings: MelSettings) -> bytes:
    """Return a log-mel spectrogram as PNG, with low frequencies at the bottom.

    Args:
        wave: Samples.
        settings: Mel settings of the model.
    """
    mel_TM = LogMel(settings)(torch.from_numpy(wave)[None])[0].numpy()
    together = math.ceil(len(mel_TM) / COLUMNS)
    mel_CM = np.stack([part.mean(axis=0) for part in np.array_split(mel_TM, math.ceil(len(mel_TM) / together))])
    picture = io.BytesIO()
    imsave(picture, mel_CM.T, cmap="magma", origin="lower", format="png")
    return picture.getvalue()
