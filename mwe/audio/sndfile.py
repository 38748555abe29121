"""Read files with libsndfile, and refuse those that it reads wrongly."""

import os
import re
from pathlib import Path

import numpy as np
import soundfile

from mwe.audio import ffmpeg
from mwe.audio.file_kinds import unknown_content
from mwe.audio.mpeg_frames import MpegFrames, count_frames
from mwe.audio.needs_ffmpeg import NeedsFfmpegError
from mwe.audio.sample_blocks import LOUDEST, SampleBlocks, peak_of
from mwe.audio.verdict import NAMED_SHARE, NO_END_MARK, TOLERATED_SHARE, UnreadableAudio, Verdict

_BLOCK_SAMPLES = 1 << 18
_SHORT_BLOCK = 1 << 10
_TOLERATED_FRAMES = 2 * 1152  # encoder delay and padding of MPEG layer III, most of 5 % in a one-second clip
_UNKNOWN_BYTES = 0x7FFF_F000  # writers to a pipe do not know the size and write the largest value
_UNKNOWN_FRAMES = 1 << 60  # libsndfile's length of a FLAC stream that does not state it
_CUT_CHUNK = re.compile(r"^\s*(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNEXPECTED_END = "File ended unexpectedly"
_PASSED_OVER = re.compile(r"Ogg : Skipped (\d+) bytes")


def read_by_sndfile(path: Path, max_seconds: float, keep: bool = True) -> tuple[SampleBlocks, int, Verdict]:
    """Read a file with libsndfile.

    Args:
        path: The file.
        max_seconds: Longer files are read up to this point.
        keep: Whether to keep the samples, or only to count them.

    Returns:
        Samples averaged over the channels, their rate and the verdict.

    Raises:
        NeedsFfmpegError: Only FFmpeg can read the file, or can continue after damage.
        UnreadableAudio: The file is empty, not audio or not finite.

    Examples:
        >>> soundfile.write("tone.wav", np.full((800, 2), 0.5), 8000)
        >>> blocks, rate, verdict = read_by_sndfile(Path("tone.wav"), max_seconds=60)
        >>> blocks.wave().shape, rate, verdict.kind
        ((800,), 8000, 'wav (pcm_16)')
    """
    with open_sndfile(path) as file:
        max_frames = int(max_seconds * file.samplerate)
        blocks, failure = _read_blocks(file, max_frames, keep)
        passed_over = sum(map(int, _PASSED_OVER.findall(file.extra_info)))
        much = passed_over > TOLERATED_SHARE * os.path.getsize(path)
        no_end = NO_END_MARK if _UNEXPECTED_END in file.extra_info and blocks.count < max_frames else ""
        large_loss = f"{passed_over:,} damaged bytes" if much else no_end
        if (failure or passed_over or no_end) and ffmpeg.is_installed():  # which reads on, like players
            seconds = blocks.count / file.samplerate
            refused = UnreadableAudio("truncated", f"{seconds:.1f} s; {large_loss or failure or 'damaged'}")
            damaged_at = seconds if failure else None
            raise NeedsFfmpegError("", refused, seekable=False, damaged_at=damaged_at, large_loss=large_loss)
        lost = _lost_frames(file, blocks.count, max_frames, failure or no_end)
        return blocks, file.samplerate, sndfile_verdict(file, blocks.count, failure, lost, large_loss)


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
        raise NeedsFfmpegError("", UnreadableAudio("not-audio", unknown_content(path))) from error
    try:
        if file.format == "RAW":
            raise NeedsFfmpegError("", UnreadableAudio("not-audio", "headerless, only its suffix suggests samples"))
        # libsndfile is slower, and refuses unusual granule positions
        if file.subtype == "OPUS" and ffmpeg.is_installed():
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
    large_loss = ""
    if counted.damaged_bytes > TOLERATED_SHARE * os.path.getsize(path):
        large_loss = f"{counted.damaged_bytes:,} damaged bytes"
    if missing > TOLERATED_SHARE or large_loss:
        damage = f"{counted.damaged_bytes:,} damaged bytes"
        if missing > TOLERATED_SHARE:
            damage = f"of the {counted.stated_samples / counted.rate:.1f} s in its header, {damage}"
        refused = UnreadableAudio("truncated", f"{counted.samples / counted.rate:.1f} s {damage}")
        lost_seconds = max(counted.stated_samples - counted.samples, 0) / counted.rate
        raise NeedsFfmpegError("", refused, seekable=False, lost_seconds=lost_seconds, large_loss=large_loss)
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


def sndfile_verdict(
    file: soundfile.SoundFile, got: int, failure: str = "", lost: int = 0, large_loss: str = ""
) -> Verdict:
    """Return the verdict on a file that libsndfile read.

    Args:
        file: The open file.
        got: Number of samples read.
        failure: Error of the decoder at which it stopped; empty if it did not.
        lost: Number of samples that are in its header but missing.
        large_loss: Sign that more than a twentieth is lost; empty if there is none.
    """
    seconds, kind = got / file.samplerate, f"{file.format.lower()} ({file.subtype.lower()})"
    damaged_at = (round(seconds, 1),) if failure and not lost else ()
    return Verdict(seconds, "libsndfile", kind, damaged_at, lost / file.samplerate, large_loss=large_loss)


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
        if not peak_of(block) <= LOUDEST:  # also true for NaN
            where = f"between {got / file.samplerate:.1f} s and {(got + len(block)) / file.samplerate:.1f} s"
            raise UnreadableAudio("non-finite", f"NaN, infinity or more than {LOUDEST:.0e} times full scale {where}")
        # mean over the channels as a product, which is several times as fast
        blocks.append(block[:, 0] if file.channels == 1 else block @ share_C)
    return blocks, failure


def _lost_frames(file: soundfile.SoundFile, got: int, max_frames: int, failure: str) -> int:
    """Compare the number of samples read with the header; return the number missing, or 0 if it is negligible.

    Raises:
        UnreadableAudio: There are no samples.
    """
    stated = _stated_frames(file.frames, file.extra_info)
    expected = min(stated, max_frames)
    lost = stated - got if expected - got > max(NAMED_SHARE * expected, _TOLERATED_FRAMES) else 0
    cause = f" ({failure})" if failure else ""
    if got == 0 and (lost or failure == NO_END_MARK):
        raise UnreadableAudio("truncated", f"0.0 s of the {stated / file.samplerate:.1f} s it states{cause}")
    if got == 0:
        raise UnreadableAudio("empty", f"a header but no samples{cause}")
    return lost


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
