"""Spectrograms published as one ``.npy`` per track, such as MTG-Jamendo's, read in place."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mwe.audio.mel_settings import MelSettings
from mwe.audio.mels import Ints, Mels
from mwe.audio.shards import Mel
from mwe.core.arrays import read_array
from mwe.core.errors import BadFileError, expecting

JAMENDO = MelSettings(sample_rate=12000, n_fft=512, hop_length=256, n_mels=96)
"""Settings of MTG-Jamendo's own spectrograms, whose values are decibels of power."""
REMEDY = "Download it again, or delete it to continue without it."
UNKNOWN = -1  # length of a spectrogram whose file has not been opened


class NpyMels(Mels):
    """Spectrograms in files of shape (bands, frames), read like a ``MelStore``: crops by row, time-major.

    Tracks without a file have no spectrogram. At first only the folders are listed: a file is opened, and its length
    becomes known, when its first excerpt is read.

    Args:
        paths: File of each track.
        settings: Settings of the spectrograms.
    """

    def __init__(self, paths: Mapping[str, Path], settings: MelSettings = JAMENDO) -> None:
        self.settings, self.n_mels = settings, settings.n_mels
        names_in = _files_in({os.path.dirname(path) for path in paths.values()})
        existing = [
            (track, path) for track, path in paths.items() if os.path.basename(path) in names_in[os.path.dirname(path)]
        ]
        self.track_ids = [track for track, _ in existing]
        self._paths = [path for _, path in existing]
        self._frames = np.full(len(existing), UNKNOWN, dtype=np.int64)
        self._row_of = {track: row for row, track in enumerate(self.track_ids)}

    def lengths(self, rows: npt.ArrayLike) -> Ints:
        """Return lengths in frames of some rows, and open their files if necessary.

        Raises:
            BadFileError: A file is not an array of that many bands.
        """
        row_B = np.asarray(rows, dtype=np.int64)
        for row in np.unique(row_B[self._frames[row_B] == UNKNOWN]).tolist():
            self._frames[row] = self._open(row).shape[1]
        return self._frames[row_B]

    def frames(self, track_ids: Sequence[str] | None = None) -> Ints:
        """Return lengths in frames of the given tracks, by default of all rows; shape (N,). Opens their files."""
        return self.lengths(np.arange(len(self)) if track_ids is None else self.rows_of(track_ids))

    def _read(self, row_B: Ints, frame_BL: Ints) -> Mel:
        crop_BLM = np.empty((*frame_BL.shape, self.n_mels), np.float16)
        for position, row in enumerate(row_B.tolist()):
            checked = expecting(self._paths[row], "numbers out of the range of spectrograms", REMEDY)
            with checked, np.errstate(over="raise", invalid="raise"):
                crop_BLM[position] = self._open(row)[:, frame_BL[position]].T
        return crop_BLM

    def _missing(self, track_id: str) -> str:
        return "track with a spectrogram"

    def _open(self, row: int) -> npt.NDArray[Any]:
        path = self._paths[row]
        mel_MF: npt.NDArray[Any] = read_array(path, REMEDY, mapped=True)
        if mel_MF.ndim != 2 or mel_MF.shape[0] != self.n_mels or not mel_MF.shape[1] or mel_MF.dtype.kind != "f":
            message = f"{mel_MF.dtype} of shape {mel_MF.shape}, not numbers of shape ({self.n_mels}, frames)"
            raise BadFileError(path, message, REMEDY)
        return mel_MF


def _files_in(folders: Iterable[str]) -> dict[str, set[str]]:
    """Return the names of files in each folder; empty if the folder is missing."""
    names_in: dict[str, set[str]] = {}
    for folder in folders:
        try:
            names_in[folder] = set(os.listdir(folder or "."))
        except FileNotFoundError:
            names_in[folder] = set()
    return names_in
