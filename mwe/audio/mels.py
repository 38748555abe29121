"""What all sources of spectrograms have in common: rows by track, lengths, crops; and where excerpts begin.

Shape suffixes: N tracks, B items of a batch, E excerpts.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mwe.audio.logmel import MelSettings
from mwe.audio.shards import Mel
from mwe.core.errors import UnknownNameError

Ints = npt.NDArray[np.int64]


class Mels(ABC):
    """Spectrograms of tracks, time-major; rows number the tracks that have one, in the order of ``track_ids``."""

    settings: MelSettings
    n_mels: int
    track_ids: list[str]
    _frames: Ints
    _row_of: dict[str, int]

    def __len__(self) -> int:
        return len(self.track_ids)

    def has(self, track_ids: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Which of the tracks have a spectrogram, shape (N,)."""
        return np.fromiter((track_id in self._row_of for track_id in track_ids), bool, len(track_ids))

    def rows_of(self, track_ids: Sequence[str]) -> Ints:
        """Rows of tracks, shape (N,).

        Raises:
            UnknownNameError: A track has no spectrogram; ask ``has`` first where that may be.
        """
        try:
            return np.fromiter((self._row_of[track_id] for track_id in track_ids), np.int64, len(track_ids))
        except KeyError as error:
            name = str(error.args[0])
            raise UnknownNameError(self._missing(name), name, self.track_ids) from None

    def frames(self, track_ids: Sequence[str] | None = None) -> Ints:
        """Lengths in frames of the given tracks, by default of all rows; shape (N,)."""
        return self._frames if track_ids is None else self._frames[self.rows_of(track_ids)]

    def lengths(self, rows: npt.ArrayLike) -> Ints:
        """Lengths in frames of some rows, shape (B,)."""
        return self._frames[np.asarray(rows, dtype=np.int64)]

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
        frames_B = self.lengths(row_B)
        wrong_B = (start_B < 0) | (start_B > np.maximum(frames_B - length, 0))
        if wrong_B.any():
            at = int(wrong_B.argmax())
            track_id = self.track_ids[row_B[at]]
            raise ValueError(f"no {length} frames from {start_B[at]} in track {track_id!r} of {frames_B[at]} frames")
        return self._read(row_B, (start_B[:, None] + np.arange(length)) % frames_B[:, None])

    @abstractmethod
    def _read(self, row_B: Ints, frame_BL: Ints) -> Mel:
        """The named frames of each row, shape (B, L, bands), float16."""

    @abstractmethod
    def _missing(self, track_id: str) -> str:
        """What a track without a spectrogram should have been, for the message."""


def evenly_spaced(room_B: Ints, excerpts: int) -> Ints:
    """First frames of evenly spaced excerpts, the first and last at the ends, one alone in the middle; (B, E).

    Args:
        room_B: Frames of a track beyond the length of an excerpt.
        excerpts: Number of excerpts E.
    """
    share_E = np.linspace(0, 1, excerpts) if excerpts > 1 else np.array([0.5])
    starts_BE: Ints = np.rint(np.maximum(room_B, 0)[:, None] * share_E).astype(np.int64)
    return starts_BE
