"""Samples that are read block by block, and kept or only counted."""

import numpy as np
import numpy.typing as npt

LOUDEST = 1e6
"""Largest accepted value; full scale is 1. Beyond it, a power spectrum nears the limits of float32."""


def peak_of(samples: npt.NDArray[np.float32]) -> float:
    """Return the largest absolute value of at least one sample, without a copy; NaN if a sample is NaN.

    Examples:
        >>> peak_of(np.array([0.25, -0.5], np.float32))
        0.5
    """
    return float(np.maximum(samples.max(), -samples.min()))


class SampleBlocks:
    """Collects or counts the mono samples of a sound.

    Args:
        keep: Whether to keep the samples; without, a sound of any length takes no memory.

    Examples:
        >>> blocks = SampleBlocks(keep=False)
        >>> blocks.append(np.array([0.1, -0.5], np.float32))
        >>> blocks.count, blocks.peak, len(blocks.wave())
        (2, 0.5, 0)
    """

    def __init__(self, keep: bool = True) -> None:
        self._keep = keep
        self._blocks: list[npt.NDArray[np.float32]] = []
        self.count = 0
        self.peak = 0.0

    def append(self, block: npt.NDArray[np.float32]) -> None:
        """Add a block."""
        self.count += len(block)
        if self._keep:
            self._blocks.append(block)
        elif len(block):
            self.peak = max(self.peak, peak_of(block))

    def wave(self) -> npt.NDArray[np.float32]:
        """Return all kept samples, shape (N,)."""
        return np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.float32)
