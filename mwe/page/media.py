"""What the page fetches of a library beside its text: the sound of tracks, their pictures, the map.

Tracks are asked for by their row alone, and files are those that the library lists: no path comes from outside.

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

from mwe.audio.decode import UnreadableAudio, decode
from mwe.audio.logmel import LogMel, MelSettings
from mwe.page.plane import Plane
from mwe.search import Library

PREFIX = "library"
COLUMNS = 800  # most columns of a picture
PICTURES = 256  # kept in memory
# what browsers play; other files are sent as WAV
TYPES = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
}
# rows mean other tracks once a library has been indexed anew, so browsers must not keep what they got
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Media:
    """Answers requests for sound, pictures and the map.

    Args:
        library: The library.
        plane: Its map.
        lock: Held while the library is read, which is not made for several threads at once.
    """

    def __init__(self, library: Library, plane: Plane, lock: Lock) -> None:
        self.library, self._lock = library, lock
        given = library.declared.preprocessing
        self._mel, self._max_seconds = MelSettings.from_dict(given["mel"]), float(given["max_seconds"])
        self._map = plane.to_dict(library)
        self._picture = lru_cache(PICTURES)(self._drawn)

    @property
    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route(f"/{PREFIX}/tracks/{{row:int}}/sound", self.sound),
            Route(f"/{PREFIX}/tracks/{{row:int}}/mel.png", self.mel),
            Route(f"/{PREFIX}/map.json", self.map),
        ]

    def sound(self, request: Request) -> Response:
        """A track's file, or its samples as WAV where browsers do not play its format."""
        path = self._path(request)
        media_type = TYPES.get(path.suffix.lower())
        if media_type is not None:
            return FileResponse(path, media_type=media_type, headers=HEADERS)
        samples = io.BytesIO()
        soundfile.write(samples, _decoded(path, self._mel, self._max_seconds), self._mel.sample_rate, format="WAV")
        return Response(samples.getvalue(), media_type="audio/wav", headers=HEADERS)

    def mel(self, request: Request) -> Response:
        """The picture of a track's spectrogram."""
        return Response(self._picture(self._path(request)), media_type="image/png", headers=HEADERS)

    def map(self, request: Request) -> Response:
        """Tracks and tags on the plane."""
        return JSONResponse(self._map, headers=HEADERS)

    def _path(self, request: Request) -> Path:
        """The file of the track that is asked for; HTTP error 404 where there is none."""
        row = request.path_params["row"]
        if row >= len(self.library):
            raise HTTPException(404, f"the library has {len(self.library)} tracks")
        with self._lock:
            path = Path(self.library.row(row)["path"])
        if not path.is_file():
            raise HTTPException(404, "the file is not where it was when it was indexed")
        return path

    def _drawn(self, path: Path) -> bytes:
        return mel_picture(_decoded(path, self._mel, self._max_seconds), self._mel)


def _decoded(path: Path, mel: MelSettings, max_seconds: float) -> np.ndarray:
    try:
        return decode(path, sample_rate=mel.sample_rate, max_seconds=max_seconds).wave
    except UnreadableAudio as error:
        raise HTTPException(404, str(error)) from error


@torch.inference_mode()
def mel_picture(wave: np.ndarray, settings: MelSettings) -> bytes:
    """A log-mel spectrogram as PNG, low notes at the bottom.

    Args:
        wave: Samples.
        settings: What the model hears.
    """
    mel_TM = LogMel(settings)(torch.from_numpy(wave)[None])[0].numpy()
    together = math.ceil(len(mel_TM) / COLUMNS)
    mel_CM = np.stack([part.mean(axis=0) for part in np.array_split(mel_TM, math.ceil(len(mel_TM) / together))])
    picture = io.BytesIO()
    imsave(picture, mel_CM.T, cmap="magma", origin="lower", format="png")
    return picture.getvalue()
