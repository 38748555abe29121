"""Sound by FFmpeg through PyAV: what libsndfile does not read, and what it reads wrongly.

The packets of a file are listed without decoding them. That tells its true length, whatever a header claims, and the
place of every packet, so that an excerpt is decoded from the packets it lies in.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

from mwe.audio.sample_blocks import SampleBlocks
from mwe.audio.verdict import UnreadableAudio, Verdict
from mwe.core.errors import MissingDataError
from mwe.core.extras import require_extra

LOUDEST = 1e6
"""Full scale is 1; beyond this a power spectrum nears the limits of float32."""

_PRE_ROLL_SECONDS = 0.3  # for the bit reservoir of MP3, the 80 ms of Opus and the overlap of the others
_PRE_ROLL_PACKETS = 2
_NEEDS_NO_PRE_ROLL = frozenset({"flac", "alac", "tta", "ape", "wavpack"})
_GAP_SECONDS = 0.1  # timestamps of some containers are rounded to milliseconds
_HEAD_PACKETS = 12
_FRAME_TICKS = 256
_COVERED_SECONDS = 0.002
_MAX_BYTES = 1 << 30
_MAX_ERRORS = 500
_TOLERATED_SHARE = 0.05
_TOLERATED_SECONDS = 0.1
_NAMED_SHARE = 0.01
_NOISE_SHARE, _NOISE_PACKETS = 0.4, 8
_OGG_PAGE = 1 << 17  # a page has at most 65,307 bytes
_OGG_LAST = 4
# others estimate it from the bit rate or from the last timestamp in the file
_STATE_THEIR_LENGTH = frozenset({
    "mov,mp4,m4a,3gp,3g2,mj2", "flac", "wav", "aiff", "caf", "wv", "ape", "tta", "asf", "w64", "matroska,webm",
    "mpc", "mpc8", "dsf", "ogg",
})  # fmt: skip
_SAMPLE_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_TAG_MARKS = (b"ID3", b"TAG", b"APETAGEX")
_DRM_MARKS = (b"drms", b"enca", b"sinf")
_DRM = "protected against copying (DRM): only the shop's own player opens it"

Mono = npt.NDArray[np.float32]


class InexactSeekError(Exception):
    """The places of the packets in the sound cannot be told without decoding them all."""


class SampleBlock(NamedTuple):
    """What a packet gave.

    Attributes:
        packet: Its index.
        samples: Mono samples, shape (N,); none where decoding failed.
        start: Place that their timestamp states, in samples.
        failed: Whether the decoder refused the packet.
    """

    packet: int
    samples: Mono
    start: int | None
    failed: bool = False


class _Source:
    """An open file without its name, so that FFmpeg judges by content and names may have any length and bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read, self.tell = file.read, file.tell

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; -1 where a damaged header names one that there is not, which FFmpeg takes for an error."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -1


def is_installed() -> bool:
    """Whether PyAV is there."""
    try:
        load_pyav()
    except MissingDataError:
        return False
    return True


def load_pyav() -> Any:
    """PyAV, told to keep its decoders' lines to itself."""
    av = require_extra("av", "formats", "FFmpeg reads this file")
    av.logging.set_level(None)
    return av


def open_container(file: BinaryIO) -> Any:
    """An open file as PyAV's container.

    Raises:
        UnreadableAudio: FFmpeg knows no such container.
    """
    av = load_pyav()
    try:
        # a playlist in disguise opens nothing that it names
        options = {"protocol_whitelist": "none"}
        return av.open(_Source(file), mode="r", metadata_errors="replace", options=options)
    except (av.FFmpegError, ValueError, OverflowError, MemoryError, LookupError) as error:
        raise UnreadableAudio("not-audio", f"FFmpeg finds no sound in it ({type(error).__name__})") from error


