"""Decoding of an audio file to mono samples at one rate, or the reason why it is unreadable."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from mwe.audio import ffmpeg
from mwe.audio.mpeg_frames import MpegFrames, count_frames
from mwe.audio.sample_blocks import SampleBlocks
from mwe.audio.verdict import UnreadableAudio, Verdict

SILENCE = 1e-4
"""Peak below which a clip counts as silent: -80 dB of full scale, above 16-bit rounding noise."""

_BLOCK_SAMPLES = 1 << 18
_SHORT_BLOCK = 1 << 10
_TOLERATED_SHARE = 0.05
_NAMED_SHARE = 0.01
_TOLERATED_FRAMES = 2 * 1152  # encoder delay and padding of MPEG layer III, most of 5 % in a one-second clip
_UNKNOWN_BYTES = 0x7FFF_F000  # writers to a pipe do not know the size and write the largest value
_UNKNOWN_FRAMES = 1 << 60  # libsndfile's length of a FLAC stream that does not state it
_CUT_CHUNK = re.compile(r"^\s*(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_NO_END_MARK = "File ended unexpectedly"
_PASSED_OVER = re.compile(r"Ogg : Skipped (\d+) bytes")

_MP4 = "MP4 or M4A"
# offset, first bytes and name of formats that only FFmpeg reads
_KINDS = (
    (4, b"ftyp", _MP4), (0, b"\x30\x26\xb2\x75", "WMA"), (0, b"wvpk", "WavPack"),
    (0, b"MAC ", "Monkey's Audio"), (0, b"TTA1", "True Audio"), (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (8, b"AVI ", "AVI"), (0, b"#!AMR", "AMR"), (0, b"\x0b\x77", "AC-3"), (0, b"DSD ", "DSD"),
    (0, b"FRM8", "DSD"), (0, b"MPCK", "Musepack"), (0, b"MP+", "Musepack"), (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"), (0, b"caff", "CAF"), (0, b"OggS", "Ogg"), (0, b"tBaK", "TAK"),
    (0, b"\x7f\xfe\x80\x01", "DTS"), (0, b"FLV", "Flash video"), (0, b".RMF", "RealAudio"),
    )  # fmt: skip

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
        UnreadableAudio: The file is missing, empty, not audio, truncated, non-finite, silent or too short. The length
            is compared with the header's, since libsndfile reads a truncated file without an error.

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
    reading = read_whole(path, sample_rate=sample_rate, min_seconds=min_seconds, max_seconds=max_seconds)
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
    path: str | Path, *, sample_rate: int = 22050, min_seconds: float = MIN_SECONDS, max_seconds: float = MAX_SECONDS
) -> Reading:
    """Read a file like ``decode``, with a verdict on damage that players skip.

    Args:
        path: Any file that libsndfile or, with the extra ``formats``, FFmpeg can read.
        sample_rate: Rate of the result in Hz.
        min_seconds: Shorter files are refused.
        max_seconds: Longer files are read up to this point.

    Raises:
        UnreadableAudio: As for ``decode``.
    """
    path = Path(path)
    require_content(path)
    blocks, rate, verdict = _read_mono(path, max_seconds)
    require_length(blocks.count, rate, min_seconds)
    wave = blocks.wave()
    if rate != sample_rate:
        wave = soxr.resample(wave, rate, sample_rate, quality="HQ")
    peak = _peak(wave)  # after resampling, which may remove a very high tone
    if peak < SILENCE:
        raise UnreadableAudio("silent", f"peak {peak:.1e} of full scale in {len(wave) / sample_rate:.1f} s")
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
        UnreadableAudio: As for ``decode``, except that short and silent files are accepted.
    """
    path = Path(path)
    require_content(path)
    blocks, _, verdict = _read_mono(path, max_seconds, keep=False)
    return Heard(verdict, blocks.peak < SILENCE)


def require_length(samples: int, rate: int, min_seconds: float) -> None:
    """Require a minimum length.

    Raises:
        UnreadableAudio: The sound is too short.
    """
    seconds = samples / rate
    if seconds < min_seconds:
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
    """Return samples averaged over the channels, their rate and the verdict."""
    try:
        with open_sndfile(path) as file:
            max_frames = int(max_seconds * file.samplerate)
            blocks, failure = _read_blocks(file, max_frames, keep)
            _require_little_passed_over(file, blocks.count)
            passed_over = failure or _PASSED_OVER.search(file.extra_info)
            if passed_over and ffmpeg.is_installed():  # which continues after the damage, like players
                seconds = blocks.count / file.samplerate
                refused = UnreadableAudio("truncated", f"decoding breaks off beyond {seconds:.1f} s")
                raise NeedsFfmpegError("", refused, seekable=False, damaged_at=seconds if failure else None)
            lost = _require_whole(file, blocks.count, max_frames, failure)
            return blocks, file.samplerate, sndfile_verdict(file, blocks.count, failure, lost)
    except NeedsFfmpegError as refusal:
        if not ffmpeg.is_installed():
            raise needs_extra(path, refusal) from refusal
        return _read_by_ffmpeg(path, max_seconds, refusal, keep)


