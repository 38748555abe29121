"""Base of all sources of spectrograms: rows by track, lengths, crops.

Shape suffixes: N tracks, B items of a batch, E excerpts.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mwe.audio.mel_settings import MelSettings
from mwe.audio.shards import Mel
from mwe.core.errors import UnknownNameError

Ints = npt.NDArray[np.int64]


class Mels(ABC):
    """Spectrograms of tracks, time-major. Rows number the tracks with a spectrogram, in the order of ``track_ids``."""

    settings: MelSettings
    n_mels: int
    track_ids: list[str]
    _frames: Ints
    _row_of: dict[str, int]

    def __len__(self) -> int:
        return len(self.track_ids)

    def has(self, track_ids: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which tracks have a spectrogram, shape (N,)."""
        return np.fromiter((track_id in self._row_of for track_id in track_ids), bool, len(track_ids))

    def rows_of(self, track_ids: Sequence[str]) -> Ints:
        """Return the rows of tracks, shape (N,).

        Raises:
            UnknownNameError: A track has no spectrogram; check with ``has``.
        """
        try:
            return np.fromiter((self._row_of[track_id] for track_id in track_ids), np.int64, len(track_ids))
        except KeyError as error:
            name = str(error.args[0])
            raise UnknownNameError(self._missing(name), name, self.track_ids) from None

    def frames(self, track_ids: Sequence[str] | None = None) -> Ints:
        """Return the lengths in frames of the given tracks, by default of all rows; shape (N,)."""
        return self._frames if track_ids is None else self._frames[self.rows_of(track_ids)]

    def lengths(self, rows: npt.ArrayLike) -> Ints:
        """Return the lengths in frames of some rows, shape (B,)."""
        return self._frames[np.asarray(rows, dtype=np.int64)]

    def crops(self, rows: npt.ArrayLike, starts: npt.ArrayLike, length: int) -> Mel:
        """Read one excerpt per row; a track shorter than ``length`` is repeated from its beginning.

        Args:
            rows: Rows, shape (B,).
            starts: First frames, shape (B,), at most ``max(frames - length, 0)``.
            length: Frames of every excerpt.

        Returns:
            Shape (B, length, bands), float16.

        Raises:
            ValueError: An excerpt is not within its track.
        """
        row_B, start_B = np.asarray(rows, dtype=np.int64), np.asarray(starts, dtype=np.int64)
        frames_B = self.lengths(row_B)
        invalid_B = (start_B < 0) | (start_B > np.maximum(frames_B - length, 0))
        if invalid_B.any():
            index = int(invalid_B.argmax())
            track_id = self.track_ids[row_B[index]]
            raise ValueError(
                f"no {length} frames from {start_B[index]} in track {track_id!r} of {frames_B[index]} frames"
            )
        return self._read(row_B, (start_B[:, None] + np.arange(length)) % frames_B[:, None])

    @abstractmethod
    def _read(self, row_B: Ints, frame_BL: Ints) -> Mel:
        """Read the given frames of each row, shape (B, L, bands), float16."""

    @abstractmethod
    def _missing(self, track_id: str) -> str:
        """Return the expected kind of a track without a spectrogram, for the message."""
