"""Spectrograms that a collection publishes as one ``.npy`` a track, such as MTG-Jamendo's, read in place."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mwe.audio.logmel import MelSettings
from mwe.audio.shards import Mel
from mwe.core.errors import BadFileError, UnknownNameError

Ints = npt.NDArray[np.int64]

JAMENDO = MelSettings(sample_rate=12000, n_fft=512, hop_length=256, n_mels=96)
"""How MTG-Jamendo's own spectrograms were made; their values are decibels of power."""


class NpyMels:
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

    def __len__(self) -> int:
        return len(self.track_ids)

    def has(self, track_ids: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Which of the tracks have a spectrogram, shape (N,)."""
        return np.fromiter((track in self._row_of for track in track_ids), bool, len(track_ids))

    def rows_of(self, track_ids: Sequence[str]) -> Ints:
        """Rows of tracks, shape (N,).

        Raises:
            UnknownNameError: A track has no spectrogram; ask ``has`` first where that may be.
        """
        try:
            return np.fromiter((self._row_of[track] for track in track_ids), np.int64, len(track_ids))
        except KeyError as error:
            raise UnknownNameError("track with a spectrogram", str(error.args[0]), self.track_ids) from None

    def frames(self) -> Ints:
        """Lengths in frames of all rows, shape (N,)."""
        return self._frames

    def crops(self, rows: npt.ArrayLike, starts: npt.ArrayLike, length: int) -> Mel:
        """Read one excerpt a row; a track shorter than ``length`` is repeated from its beginning.

        Args:
            rows: Rows, shape (B,).
            starts: First frames, shape (B,), at most ``max(frames - length, 0)``.
            length: Frames of every excerpt.

        Returns:
            Shape (B, length, bands), float16.

        Raises:
            ValueError: An excerpt does not lie within its track.
        """
        row_B, start_B = np.asarray(rows, dtype=np.int64), np.asarray(starts, dtype=np.int64)
        if ((start_B < 0) | (start_B > np.maximum(self._frames[row_B] - length, 0))).any():
            raise ValueError(f"an excerpt of {length} frames does not lie within its track")
        crop_BLM = np.empty((len(row_B), length, self.n_mels), np.float16)
        for place, (row, start) in enumerate(zip(row_B.tolist(), start_B.tolist(), strict=True)):
            mel_MF = np.load(self._paths[row], mmap_mode="r", allow_pickle=False)
            frames = (start + np.arange(length)) % mel_MF.shape[1]
            crop_BLM[place] = mel_MF[:, frames].T
        return crop_BLM

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