def _read_by_ffmpeg(
    path: Path, max_seconds: float, refusal: "NeedsFfmpegError", keep: bool
) -> tuple[SampleBlocks, int, Verdict]:
    """Read by FFmpeg a file that libsndfile cannot read completely."""
    with in_words_of(refusal, path), ffmpeg.FfmpegSound(path, max_seconds) as sound:
        blocks, verdict = sound.whole(keep)
        if refusal.damaged_at is not None and not verdict.damaged_at:
            verdict = replace(verdict, damaged_at=(round(refusal.damaged_at, 1),))
        return blocks, sound.rate, verdict


@contextlib.contextmanager
def in_words_of(refusal: "NeedsFfmpegError", path: Path) -> Iterator[None]:
    """If FFmpeg finds no sound either, report what the file looks like, which explains more than FFmpeg's message."""
    try:
        yield
    except UnreadableAudio as error:
        if error.reason != "not-audio" or refusal.refused is None:
            raise
        kind = kind_by_content(path)
        if kind == _MP4 and not _has_index(path):
            raise UnreadableAudio("truncated", f"{kind} without the index that stands at its end") from error
        if kind:
            raise UnreadableAudio("not-audio", f"begins as {kind}, but {error.detail}") from error
        raise refusal.refused from error


def _has_index(path: Path) -> bool:
    """Return whether an MP4 file has its index among its boxes, or contains something that is not a box."""
    with open(path, "rb") as file:
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[:4], "big")
            if head[4:] == b"moov" or not head[4:].isalnum():
                return True
            size = int.from_bytes(file.read(8), "big") - 8 if size == 1 else size
            if size < 8:
                return False
            file.seek(size - 8, os.SEEK_CUR)
    return False


