"""Audio file to mono samples at one rate, or a stated reason why not."""

import os
import re
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Reason = Literal["missing", "empty", "not-audio", "truncated", "non-finite", "silent", "too-short"]

SILENCE = 1e-4
"""Peak below which a clip counts as silent: -80 dB of full scale, above 16-bit rounding noise."""

_BLOCK_SAMPLES = 1 << 18
_SHORT_BLOCK = 1 << 10
_LOUDEST = 1e6  # full scale is 1; beyond this a power spectrum nears the limits of float32
_TOLERATED_SHARE = 0.05
_TOLERATED_FRAMES = 2 * 1152  # encoder delay and padding of MPEG layer III, most of 5 % in a one-second clip
_UNKNOWN_BYTES = 0x7FFF_F000  # writers to a pipe cannot know the size and put the largest there is
_UNKNOWN_FRAMES = 1 << 60  # libsndfile's length of a FLAC stream that does not state it
_CUT_CHUNK = re.compile(r"^\s*(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_NO_END_MARK = "File ended unexpectedly"
_PASSED_OVER = re.compile(r"Ogg : Skipped (\d+) bytes")

MIN_SECONDS, MAX_SECONDS = 0.5, 600.0  # shorter files are skipped, longer ones read up to there


class UnreadableAudio(Exception):
    """An audio file that gives no usable samples.

    Args:
        reason: The class of outcome, for counting.
        detail: One line on what was found.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason: Reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


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

    Memory grows with what is really there, at most ``max_seconds``, never with the length a header claims.

    Args:
        path: WAV, FLAC, Ogg, MP3, AIFF or anything else libsndfile reads.
        sample_rate: Rate of the result in Hz.
        min_seconds: Shorter files are refused.
        max_seconds: Longer files are read up to here.

    Raises:
        UnreadableAudio: The file is missing, empty, no audio, truncated, non-finite, silent or too short. The length is
            compared with the header's, since libsndfile returns what is left of a truncated file without an error.
    """
    path = Path(path)
    _require_content(path)
    wave, rate = _read_mono(path, max_seconds)
    seconds = len(wave) / rate
    if seconds < min_seconds:
        raise UnreadableAudio("too-short", f"{len(wave)} samples, {seconds:.3f} s; at least {min_seconds} s are wanted")
    if rate != sample_rate:
        wave = soxr.resample(wave, rate, sample_rate, quality="HQ")
    peak = _peak(wave)  # after resampling, which may leave nothing of a very high tone
    if peak < SILENCE:
        raise UnreadableAudio("silent", f"peak {peak:.1e} of full scale in {seconds:.1f} s")
    return Decoded(wave, len(wave) / sample_rate)


def _require_content(path: Path) -> None:
    """Tell apart what libsndfile reports in the same words: no file, no bytes, no permission."""
    try:
        with open(path, "rb") as file:
            head = file.read(1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableAudio("missing", "no such file") from error
    except OSError as error:
        raise UnreadableAudio("missing", f"cannot be opened ({error.strerror})") from error
    if not head:
        raise UnreadableAudio("empty", "0 bytes")


def _read_mono(path: Path, max_seconds: float) -> tuple[npt.NDArray[np.float32], int]:
    """Samples averaged over the channels, shape (N,), and their rate."""
    try:
        # bytes on POSIX: names there need not be valid text
        opened = soundfile.SoundFile(os.fsencode(path) if os.name == "posix" else str(path))
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: an ending that means headerless samples
        _refuse_content(path, error)
    with opened as file:
        if file.format == "RAW":
            raise UnreadableAudio("not-audio", "headerless, taken for samples by its ending alone")
        wave, failure = _read_blocks(file, max_frames=int(max_seconds * file.samplerate))
        _require_whole(file, len(wave), int(max_seconds * file.samplerate), failure)
        return wave, file.samplerate


def _read_blocks(file: soundfile.SoundFile, max_frames: int) -> tuple[npt.NDArray[np.float32], str]:
    """Read until the samples end, ``max_frames`` are there or the decoder fails; the failure's text comes second."""
    # at an end the header does not state, soundfile loses the block that reaches it, so those are short
    block_frames = max(1, (_BLOCK_SAMPLES if file.frames < _UNKNOWN_FRAMES else _SHORT_BLOCK) // file.channels)
    share_C = np.full(file.channels, 1 / file.channels, np.float32)
    blocks: list[npt.NDArray[np.float32]] = []
    got, failure = 0, ""
    while got < max_frames:
        try:
            block = file.read(min(block_frames, max_frames - got), dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            failure = str(error)
            break
        if not len(block):
            break
        if not _peak(block) <= _LOUDEST:  # also when it is NaN
            where = f"between {got / file.samplerate:.1f} s and {(got + len(block)) / file.samplerate:.1f} s"
            raise UnreadableAudio("non-finite", f"NaN, infinity or more than {_LOUDEST:.0e} times full scale {where}")
        # the mean over the channels as a product, which is several times as fast
        blocks.append(block[:, 0] if file.channels == 1 else block @ share_C)
        got += len(block)
    return (np.concatenate(blocks) if blocks else np.zeros(0, np.float32)), failure


def _peak(samples: npt.NDArray[np.float32]) -> float:
    """Largest absolute value, without a copy; NaN if there is one."""
    return float(np.maximum(samples.max(), -samples.min()))


def _require_whole(file: soundfile.SoundFile, got: int, max_frames: int, failure: str) -> None:
    """Compare the samples read with the promise of the header."""
    log = file.extra_info
    promised = _promised_frames(file.frames, log)
    expected = min(promised, max_frames)
    allowance = max(_TOLERATED_SHARE * expected, _TOLERATED_FRAMES)
    rate = file.samplerate
    if expected - got > allowance:
        found = f"{got / rate:.1f} s" if not failure else f"decoding breaks off beyond {got / rate:.1f} s"
        more = f" ({failure})" if failure else ""
        raise UnreadableAudio("truncated", f"{found} of the {promised / rate:.1f} s in its header{more}")
    lost = sum(map(int, _PASSED_OVER.findall(log)))
    if lost > _TOLERATED_SHARE * os.path.getsize(file.name):
        raise UnreadableAudio("truncated", f"{got / rate:.1f} s beside {lost:,} damaged bytes")
    if _NO_END_MARK in log and got < max_frames:
        raise UnreadableAudio("truncated", f"the stream stops after {got / rate:.1f} s without its end mark")
    if got == 0:
        raise UnreadableAudio("empty", f"a header but no samples{f' ({failure})' if failure else ''}")


def _promised_frames(frames: int, log: str) -> int:
    """Length by the header, 0 where it does not say; libsndfile shortens PCM lengths to the file and logs that."""
    if frames >= _UNKNOWN_FRAMES:
        return 0
    cut = _CUT_CHUNK.search(log)
    if cut is None:
        return frames
    stated, present = int(cut[1]), int(cut[2])
    if stated >= _UNKNOWN_BYTES or present <= 0:
        return frames
    return round(frames * stated / present)


def _refuse_content(path: Path, error: Exception) -> NoReturn:
    """Say what the file looks like; libsndfile's own text claims for many such files that they do not exist."""
    with open(path, "rb") as file:
        head = file.read(64).lstrip()
    looks = "a web page or XML" if head.startswith(b"<") else f"unknown content, first bytes {head[:8].hex(' ')}"
    raise UnreadableAudio("not-audio", f"{looks}, {path.stat().st_size} bytes") from error
