"""Whether two fingerprints are of one recording: at which offsets they agree, and for how many seconds.

A cut-out part gives one offset before it and another one behind it, so several offsets are taken together.

Suffixes: F frames, B bits, O offsets.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft

from mwe.audio.fingerprint import BITS, FRAMES_PER_SECOND, NO_CODE, Codes

SAME_SHARE = 0.5
"""Share of the shorter sound, at least, that two copies of one recording have in common."""

AGREEMENT = 0.5
"""Agreement of a stretch in common, from 0 by chance to 1; chosen on tunes of the demonstration."""

LEAST_SECONDS = 2.0
"""Seconds in common, at least; shorter sounds are not told apart."""

_OFFSETS = 4  # best offsets that are looked at
_STRETCH = 64  # frames, 3 s, over which the agreement is averaged
_NEIGHBOURS = 8  # frames around an offset that belong to it


class Match(NamedTuple):
    """What two sounds have in common.

    Attributes:
        share: Share of the shorter sound, silence not counted, 0 to 1.
        seconds: Seconds in common.
        offset: Seconds by which the second sound begins later than the first, for the largest common part.
        agreement: Mean agreement of the common part, from 0 by chance to 1; 0 if there is none.
    """

    share: float
    seconds: float
    offset: float
    agreement: float

    @property
    def same(self) -> bool:
        """Whether both are copies of one recording."""
        return self.share >= SAME_SHARE and self.seconds >= LEAST_SECONDS


NO_MATCH = Match(0.0, 0.0, 0.0, 0.0)


class Spectrum(NamedTuple):
    """A fingerprint prepared for comparison with many.

    Attributes:
        sign_FB: The bits as 1 and -1; 0 without sound.
        heard: Number of frames with sound.
        spectra: Spectra over time of the bits, and of where there is sound, by their size.
    """

    sign_FB: npt.NDArray[np.float32]
    heard: int
    spectra: dict[int, tuple[npt.NDArray[np.complex64], npt.NDArray[np.complex64]]]

    @classmethod
    def of(cls, codes_F: Codes) -> "Spectrum":
        """Return the prepared fingerprint."""
        bits = np.unpackbits(codes_F.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
        sign_FB = bits.astype(np.float32) * 2 - 1
        sign_FB[codes_F == NO_CODE] = 0
        return cls(sign_FB, int(np.count_nonzero(codes_F)), {})

    def at(self, size: int) -> tuple[npt.NDArray[np.complex64], npt.NDArray[np.complex64]]:
        """Return both spectra, (size, B) and (size,), from memory where they were asked for before."""
        if size not in self.spectra:
            heard_F = np.abs(self.sign_FB[:, 0])
            signs = scipy.fft.rfft(self.sign_FB, size, axis=0)
            self.spectra[size] = signs.astype(np.complex64), scipy.fft.rfft(heard_F, size).astype(np.complex64)
        return self.spectra[size]


def match(first: Spectrum, second: Spectrum) -> Match:
    """Return what two sounds have in common.

    Args:
        first: Fingerprint of the one.
        second: Fingerprint of the other.

    Examples:
        >>> codes = np.random.default_rng(0).integers(1, 2**32, 430, dtype=np.uint32)
        >>> whole, other = Spectrum.of(codes), Spectrum.of(codes[::-1])
        >>> found = match(whole, Spectrum.of(codes[215:]))
        >>> found.same, round(found.seconds), round(found.offset), found.agreement
        (True, 10, 10, 1.0)
        >>> match(whole, other).same
        False
    """
    least = round(LEAST_SECONDS * FRAMES_PER_SECOND)
    if min(first.heard, second.heard) < least:
        return NO_MATCH
    common_F = np.zeros(len(first.sign_FB), np.bool_)
    largest, best = 0, 0
    agreed = 0.0
    for offset in _offsets(first, second, least):
        start, stop = max(offset, 0), min(offset + len(second.sign_FB), len(first.sign_FB))
        product_FB = first.sign_FB[start:stop] * second.sign_FB[start - offset : stop - offset]
        agreement_F = product_FB.mean(axis=1)
        both_F = product_FB[:, 0] != 0
        found_F = both_F & (_smoothed(agreement_F, both_F) >= AGREEMENT) & ~common_F[start:stop]
        count = int(found_F.sum())
        if count < least // 2:
            continue
        common_F[start:stop] |= found_F
        agreed += float(agreement_F[found_F].sum())
        if count > largest:
            largest, best = count, offset
    common = int(common_F.sum())
    if not common:
        return NO_MATCH
    share = min(common / min(first.heard, second.heard), 1.0)
    return Match(share, common / FRAMES_PER_SECOND, best / FRAMES_PER_SECOND, agreed / common)


def _offsets(first: Spectrum, second: Spectrum, least: int) -> list[int]:
    """Return the offsets at which two fingerprints agree most, in units of what chance gives."""
    size = 1 << (len(first.sign_FB) + len(second.sign_FB) - 1).bit_length()  # few sizes, so that spectra serve again
    (signs, heard), (other_signs, other_heard) = first.at(size), second.at(size)
    agreed_O = scipy.fft.irfft((signs * np.conj(other_signs)).sum(axis=1), size)
    overlap_O = scipy.fft.irfft(heard * np.conj(other_heard), size)
    score_O = np.where(overlap_O >= least - 0.5, agreed_O / np.sqrt(np.maximum(overlap_O, 1) * BITS), 0)
    offsets = []
    for _ in range(_OFFSETS):
        peak = int(np.argmax(score_O))
        if score_O[peak] <= 0:
            break
        offsets.append(peak if peak < len(first.sign_FB) else peak - size)
        score_O[np.arange(peak - _NEIGHBOURS, peak + _NEIGHBOURS + 1) % size] = 0
    return offsets


def _smoothed(agreement_F: npt.NDArray[np.float32], both_F: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the mean agreement of the stretch around each frame."""
    stretch = min(_STRETCH, len(agreement_F))
    kernel = np.ones(stretch)
    total_F = np.convolve(agreement_F * both_F, kernel, "same")
    smoothed: npt.NDArray[np.float64] = total_F / np.maximum(np.convolve(both_F, kernel, "same"), 1)
    return smoothed
