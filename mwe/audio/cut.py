"""Positions of the excerpts of a track, in frames and in samples.

Shape suffixes: B tracks, E excerpts.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mwe.audio.mel_settings import MelSettings

Ints = npt.NDArray[np.int64]


def evenly_spaced(room_B: Ints, excerpts: int) -> Ints:
    """Return the first frames of evenly spaced excerpts, from end to end, or in the middle for one excerpt; (B, E).

    Args:
        room_B: Frames of a track beyond the length of an excerpt.
        excerpts: Number of excerpts E.

    Examples:
        >>> import numpy as np
        >>> evenly_spaced(np.array([100, 0]), excerpts=3).tolist()  # a long track; a track of the length of an excerpt
        [[0, 50, 100], [0, 0, 0]]
    """
    share_E = np.linspace(0, 1, excerpts) if excerpts > 1 else np.array([0.5])
    starts_BE: Ints = np.rint(np.maximum(room_B, 0)[:, None] * share_E).astype(np.int64)
    return starts_BE


class Cut(NamedTuple):
    """Cuts excerpts from samples so that their frames equal those of the whole track's spectrogram.

    Attributes:
        hop: Samples between frames.
        length: Frames of an excerpt.
        margin: Frames on either side that its outer windows overlap.
        excerpts: Number of evenly spaced excerpts.
    """

    hop: int
    length: int
    margin: int
    excerpts: int

    @classmethod
    def of(cls, mel: MelSettings, seconds: float, excerpts: int) -> "Cut":
        """Return the cut for mel settings, and length and number of excerpts."""
        return cls(mel.hop_length, mel.frames(seconds), -(-mel.n_fft // (2 * mel.hop_length)), excerpts)

    @classmethod
    def of_samples(cls, samples: int, excerpts: int) -> "Cut":
        """Return the cut into excerpts of a number of samples, whose frames are single samples, without margins."""
        return cls(hop=1, length=samples + 1, margin=0, excerpts=excerpts)

    @property
    def samples(self) -> int:
        """Samples of an excerpt with its margins."""
        return (self.length + 2 * self.margin - 1) * self.hop

    def frames(self, samples: int) -> int:
        """Return the frames of a whole track of a length in samples."""
        return 1 + samples // self.hop

    def starts(self, samples: int) -> list[int]:
        """Return the first samples of the excerpts of a track, including margins, so that the first is negative.

        They start at the same positions as those of ``AudioWordDataModule``.

        Examples:
            >>> Cut(hop=256, length=259, margin=2, excerpts=3).starts(10 * 22050)
            [-512, 76800, 153856]
        """
        room = self.frames(samples) - self.length
        starts_E = evenly_spaced(np.array([room]), self.excerpts)[0]
        return [int(start) for start in (starts_E - self.margin) * self.hop]
