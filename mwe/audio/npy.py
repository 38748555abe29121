"""Spectrograms that a collection publishes as one ``.npy`` a track, such as MTG-Jamendo's, read in place."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mwe.audio.logmel import MelSettings
from mwe.audio.mels import Ints, Mels
from mwe.audio.shards import Mel
from mwe.core.arrays import read_array
from mwe.core.errors import BadFileError, expecting

JAMENDO = MelSettings(sample_rate=12000, n_fft=512, hop_length=256, n_mels=96)
"""How MTG-Jamendo's own spectrograms were made; their values are decibels of power."""
REMEDY = "Download it anew, or delete it to go on without."
UNKNOWN = -1  # length of a spectrogram whose file has not been opened


class NpyMels(Mels):
    """Spectrograms in files of shape (bands, frames), read as a ``MelStore`` is: crops by row, time-major.

    Tracks whose file is not there have none. Only the folders are looked through at the beginning: a file is opened,
    and its length known, when its first excerpt is read.

    Args:
        paths: File of each track.
        settings: How they were made.
    """

    def __init__(self, paths: Mapping[str, Path], settings: MelSettings = JAMENDO) -> None:
        self.settings, self.n_mels = settings, settings.n_mels
        there = _files_in({os.path.dirname(path) for path in paths.values()})
        kept = [
            (track, path) for track, path in paths.items() if os.path.basename(path) in there[os.path.dirname(path)]
        ]
        self.track_ids = [track for track, _ in kept]
        self._paths = [path for _, path in kept]
        self._frames = np.full(len(kept), UNKNOWN, dtype=np.int64)
        self._row_of = {track: row for row, track in enumerate(self.track_ids)}

    def lengths(self, rows: npt.ArrayLike) -> Ints:
        """Lengths in frames of some rows; files that have not been opened yet are.

        Raises:
            BadFileError: A file is no array of that many bands.
        """
        row_B = np.asarray(rows, dtype=np.int64)
        for row in np.unique(row_B[self._frames[row_B] == UNKNOWN]).tolist():
            self._frames[row] = self._opened(row).shape[1]
        return self._frames[row_B]

    def frames(self, track_ids: Sequence[str] | None = None) -> Ints:
        """Lengths in frames of the given tracks, by default of all rows, whose files are all opened; shape (N,)."""
        return self.lengths(np.arange(len(self)) if track_ids is None else self.rows_of(track_ids))

    def _read(self, row_B: Ints, frame_BL: Ints) -> Mel:
        crop_BLM = np.empty((*frame_BL.shape, self.n_mels), np.float16)
        for place, row in enumerate(row_B.tolist()):
            beyond = expecting(self._paths[row], "numbers that no spectrogram has", REMEDY)
            with beyond, np.errstate(over="raise", invalid="raise"):
                crop_BLM[place] = self._opened(row)[:, frame_BL[place]].T
        return crop_BLM

    def _missing(self, track_id: str) -> str:
        return "track with a spectrogram"

    def _opened(self, row: int) -> npt.NDArray[Any]:
        path = self._paths[row]
        mel_MF: npt.NDArray[Any] = read_array(path, REMEDY, mapped=True)
        if mel_MF.ndim != 2 or mel_MF.shape[0] != self.n_mels or not mel_MF.shape[1] or mel_MF.dtype.kind != "f":
            what = f"{mel_MF.dtype} of shape {mel_MF.shape}, not numbers of shape ({self.n_mels}, frames)"
            raise BadFileError(path, what, REMEDY)
        return mel_MF


def _files_in(folders: Iterable[str]) -> dict[str, set[str]]:
    """Names of what lies in each folder; nothing where there is no such folder."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        try:
            found[folder] = set(os.listdir(folder or "."))
        except FileNotFoundError:
            found[folder] = set()
    return found
