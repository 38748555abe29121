"""Decode an audio file to mono samples at a given rate, or tell why it is unreadable."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

from mwe.audio import ffmpeg
from mwe.audio.ffmpeg_sound import FfmpegSound
from mwe.audio.needs_ffmpeg import NeedsFfmpegError, in_words_of, needs_extra
from mwe.audio.sample_blocks import SampleBlocks, peak_of
from mwe.audio.sndfile import read_by_sndfile
from mwe.audio.verdict import UnreadableAudio, Verdict

SILENCE = 1e-4
"""Peak below which a clip counts as silent: -80 dB of full scale, above 16-bit rounding noise."""

MIN_SECONDS, MAX_SECONDS = 0.5, 600.0  # shorter files are skipped, longer files are read up to the maximum


class Decoded(NamedTuple):
    """Mono samples.

    Attributes:
        wave: Samples, shape (N,), float32, full scale 1.
        seconds: Duration of ``wave``.
    """

    wave: npt.NDArray[np.float32]
    seconds: float


def decode(
    path: str | Path, *, sample_rate: int = 22050, min_seconds: float = MIN_SECONDS, max_seconds: float = MAX_SECONDS
) -> Decoded:
    """Read an audio file of any rate and channel count as mono at ``sample_rate``.

    Memory depends on the actual samples, at most ``max_seconds``, never on the length in a header.

    Args:
        path: WAV, FLAC, Ogg, MP3, AIFF or any other file that libsndfile reads.
        sample_rate: Rate of the result in Hz.
        min_seconds: Shorter files are refused.
        max_seconds: Longer files are read up to this point.

    Raises:
        UnreadableAudio: The file is missing, empty, not audio, truncated, non-finite, silent or too short. A file is
            truncated if more than a twentieth of its sound is missing or damaged; ``read_whole`` reads what there is.

    Examples:
        >>> import numpy as np, soundfile
        >>> tone = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
        >>> soundfile.write("tone.wav", 0.5 * np.stack([tone, tone], axis=1), 44100)
        >>> wave, seconds = decode("tone.wav")
        >>> wave.shape, seconds
        ((22050,), 1.0)
        >>> decode("tone.wav", min_seconds=5)
        Traceback (most recent call last):
            ...
        mwe.audio.verdict.UnreadableAudio: too-short: 44100 samples, 1.000 s; at least 5 s are needed
    """
    reading = read_whole(path, sample_rate=sample_rate, min_seconds=min_seconds, max_seconds=max_seconds, complete=True)
    return Decoded(reading.wave, len(reading.wave) / sample_rate)


class Reading(NamedTuple):
    """Mono samples, and the verdict on the file.

    Attributes:
        wave: Samples, shape (N,), float32, full scale 1.
        verdict: How much of the file was read, and by which library.
    """

    wave: npt.NDArray[np.float32]
    verdict: Verdict


def read_whole(
    path: str | Path,
    *,
    sample_rate: int = 22050,
    min_seconds: float = MIN_SECONDS,
    max_seconds: float = MAX_SECONDS,
    complete: bool = False,
) -> Reading:
    """Read a file as far as a player would, with a verdict on what is damaged or missing.

    Args:
        path: Any file that libsndfile or, with the extra ``formats``, FFmpeg can read.
        sample_rate: Rate of the result in Hz.
        min_seconds: Shorter files are refused.
        max_seconds: Longer files are read up to this point.
        complete: Whether to refuse a truncated file.

    Raises:
        UnreadableAudio: As for ``decode``, except that truncated files are read if they are long enough.
    """
    path = Path(path)
    require_content(path)
    blocks, rate, verdict = _read_mono(path, max_seconds)
    if complete and verdict.condition == "truncated":
        raise UnreadableAudio("truncated", verdict.details)
    require_length(blocks.count, rate, min_seconds, verdict)
    wave = blocks.wave()
    if rate != sample_rate:
        wave = soxr.resample(wave, rate, sample_rate, quality="HQ")
    require_audible(wave, sample_rate)  # after resampling, which may remove a very high tone
    return Reading(wave, verdict)


class Heard(NamedTuple):
    """Result of listening to a file.

    Attributes:
        verdict: How much of the file was read, and by which library.
        silent: Whether the file is silent.
    """

    verdict: Verdict
    silent: bool


def listen(path: str | Path, *, max_seconds: float = MAX_SECONDS) -> Heard:
    """Read a file to its end without keeping its samples.

    Args:
        path: Any file that libsndfile or, with the extra ``formats``, FFmpeg can read.
        max_seconds: Longer files are read up to this point.

    Raises:
        UnreadableAudio: As for ``read_whole``, except that short and silent files are accepted.
    """
    path = Path(path)
    require_content(path)
    blocks, _, verdict = _read_mono(path, max_seconds, keep=False)
    return Heard(verdict, blocks.peak < SILENCE)


def require_audible(wave: npt.NDArray[np.float32], rate: int) -> None:
    """Require a peak above silence.

    Raises:
        UnreadableAudio: The sound is silent.
    """
    peak = peak_of(wave)
    if peak < SILENCE:
        raise UnreadableAudio("silent", f"peak {peak:.1e} of full scale in {len(wave) / rate:.1f} s")


def require_length(samples: int, rate: int, min_seconds: float, verdict: Verdict) -> None:
    """Require a minimum length.

    Raises:
        UnreadableAudio: The sound is too short, maybe because the file is truncated.
    """
    seconds = samples / rate
    if seconds < min_seconds:
        if verdict.condition == "truncated":
            raise UnreadableAudio("truncated", f"{verdict.details}; at least {min_seconds} s are needed")
        raise UnreadableAudio("too-short", f"{samples} samples, {seconds:.3f} s; at least {min_seconds} s are needed")


def require_content(path: Path) -> None:
    """Distinguish errors that libsndfile reports alike: no file, no bytes, no permission.

    Raises:
        UnreadableAudio: The file is missing, empty or not accessible.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableAudio("missing", "no such file") from error
    except OSError as error:
        raise UnreadableAudio("missing", f"cannot be opened ({error.strerror})") from error
    if not head:
        raise UnreadableAudio("empty", "0 bytes")


def _read_mono(path: Path, max_seconds: float, keep: bool = True) -> tuple[SampleBlocks, int, Verdict]:
    """Read with libsndfile, or else with FFmpeg; return mono samples, their rate and the verdict."""
    try:
        return read_by_sndfile(path, max_seconds, keep)
    except NeedsFfmpegError as refusal:
        if not ffmpeg.is_installed():
            raise needs_extra(path, refusal) from refusal
        return _read_by_ffmpeg(path, max_seconds, refusal, keep)


def _read_by_ffmpeg(
    path: Path, max_seconds: float, refusal: NeedsFfmpegError, keep: bool
) -> tuple[SampleBlocks, int, Verdict]:
    """Read by FFmpeg a file that libsndfile cannot read completely."""
    with in_words_of(refusal, path), FfmpegSound(path, max_seconds) as sound:
        blocks, verdict = sound.whole(keep)
        to_the_end = blocks.count < sound.max_samples
        return blocks, sound.rate, refusal.completed(verdict) if to_the_end else verdict
