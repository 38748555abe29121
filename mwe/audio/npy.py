"""Spectrograms that a collection publishes as one ``.npy`` a track, such as MTG-Jamendo's, read in place."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from mwe.audio.logmel import MelSettings
from mwe.audio.mels import Ints, Mels
from mwe.audio.shards import Mel
from mwe.core.errors import BadFileError

JAMENDO = MelSettings(sample_rate=12000, n_fft=512, hop_length=256, n_mels=96)
"""How MTG-Jamendo's own spectrograms were made; their values are decibels of power."""


class NpyMels(Mels):
    """Spectrograms in files of shape (bands, frames), read as a ``MelStore`` is: crops by row, time-major.

    Tracks whose file is not there have none.

    Args:
        paths: File of each track.
        settings: How they were made.

    Raises:
        BadFileError: A file is no array of that many bands.
    """

    def __init__(self, paths: Mapping[str, Path], settings: MelSettings = JAMENDO) -> None:
        self.settings, self.n_mels = settings, settings.n_mels
        with ThreadPoolExecutor() as pool:  # opening tens of thousands of files is waiting for the disk
            frames = list(pool.map(self._frames_of, paths.values()))
        there = [(track, path, count) for (track, path), count in zip(paths.items(), frames, strict=True) if count]
        self.track_ids = [track for track, _, _ in there]
        self._paths = [path for _, path, _ in there]
        self._frames = np.array([count for _, _, count in there], dtype=np.int64)
        self._row_of = {track: row for row, track in enumerate(self.track_ids)}

    def _read(self, row_B: Ints, frame_BL: Ints) -> Mel:
        crop_BLM = np.empty((*frame_BL.shape, self.n_mels), np.float16)
        for place, row in enumerate(row_B.tolist()):
            mel_MF = np.load(self._paths[row], mmap_mode="r", allow_pickle=False)
            crop_BLM[place] = mel_MF[:, frame_BL[place]].T
        return crop_BLM

    def _missing(self, track_id: str) -> str:
        return "track with a spectrogram"

    def _frames_of(self, path: Path) -> int:
        """Frames of a file; 0 where it is not there."""
        remedy = "Download it anew, or delete it to go on without."
        try:
            mel: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as error:
            raise BadFileError(path, f"not a readable array ({error})", remedy) from error
        if mel.ndim != 2 or mel.shape[0] != self.n_mels or mel.dtype.kind != "f":
            what = f"{mel.dtype} of shape {mel.shape}, not numbers of shape ({self.n_mels}, frames)"
            raise BadFileError(path, what, remedy)
        return int(mel.shape[1])
