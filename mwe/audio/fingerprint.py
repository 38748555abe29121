"""Fingerprints of sound: which of two neighbouring bands grew louder, many times a second.

They stay the same under another codec, level, equalisation or place in the file, and differ between two performances.
After Haitsma and Kalker, *A Highly Robust Audio Fingerprinting System*, ISMIR 2002, with other lengths.

Suffixes: N samples, F frames, B bands.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mwe.audio.cue_sheet import WHOLE
from mwe.audio.decode import MAX_SECONDS, SILENCE, read_whole
from mwe.audio.excerpts import read_excerpts
from mwe.audio.verdict import Verdict

Codes = npt.NDArray[np.uint32]

BITS = 32
NO_CODE = 0
"""Code of a frame without sound, which is like no other."""

_RATE, _FRAME, _HOP = 11_025, 4096, 512
FRAMES_PER_SECOND = _RATE / _HOP

_LAG = 4  # frames between the two compared moments
_LOWEST, _HIGHEST = 300.0, 4000.0  # Hz
_EDGES = np.round(np.geomspace(_LOWEST, _HIGHEST, BITS + 2) / _RATE * _FRAME).astype(int)
_WINDOW = np.hanning(_FRAME).astype(np.float32)
_BLOCK = 256  # frames


class Fingerprinted(NamedTuple):
    """A file with its fingerprint.

    Attributes:
        codes_F: The fingerprint.
        verdict: How the file was read.
    """

    codes_F: Codes
    verdict: Verdict


def fingerprint_file(
    path: str | Path, *, max_seconds: float = MAX_SECONDS, span: tuple[float, float] = WHOLE
) -> Fingerprinted:
    """Return the fingerprint of a file.

    Args:
        path: The audio file.
        max_seconds: Longer files are read up to this point.
        span: Begin and end in seconds of a track that is a part of the file.

    Raises:
        UnreadableAudio: As for ``mwe.audio.decode.decode``.
    """
    if span == WHOLE:
        whole = read_whole(path, sample_rate=_RATE, max_seconds=max_seconds)
        return Fingerprinted(fingerprint(whole.wave), whole.verdict)
    samples = round(min(span[1] - span[0], max_seconds) * _RATE)
    part = read_excerpts(path, [0], samples, sample_rate=_RATE, span=span)
    return Fingerprinted(fingerprint(part.wave_ES[0]), part.verdict)


def fingerprint(wave_N: npt.NDArray[np.float32]) -> Codes:
    """Return the fingerprint of mono samples at 11,025 Hz: 32 bits a frame, about 21 frames a second, shape (F,).

    Args:
        wave_N: The samples. Less than a second gives no frames.

    Examples:
        >>> noise = np.random.default_rng(0).standard_normal(22050).astype(np.float32)
        >>> codes = fingerprint(noise)
        >>> codes.shape, bool((codes == fingerprint(noise / 8)).all())
        ((32,), True)
        >>> bool(fingerprint(np.zeros(22050, np.float32)).any())
        False
    """
    energy_FB, audible_F = _energies(wave_N)
    slope_FB = energy_FB[:, :-1] - energy_FB[:, 1:]
    louder_FB = slope_FB[_LAG:] > slope_FB[:-_LAG]
    codes: Codes = np.packbits(louder_FB, axis=1, bitorder="little").view("<u4")[:, 0].astype(np.uint32)
    codes[codes == NO_CODE] = 1
    codes[~(audible_F[_LAG:] & audible_F[:-_LAG])] = NO_CODE
    return codes


def _energies(wave_N: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return the energies of the bands, (F, B), and which frames are audible, (F,)."""
    if len(wave_N) < _FRAME + _LAG * _HOP:
        return np.zeros((_LAG, BITS + 1), np.float32), np.zeros(_LAG, bool)
    frames_FN = np.lib.stride_tricks.sliding_window_view(wave_N, _FRAME)[::_HOP]
    energy_FB = np.empty((len(frames_FN), BITS + 1), np.float32)
    audible_F = np.empty(len(frames_FN), bool)
    for start in range(0, len(frames_FN), _BLOCK):
        block_FN = frames_FN[start : start + _BLOCK]
        power = np.abs(np.fft.rfft(block_FN * _WINDOW)).astype(np.float64) ** 2
        below = np.cumsum(power, axis=1)
        energy_FB[start : start + _BLOCK] = below[:, _EDGES[1:]] - below[:, _EDGES[:-1]]
        audible_F[start : start + _BLOCK] = np.abs(block_FN).max(axis=1) >= SILENCE
    return energy_FB, audible_F