class NeedsFfmpegError(Exception):
    """libsndfile cannot read a file, or not completely.

    Args:
        kind: Kind of the file.
        refused: Error of libsndfile; None if it reads a part.
        seekable: Whether the positions of its packets are known without decoding them.
        damaged_at: Second at which libsndfile stops, if it does.
    """

    def __init__(
        self,
        kind: str,
        refused: UnreadableAudio | None = None,
        seekable: bool = True,
        damaged_at: float | None = None,
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.refused = refused
        self.seekable = seekable
        self.damaged_at = damaged_at


def needs_extra(path: Path, refusal: NeedsFfmpegError) -> UnreadableAudio:
    """Return the error about a file that FFmpeg could read if it were installed."""
    kind = refusal.kind or kind_by_content(path)
    if not kind:
        assert refusal.refused is not None
        return refusal.refused
    return UnreadableAudio("needs-extra", f"{kind}: install its reader with `pip install 'mwe[formats]'`")


def open_sndfile(path: Path) -> soundfile.SoundFile:
    """Open a file that libsndfile reads correctly.

    Raises:
        NeedsFfmpegError: The file needs FFmpeg.
        UnreadableAudio: The file is not audio.
    """
    counted = _count_frames_of_mp3(path)  # before libmpg123, which prints warnings
    try:
        # bytes on POSIX, where names need not be valid text
        file = soundfile.SoundFile(os.fsencode(path) if os.name == "posix" else str(path))
    except (soundfile.SoundFileError, TypeError, OSError) as error:  # TypeError: a suffix of headerless samples
        try:
            _refuse_content(path, error)
        except UnreadableAudio as refused:
            raise NeedsFfmpegError("", refused) from error
    try:
        if file.format == "RAW":
            raise NeedsFfmpegError("", UnreadableAudio("not-audio", "headerless, only its suffix suggests samples"))
        if (
            file.subtype == "OPUS" and ffmpeg.is_installed()
        ):  # libsndfile refuses unusual granule positions and is slower
            raise NeedsFfmpegError("Opus")
        if file.format in ("MPEG", "MP3"):
            _require_length_of_frames(counted, file)
    except BaseException:
        file.close()
        raise
    return file


def _count_frames_of_mp3(path: Path) -> MpegFrames | None:
    """Return the frames of an undamaged MP3 file; None for other kinds."""
    with open(path, "rb") as file:
        head = file.read(3)
    bare = head[0] == 0xFF and len(head) > 1 and head[1] >= 0xE0
    if not bare and head != b"ID3":
        return None
    counted = count_frames(path)
    if counted is None:
        if bare:
            raise NeedsFfmpegError("", UnreadableAudio("not-audio", "no two consecutive MPEG frames"))
        return None
    missing = 1 - counted.samples / counted.stated_samples if counted.stated_samples else 0.0
    if max(missing, counted.damaged_bytes / os.path.getsize(path)) > _TOLERATED_SHARE:
        damage = f"{counted.damaged_bytes:,} damaged bytes"
        if missing > _TOLERATED_SHARE:
            damage = f"of the {counted.stated_samples / counted.rate:.1f} s in its header, {damage}"
        raise UnreadableAudio("truncated", f"{counted.samples / counted.rate:.1f} s {damage}")
    if counted.joined or counted.damaged_bytes:
        raise NeedsFfmpegError("MP3 that is damaged or joined", seekable=False)
    return counted


def _require_length_of_frames(counted: MpegFrames | None, file: soundfile.SoundFile) -> None:
    """Compare the length from libsndfile with the frames in the file, since headers may be wrong or missing."""
    if counted is None or abs(counted.samples - file.frames) > _uncertain_samples(counted):
        raise NeedsFfmpegError("MP3 of another length than libsndfile reports")


def _uncertain_samples(counted: MpegFrames) -> float:
    """Return the tolerance for delay and padding, by which the frames of an MP3 are longer than its sound."""
    return max(2 * _TOLERATED_FRAMES, 0.002 * counted.samples)


def sndfile_verdict(file: soundfile.SoundFile, got: int, failure: str = "", lost: int = 0) -> Verdict:
    """Return the verdict on a file that libsndfile read.

    Args:
        file: The open file.
        got: Number of samples read.
        failure: Error of the decoder at which it stopped; empty if it did not.
        lost: Number of samples that are in its header but missing.
    """
    seconds, kind = got / file.samplerate, f"{file.format.lower()} ({file.subtype.lower()})"
    damaged_at = (round(seconds, 1),) if failure else ()
    return Verdict(seconds, "libsndfile", kind, damaged_at, lost / file.samplerate)


def kind_by_content(path: Path) -> str:
    """Return the kind of a file that FFmpeg may read, by its first bytes; empty if unknown."""
    with open(path, "rb") as file:
        head = file.read(16)
    return next((kind for offset, mark, kind in _KINDS if head.startswith(mark, offset)), "")


def _read_blocks(file: soundfile.SoundFile, max_frames: int, keep: bool) -> tuple[SampleBlocks, str]:
    """Read until the samples end, ``max_frames`` are read, or the decoder fails; return samples and failure."""
    # if the header does not state the length, soundfile loses the last block, so blocks are short
    block_frames = max(1, (_BLOCK_SAMPLES if file.frames < _UNKNOWN_FRAMES else _SHORT_BLOCK) // file.channels)
    share_C = np.full(file.channels, 1 / file.channels, np.float32)
    blocks, failure = SampleBlocks(keep), ""
    while (got := blocks.count) < max_frames:
        try:
            block = file.read(min(block_frames, max_frames - got), dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            failure = str(error)
            break
        if not len(block):
            break
        if not _peak(block) <= ffmpeg.LOUDEST:  # also true for NaN
            where = f"between {got / file.samplerate:.1f} s and {(got + len(block)) / file.samplerate:.1f} s"
            raise UnreadableAudio(
                "non-finite", f"NaN, infinity or more than {ffmpeg.LOUDEST:.0e} times full scale {where}"
            )
        # mean over the channels as a product, which is several times as fast
        blocks.append(block[:, 0] if file.channels == 1 else block @ share_C)
    return blocks, failure


def _peak(samples: npt.NDArray[np.float32]) -> float:
    """Return the largest absolute value without a copy; NaN if there is one."""
    return float(np.maximum(samples.max(), -samples.min()))


def _require_whole(file: soundfile.SoundFile, got: int, max_frames: int, failure: str) -> int:
    """Compare the number of samples read with the header; return the number missing, or 0 if it is negligible."""
    log = file.extra_info
    stated = _stated_frames(file.frames, log)
    expected = min(stated, max_frames)
    allowance = max(_TOLERATED_SHARE * expected, _TOLERATED_FRAMES)
    rate = file.samplerate
    if expected - got > allowance:
        read = f"{got / rate:.1f} s" if not failure else f"decoding breaks off beyond {got / rate:.1f} s"
        cause = f" ({failure})" if failure else ""
        raise UnreadableAudio("truncated", f"{read} of the {stated / rate:.1f} s in its header{cause}")
    if _NO_END_MARK in log and got < max_frames:
        raise UnreadableAudio("truncated", f"the stream stops after {got / rate:.1f} s without its end mark")
    if got == 0:
        raise UnreadableAudio("empty", f"a header but no samples{f' ({failure})' if failure else ''}")
    missing = expected - got
    return missing if missing > max(_NAMED_SHARE * expected, _TOLERATED_FRAMES) else 0


def _require_little_passed_over(file: soundfile.SoundFile, got: int) -> None:
    """Compare the number of skipped bytes with the size of the file."""
    lost = sum(map(int, _PASSED_OVER.findall(file.extra_info)))
    if lost > _TOLERATED_SHARE * os.path.getsize(file.name):
        raise UnreadableAudio("truncated", f"{got / file.samplerate:.1f} s beside {lost:,} damaged bytes")


def _stated_frames(frames: int, log: str) -> int:
    """Return the length in the header, or 0 if unknown; libsndfile shortens PCM lengths to the file and logs it."""
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
    """Report what the file looks like, since libsndfile reports many such files as missing."""
    with open(path, "rb") as file:
        head = file.read(64).lstrip()
    looks = "a web page or XML" if head.startswith(b"<") else f"unknown content, first bytes {head[:8].hex(' ')}"
    raise UnreadableAudio("not-audio", f"{looks}, {path.stat().st_size} bytes") from error