class FfmpegSound:
    """The sound of one file, to be used as a context.

    Args:
        path: The file.
        max_seconds: Sound beyond is not read.

    Raises:
        UnreadableAudio: FFmpeg finds no sound in the file, or it is encrypted.
    """

    def __init__(self, path: str | Path, max_seconds: float) -> None:
        self._av = load_pyav()
        self._file = open(path, "rb")  # noqa: SIM115
        try:
            self._container = open_container(self._file)
            try:
                self._choose_stream()
                self._max_samples = int(max_seconds * self.rate)
                self._list_packets()
            except BaseException:
                self._container.close()
                raise
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "FfmpegSound":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()
        self._file.close()

    def _choose_stream(self) -> None:
        """Take the default audio stream, or the first."""
        streams = self._container.streams.audio
        container = self._container.format.name.split(",")[0]
        if not streams:
            head = os.pread(self._file.fileno(), 1 << 16, 0) if hasattr(os, "pread") else b""
            if any(mark in head for mark in _DRM_MARKS):
                raise UnreadableAudio("encrypted", _DRM)
            raise UnreadableAudio("not-audio", f"{container} without an audio stream that FFmpeg decodes")
        self._stream = next((stream for stream in streams if stream.disposition.value & 1), streams[0])
        place = [stream.index for stream in streams].index(self._stream.index) + 1
        self.stream = f"audio stream {place} of {len(streams)}" if len(streams) > 1 else ""
        for stream in self._container.streams:
            if stream.index != self._stream.index:
                stream.discard = self._av.stream.Discard.all
        context = self._stream.codec_context
        keys = " ".join((*self._container.metadata, *self._stream.metadata)).lower()
        if context is None or (self._stream.codec_tag or "") in ("drms", "enca") or "drm" in keys or "enc_key" in keys:
            if context is None:
                raise UnreadableAudio("not-audio", f"{container} of a codec unknown to FFmpeg")
            raise UnreadableAudio("encrypted", _DRM)
        self.kind = f"{container} ({context.name})"
        self._codec = context
        context.thread_count = 1
        self.rate = int(context.sample_rate or 0)
        if not 0 < self.rate <= 10_000_000:
            raise UnreadableAudio("not-audio", f"{self.kind} with a sample rate of {self.rate} Hz")
        self._scale = (self._stream.time_base or Fraction(1, self.rate)) * self.rate

    def _list_packets(self) -> None:
        """Read the packets up to the limit, without decoding them."""
        self._packets: list[Any] = []
        self._starts: list[int] = []
        self._damaged: set[int] = set()
        packets = self._container.demux(self._stream)
        expected, size, failures = 0, 0, 0
        while failures < _MAX_ERRORS:
            try:
                packet = next(packets, None)
            except (self._av.FFmpegError, ValueError, OverflowError, MemoryError):
                failures += 1
                self._damaged.add(len(self._packets))
                packets = self._container.demux(self._stream)
                continue
            if packet is None:
                break
            if not packet.size:
                continue
            stamp = packet.pts if packet.pts is not None else packet.dts
            start = expected if stamp is None else round(stamp * self._scale)
            expected = start + round((packet.duration or 0) * self._scale)
            if packet.is_corrupt:
                self._damaged.add(len(self._packets))
            self._packets.append(packet)
            self._starts.append(start)
            size += packet.size
            if start - self._starts[0] > self._max_samples + self.rate or size > _MAX_BYTES:
                break

    def _stated_seconds(self) -> float:
        """Length that the container states; 0 where it does not or only estimates it."""
        name, duration = self._container.format.name, self._stream.duration or 0
        if name not in _STATE_THEIR_LENGTH:
            return 0.0
        if name == "ogg":  # its last page says where it ends
            duration -= self._stream.start_time or 0
        if duration and self._stream.time_base:
            return float(duration * self._stream.time_base)
        # pictures may last longer than the sound
        return 0.0 if self._container.streams.video else (self._container.duration or 0) / 1e6

    def whole(self, keep: bool = True) -> tuple[SampleBlocks, Verdict]:
        """Every sample, and what was passed over.

        Args:
            keep: Whether to keep the samples, or only to count them.

        Raises:
            UnreadableAudio: More than a twentieth is missing, nothing is left, or samples are no numbers.
        """
        blocks = SampleBlocks(keep)
        damages: list[int] = []
        lost, failed, expected = 0, 0, None
        for block in self._decode(0):
            failed += block.failed
            start = expected if block.start is None else block.start
            gap = 0 if expected is None or start is None else start - expected
            if block.failed or block.packet in self._damaged or gap > _GAP_SECONDS * self.rate:
                damages.append(blocks.count)
                lost += max(gap, 0)
            blocks.append(block.samples[: self._max_samples - blocks.count])
            if not block.failed:
                expected = None if start is None else start + len(block.samples)
            if blocks.count >= self._max_samples:
                break
        share = failed / max(len(self._packets), 1)
        if share > _NOISE_SHARE and failed > _NOISE_PACKETS:
            raise UnreadableAudio("not-audio", f"{failed} of {len(self._packets)} packets of the {self.kind} are noise")
        if share > _TOLERATED_SHARE:
            raise UnreadableAudio(
                "truncated", f"{failed} of {len(self._packets)} packets of the {self.kind} are damaged"
            )
        self._require_end_mark(blocks.count)
        return blocks, self._verdict(blocks.count, lost, damages)

    def _require_end_mark(self, got: int) -> None:
        """The last page of an Ogg stream says that it is the last, but for a file that was cut."""
        if self._container.format.name != "ogg" or got >= self._max_samples:
            return
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(max(0, size - _OGG_PAGE))
        tail = self._file.read()
        page = tail.rfind(b"OggS")
        if page < 0 or len(tail) < page + 6 or not tail[page + 5] & _OGG_LAST:
            raise UnreadableAudio("truncated", f"the stream stops after {got / self.rate:.1f} s without its end mark")

    def _verdict(self, got: int, lost: int, damages: list[int]) -> Verdict:
        """Compare what was read with what the container states."""
        seconds = got / self.rate
        if not got:
            raise UnreadableAudio("empty", f"{self.kind} without a sample that can be decoded")
        stated = min(self._stated_seconds(), self._max_samples / self.rate)
        missing = max(stated - seconds, lost / self.rate, 0.0)
        if missing > max(_TOLERATED_SHARE * (seconds + missing), _TOLERATED_SECONDS):
            raise UnreadableAudio("truncated", f"{seconds:.1f} s of the {seconds + missing:.1f} s of the {self.kind}")
        if missing <= max(_NAMED_SHARE * stated, _TOLERATED_SECONDS):
            missing = 0.0
        places = tuple(sorted({round(place / self.rate, 1) for place in damages}))
        return Verdict(seconds, "FFmpeg", self.kind, places, missing, self.stream)

    def _decode(self, first: int) -> Iterator[SampleBlock]:
        """What the packets give from one on."""
        self._codec.flush_buffers()
        errors = 0
        for index in range(first, len(self._packets) + 1):
            try:
                # after the last packet, what the decoder held back
                frames = self._codec.decode(self._packets[index] if index < len(self._packets) else None)
            except (self._av.FFmpegError, ValueError, OverflowError, MemoryError):
                errors += 1
                if errors > _MAX_ERRORS:
                    return
                # between files that were joined there are tags
                failed = index < len(self._packets) and not bytes(self._packets[index]).startswith(_TAG_MARKS)
                yield SampleBlock(index, np.zeros(0, np.float32), None, failed)
                continue
            for frame in frames:
                start = None if frame.pts is None else round(frame.pts * frame.time_base * self.rate)
                yield SampleBlock(index, self._mono(frame), start)

    def _mono(self, frame: Any) -> Mono:
        """Samples of a frame averaged over its channels, at the rate of the stream."""
        samples_CN = self._channels(frame)
        kind = samples_CN.dtype
        mean = samples_CN[0] if len(samples_CN) == 1 else samples_CN.mean(axis=0, dtype=np.float32)
        mono: Mono = mean.astype(np.float32, copy=False)
        if kind == np.uint8:
            mono = (mono - np.float32(128)) / np.float32(128)
        elif kind.kind == "i":
            mono = mono * np.float32(0.5 ** (8 * kind.itemsize - 1))
        if len(mono) and not max(mono.max(), -mono.min()) <= LOUDEST:  # also when it is NaN
            raise UnreadableAudio("non-finite", f"NaN, infinity or more than {LOUDEST:.0e} times full scale")
        if frame.sample_rate not in (0, self.rate):  # files joined of several
            mono = soxr.resample(mono, frame.sample_rate, self.rate, quality="HQ")
        return mono

    def _channels(self, frame: Any) -> npt.NDArray[Any]:
        """Samples of a frame by channel.

        PyAV's own ``to_ndarray`` reads beyond the planes that there are where a frame has eight channels or more.
        """
        kind, channels = np.dtype(_SAMPLE_TYPES[frame.format.name.removesuffix("p")]), max(1, frame.layout.nb_channels)
        plane = self._av.audio.plane.AudioPlane
        if not frame.format.is_planar:
            packed: npt.NDArray[Any] = np.frombuffer(plane(frame, 0), kind, frame.samples * channels)
            return packed.reshape(frame.samples, channels).T
        return np.stack([np.frombuffer(plane(frame, channel), kind, frame.samples) for channel in range(channels)])

    def locate(self) -> int:
        """Find the places of the packets and the length of the sound in samples.

        Raises:
            InexactSeekError: They cannot be told.
        """
        count = len(self._packets)
        if self._damaged:
            raise InexactSeekError("damaged")
        inside = self._packets[1:-3]
        if any(packet.has_sidedata("skip_samples") for packet in inside):
            raise InexactSeekError("files joined")
        head = []
        for block in self._decode(0):
            head.append(block)
            if len(head) == _HEAD_PACKETS or block.failed:
                break
        if not head or any(block.failed or block.start is None for block in head):
            raise InexactSeekError("no timestamps")
        starts = np.array(self._starts)
        self._origin = head[0].start or 0
        self._first = head[0].packet
        lengths = {len(block.samples) for block in head[1:-1]}
        self._frame = 0
        # ticks that are parts of a sample, or whole frames
        exact = self._scale.numerator == 1 or (self._scale.denominator == 1 and self._scale >= _FRAME_TICKS)
        if (
            not exact
            and len(lengths) == 1
            and [block.packet for block in head] == list(range(self._first, self._first + len(head)))
        ):
            # timestamps are rounded: count frames of one length, if that agrees with them
            self._frame, self._lead = lengths.pop(), len(head[0].samples)
            counted = self._lead + (np.arange(self._first + 1, count) - self._first - 1) * self._frame
            if np.abs(starts[self._first + 1 :] - self._origin - counted).max(initial=0) > _GAP_SECONDS * self.rate:
                self._frame = 0
        if not exact and not self._frame:
            raise InexactSeekError("timestamps are rounded")
        durations = np.array([round((packet.duration or 0) * self._scale) for packet in self._packets])
        steps = np.diff(starts)
        if (steps < 0).any() or (
            durations.all() and np.abs(steps - durations[:-1])[1:].max(initial=0) > _GAP_SECONDS * self.rate
        ):
            raise InexactSeekError("timestamps jump")
        blocks, place = self._placed(self._pre_roll(count - 1), None)
        self.length = min(place + sum(len(block.samples) for block in blocks), self._max_samples)
        return self.length

    def _placed(self, first: int, end: int | None) -> tuple[list[SampleBlock], int]:
        """Blocks from a packet on until a place in the sound is reached, and the place of the first one."""
        blocks: list[SampleBlock] = []
        offsets: list[int] = []
        got = 0
        for block in self._decode(first):
            if not len(block.samples):
                continue
            if self._frame:
                behind = block.packet - self._first
                offset = (self._lead + (behind - 1) * self._frame if behind > 0 else 0) - got
            elif block.start is None:
                raise InexactSeekError("no timestamps")
            else:
                offset = block.start - self._origin - got
            offsets.append(offset)
            blocks.append(block)
            got += len(block.samples)
            # timestamps of Vorbis are wrong about its short blocks, so a few more than needed are asked
            if end is not None and min(offsets) + got >= end:
                break
        if not blocks:
            raise InexactSeekError("damaged")
        return blocks, round(float(np.median(offsets)))

    def _pre_roll(self, packet: int) -> int:
        """Packet to begin with so that a packet is decoded as in the whole."""
        if self._codec.name in _NEEDS_NO_PRE_ROLL:
            return max(packet, 0)
        before = bisect_right(self._starts, self._starts[packet] - int(_PRE_ROLL_SECONDS * self.rate)) - 1
        return max(0, min(before, packet - _PRE_ROLL_PACKETS))

    def excerpt(self, start: int, end: int) -> Mono:
        """Samples from one place of the sound to another, within its length, after ``locate``.

        Raises:
            InexactSeekError: A packet in between cannot be decoded.
        """
        wave = np.zeros(end - start, np.float32)
        covered = 0
        packet = max(0, bisect_right(self._starts, start + self._origin) - 2)
        if self._frame:
            packet = max(0, self._first + (start - self._lead) // self._frame)
        blocks, place = self._placed(self._pre_roll(packet), end)
        for block in blocks:
            low, high = max(place, start), min(place + len(block.samples), end)
            if low < high:
                wave[low - start : high - start] = block.samples[low - place : high - place]
                covered += high - low
            place += len(block.samples)
        if end - start - covered > _COVERED_SECONDS * self.rate:
            raise InexactSeekError("damaged")
        return wave

    def verdict(self) -> Verdict:
        """What the list of packets says, without decoding them all."""
        self._require_end_mark(self.length)
        return self._verdict(self.length, 0, [])
