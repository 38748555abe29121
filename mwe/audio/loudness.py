"""Level normalisation: the same recording softer or louder is the same recording.

Shape suffixes: E excerpts, S samples.
"""

import numpy as np
import pyloudnorm

BLOCK = 0.4  # seconds that ITU-R BS.1770 measures at once
SOFTEST = -70.0  # LUFS; below is silence, which has no level to set
LARGEST_GAIN = 40.0  # dB; hiss stays hiss


def loudness_of(wave_ES: np.ndarray, rate: int) -> float:
    """Measure the integrated loudness of excerpts together, in LUFS (ITU-R BS.1770-4).

    Args:
        wave_ES: Samples of mono excerpts.
        rate: Samples a second.

    Returns:
        The loudness; minus infinity for silence.

    Examples:
        >>> second = np.sin(2 * np.pi * 997 * np.arange(16000) / 16000, dtype=np.float32)[None]
        >>> round(loudness_of(second, 16000)), round(loudness_of(second / 2, 16000))
        (-3, -9)
    """
    wave_N = np.asarray(wave_ES, dtype=np.float64).ravel()
    if not wave_N.any():
        return float("-inf")
    shortest = int(np.ceil(BLOCK * rate)) + 1
    if len(wave_N) < shortest:
        wave_N = np.tile(wave_N, -(-shortest // len(wave_N)))
    with np.errstate(divide="ignore"):  # blocks of silence
        return float(pyloudnorm.Meter(rate, block_size=BLOCK).integrated_loudness(wave_N))


def at_loudness(wave_ES: np.ndarray, rate: int, target: float) -> np.ndarray:
    """Return excerpts of one recording with one gain, so that together they have the loudness ``target`` in LUFS.

    Silence stays as it is, and no gain is above 40 dB. Peaks may rise above 1: nothing is clipped.

    Examples:
        >>> second = np.sin(2 * np.pi * 997 * np.arange(16000) / 16000, dtype=np.float32)[None]
        >>> bool(np.allclose(at_loudness(second, 16000, -14), at_loudness(second / 4, 16000, -14), atol=1e-5))
        True
    """
    loudness = loudness_of(wave_ES, rate)
    if not loudness > SOFTEST:
        return wave_ES
    gain = min(target - loudness, LARGEST_GAIN)
    scaled: np.ndarray = (wave_ES * 10 ** (gain / 20)).astype(np.float32)
    return scaled
