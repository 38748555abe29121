"""Excerpts of a file by seeking, which decodes only their packets.

Suffixes: E excerpts, S samples of an excerpt, N samples.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from mwe.audio import ffmpeg
from mwe.audio.cue_sheet import WHOLE
from mwe.audio.decode import (
    MAX_SECONDS,
    MIN_SECONDS,
    SILENCE,
    read_whole,
    require_audible,
    require_content,
    require_length,
)
from mwe.audio.ffmpeg_excerpts import FfmpegExcerpts, InexactSeekError
from mwe.audio.ffmpeg_sound import FfmpegSound
from mwe.audio.needs_ffmpeg import NeedsFfmpegError, in_words_of, needs_extra
from mwe.audio.sample_blocks import LOUDEST
from mwe.audio.silence import audible_part
from mwe.audio.sndfile import open_sndfile, sndfile_verdict
from mwe.audio.verdict import UnreadableAudio, Verdict

_FILTER_SECONDS = 0.05  # overlap of the resampling filter on either side


class ReadExcerpts(NamedTuple):
    """Excerpts of a file.

    Attributes:
        wave_ES: Samples of each excerpt, float32; zeros beyond the ends of the sound.
        samples: Length of the whole sound at the requested rate.
        verdict: How they were read; ``whole_because`` tells why not by seeking.
        kept: Length of what the excerpts were cut from: the whole, or the whole without silence at the ends.
    """

    wave_ES: npt.NDArray[np.float32]
    samples: int
    verdict: Verdict
    kept: int


class _Sound(Protocol):
    """An open file with known length and access to any part."""

    rate: int
    length: int

    def excerpt(self, start: int, end: int) -> npt.NDArray[np.float32]:
        """Return the samples of a range."""

    def verdict(self) -> Verdict:
        """Return how the file was read."""


class _SndfileSound:
    """A file that libsndfile reads.

    Args:
        file: The open file.
        max_seconds: Maximum length to read.
    """

    def __init__(self, file: soundfile.SoundFile, max_seconds: float) -> None:
        self._file = file
        self.rate = file.samplerate
        if file.frames <= 0 or file.frames > 1 << 48:
            raise InexactSeekError("no length in its header")
        self.length = min(file.frames, int(max_seconds * self.rate))
        if "should be" in file.extra_info or "unexpectedly" in file.extra_info or "Skipped" in file.extra_info:
            raise InexactSeekError("cut or damaged")
        self.excerpt(self.length - 1, self.length)

    def excerpt(self, start: int, end: int) -> npt.NDArray[np.float32]:
        """Return the samples of a range."""
        try:
            self._file.seek(start)
            block = self._file.read(end - start, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise InexactSeekError("damaged") from error
        if len(block) < end - start:
            raise InexactSeekError("shorter than its header says")
        channels = self._file.channels
        share_C = np.full(channels, 1 / channels, np.float32)
        mono: npt.NDArray[np.float32] = block[:, 0] if channels == 1 else block @ share_C
        if not max(mono.max(), -mono.min()) <= LOUDEST:
            raise UnreadableAudio("non-finite", f"NaN, infinity or more than {LOUDEST:.0e} times full scale")
        return mono

    def verdict(self) -> Verdict:
        """Return how the file was read."""
        return sndfile_verdict(self._file, self.length)


@contextlib.contextmanager
def _open(path: Path, max_seconds: float) -> Iterator[_Sound]:
    """Open a file with the library that can read it."""
    try:
        with open_sndfile(path) as file:
            yield _SndfileSound(file, max_seconds)
        return
    except NeedsFfmpegError as refusal:
        if not ffmpeg.is_installed():
            raise needs_extra(path, refusal) from refusal
        if not refusal.seekable:
            raise InexactSeekError("damaged, or joined from several files") from refusal
        libsndfile_refusal = refusal
    with in_words_of(libsndfile_refusal, path), FfmpegSound(path, max_seconds) as sound:
        yield FfmpegExcerpts(sound)


class _Section:
    """A part of a sound.

    Args:
        sound: The sound.
        begin: Its first sample.
        end: The sample after its last one.
    """

    def __init__(self, sound: _Sound, begin: int, end: int) -> None:
        self._sound, self.rate = sound, sound.rate
        self._begin, self.length = begin, max(end - begin, 0)

    def excerpt(self, start: int, end: int) -> npt.NDArray[np.float32]:
        """Return samples from one position to another."""
        return self._sound.excerpt(self._begin + start, self._begin + end)

    def verdict(self) -> Verdict:
        """Return how the file was read."""
        return self._sound.verdict()


def _trimmed(sound: _Sound) -> _Section:
    """Return a sound without the silence at its ends."""
    return _Section(sound, *audible_part(sound.excerpt, sound.length, sound.rate))


def read_excerpts(
    path: str | Path,
    starts: Sequence[int] | Callable[[int], Sequence[int]],
    samples: int,
    *,
    sample_rate: int = 22050,
    min_seconds: float = MIN_SECONDS,
    max_seconds: float = MAX_SECONDS,
    thorough: bool = False,
    trim: bool = False,
    span: tuple[float, float] = WHOLE,
) -> ReadExcerpts:
    """Read excerpts equal to a cut of the whole sound, and decode only what they need.

    If the positions of packets are unknown without decoding, as in damaged and joined files, the whole file is decoded,
    and the verdict says so.

    Args:
        path: The file.
        starts: First sample of each excerpt at ``sample_rate``, or a function of the length of the sound; they may be
            negative.
        samples: Length of an excerpt.
        sample_rate: Rate of the result in Hz.
        min_seconds: Shorter files are refused.
        max_seconds: Longer files are read up to here.
        thorough: Always decode the whole file.
        trim: Leave out the silence at both ends, so that a lead-in does not move the excerpts.
        span: Begin and end of a part of the file in seconds, which is read as if it were a file.

    Raises:
        UnreadableAudio: As for ``read_whole``; a sound is silent if its excerpts and the whole are silent.
    """
    path = Path(path)
    require_content(path)
    reason, last = "asked for", min(span[0] + max_seconds, span[1])
    if not thorough:
        try:
            with _open(path, last) as file:
                sound: _Sound = _Section(file, round(span[0] * file.rate), file.length) if span[0] else file
                verdict = sound.verdict()
                require_length(sound.length, sound.rate, min_seconds, verdict)
                part = _trimmed(sound) if trim else sound
                length = math.ceil(part.length * sample_rate / part.rate)
                wave_ES = np.stack([
                    _resampled(part, start, samples, sample_rate, length) for start in _first_samples(starts, length)
                ])  # fmt: skip
            if np.abs(wave_ES).max(initial=0) >= SILENCE:
                return ReadExcerpts(wave_ES, math.ceil(sound.length * sample_rate / sound.rate), verdict, length)
            reason = "silent excerpts"
        except InexactSeekError as error:
            reason = str(error)
    wave, verdict = read_whole(path, sample_rate=sample_rate, min_seconds=min_seconds, max_seconds=last)
    if span[0]:
        wave = wave[round(span[0] * sample_rate) :]
        require_length(len(wave), sample_rate, min_seconds, verdict)
        require_audible(wave, sample_rate)
    cut_ES, kept = cut_excerpts(wave, starts, samples, sample_rate, trim)
    return ReadExcerpts(cut_ES, len(wave), verdict.decoded_whole(reason), kept)


def cut_excerpts(
    wave: npt.NDArray[np.float32],
    starts: Sequence[int] | Callable[[int], Sequence[int]],
    samples: int,
    sample_rate: int,
    trim: bool = False,
) -> tuple[npt.NDArray[np.float32], int]:
    """Cut excerpts from a sound in memory, as ``read_excerpts`` does from a file.

    Args:
        wave: The sound.
        starts: First sample of each excerpt, or a function of the length of the sound; they may be negative.
        samples: Length of an excerpt.
        sample_rate: Rate of the sound in Hz.
        trim: Leave out the silence at both ends.

    Returns:
        Samples of the excerpts, with zeros beyond the ends, and the length of what they were cut from.

    Examples:
        >>> cut_excerpts(np.arange(5, dtype=np.float32), [-1, 3], samples=3, sample_rate=8000)[0].tolist()
        [[0.0, 0.0, 1.0], [3.0, 4.0, 0.0]]
    """
    if trim:
        begin, end = audible_part(lambda start, stop: wave[start:stop], len(wave), sample_rate)
        wave = wave[begin:end]
    first_samples = _first_samples(starts, len(wave))
    return np.stack([_padded(wave, start, samples) for start in first_samples]), len(wave)


def _first_samples(starts: Sequence[int] | Callable[[int], Sequence[int]], length: int) -> list[int]:
    """Return the first samples of the excerpts."""
    return [int(start) for start in (starts(length) if callable(starts) else starts)]


def _padded(wave: npt.NDArray[np.float32], start: int, samples: int) -> npt.NDArray[np.float32]:
    """Return a cut with zeros beyond the ends."""
    cut = np.zeros(samples, np.float32)
    low, high = max(start, 0), min(start + samples, len(wave))
    if low < high:
        cut[low - start : high - start] = wave[low:high]
    return cut


def _resampled(sound: _Sound, start: int, samples: int, rate: int, length: int) -> npt.NDArray[np.float32]:
    """Return an excerpt at another rate, with the same samples as if the whole had been resampled."""
    low, high = max(start, 0), min(start + samples, length)
    if low >= high:
        return np.zeros(samples, np.float32)
    if sound.rate == rate:
        return _padded(sound.excerpt(low, min(high, sound.length)), start - low, samples)
    common = math.gcd(rate, sound.rate)
    step, source_step = rate // common, sound.rate // common
    margin = int(_FILTER_SECONDS * rate)
    # begin where samples of both rates coincide
    first = max(0, low - margin) // step
    last = min(-(-(high + margin) // step) * source_step, sound.length)
    piece = soxr.resample(sound.excerpt(first * source_step, last), sound.rate, rate, quality="HQ")
    cut = _padded(piece, low - first * step, high - low)
    return _padded(cut, start - low, samples)
