"""Packets of an audio stream: FFmpeg lists them without decoding, and decodes them to mono samples.

The list gives the true length of the sound, whatever a header claims. It also gives the position of every packet, so
that an excerpt is decoded from its own packets only.

Suffixes: C channels, N samples.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

from mwe.audio.ffmpeg import AudioStream, load_pyav
from mwe.audio.sample_blocks import LOUDEST
from mwe.audio.verdict import UnreadableAudio

Mono = npt.NDArray[np.float32]

GAP_SECONDS = 0.1
"""A timestamp that differs by more is a gap; some containers round timestamps to milliseconds."""

_MAX_BYTES = 1 << 30
_MAX_ERRORS = 500
_SAMPLE_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_TAG_MARKS = (b"ID3", b"TAG", b"APETAGEX")


class SampleBlock(NamedTuple):
    """Samples decoded from a packet.

    Attributes:
        packet: Index of the packet.
        samples: Mono samples, shape (N,); empty if decoding failed.
        start: Position of the first sample according to its timestamp, in samples; None if there is no timestamp.
        failed: Whether the decoder refused the packet.
    """

    packet: int
    samples: Mono
    start: int | None
    failed: bool = False


class AudioPackets:
    """Packets of an audio stream up to a maximum length.

    Args:
        container: PyAV's container.
        stream: Its audio stream.
        max_samples: Packets that start more than a second beyond this many samples are not listed.

    Attributes:
        packets: PyAV's packets.
        starts: Position of each packet according to its timestamp, in samples.
        damaged: Indices of the packets that are damaged or follow damaged data.
    """

    def __init__(self, container: Any, stream: AudioStream, max_samples: int) -> None:
        self._av = load_pyav()
        self._stream, self._codec, self._rate = stream, stream.codec, stream.rate
        self.packets: list[Any] = []
        self.starts: list[int] = []
        self.damaged: set[int] = set()
        self._list(container, max_samples)

    def __len__(self) -> int:
        return len(self.packets)

    def _list(self, container: Any, max_samples: int) -> None:
        """Read the packets without decoding them."""
        packets = container.demux(self._stream.stream)
        expected, size, errors = 0, 0, 0
        while errors < _MAX_ERRORS:
            try:
                packet = next(packets, None)
            except (self._av.FFmpegError, ValueError, OverflowError, MemoryError):
                errors += 1
                self.damaged.add(len(self.packets))
                packets = container.demux(self._stream.stream)
                continue
            if packet is None:
                break
            if not packet.size:
                continue
            timestamp = packet.pts if packet.pts is not None else packet.dts
            start = expected if timestamp is None else self._samples(timestamp)
            expected = start + self._samples(packet.duration or 0)
            if packet.is_corrupt:
                self.damaged.add(len(self.packets))
            self.packets.append(packet)
            self.starts.append(start)
            size += packet.size
            if start - self.starts[0] > max_samples + self._rate or size > _MAX_BYTES:
                break

    def _samples(self, ticks: int) -> int:
        """Convert units of the timestamps to samples."""
        return round(ticks * self._stream.samples_per_tick)

    def durations(self) -> list[int]:
        """Return the stated duration of each packet in samples; 0 where none is stated."""
        return [self._samples(packet.duration or 0) for packet in self.packets]

    def decode(self, first: int = 0) -> Iterator[SampleBlock]:
        """Decode the packets from index ``first`` on, and yield their samples.

        Raises:
            UnreadableAudio: A sample is NaN, infinite or far beyond full scale.
        """
        self._codec.flush_buffers()
        errors = 0
        for index in range(first, len(self.packets) + 1):
            try:
                # None after the last packet asks for the samples that the decoder still holds
                frames = self._codec.decode(self.packets[index] if index < len(self.packets) else None)
            except (self._av.FFmpegError, ValueError, OverflowError, MemoryError):
                errors += 1
                if errors > _MAX_ERRORS:
                    return
                # joined files have tags between them, which are no damage
                failed = index < len(self.packets) and not bytes(self.packets[index]).startswith(_TAG_MARKS)
                yield SampleBlock(index, np.zeros(0, np.float32), None, failed)
                continue
            for frame in frames:
                start = None if frame.pts is None else round(frame.pts * frame.time_base * self._rate)
                yield SampleBlock(index, self._mono(frame), start)

    def _mono(self, frame: Any) -> Mono:
        """Return the samples of a frame, averaged over its channels, at the rate of the stream."""
        samples_CN = self._channels(frame)
        kind = samples_CN.dtype
        mean = samples_CN[0] if len(samples_CN) == 1 else samples_CN.mean(axis=0, dtype=np.float32)
        mono: Mono = mean.astype(np.float32, copy=False)
        if kind == np.uint8:
            mono = (mono - np.float32(128)) / np.float32(128)
        elif kind.kind == "i":
            mono = mono * np.float32(0.5 ** (8 * kind.itemsize - 1))
        if len(mono) and not max(mono.max(), -mono.min()) <= LOUDEST:  # also true for NaN
            raise UnreadableAudio("non-finite", f"NaN, infinity or more than {LOUDEST:.0e} times full scale")
        if frame.sample_rate not in (0, self._rate):  # joined files may differ in rate
            mono = soxr.resample(mono, frame.sample_rate, self._rate, quality="HQ")
        return mono

    def _channels(self, frame: Any) -> npt.NDArray[Any]:
        """Return the samples of a frame by channel, shape (C, N).

        PyAV's own ``to_ndarray`` reads beyond the memory of a frame with eight channels or more.
        """
        kind, channels = np.dtype(_SAMPLE_TYPES[frame.format.name.removesuffix("p")]), max(1, frame.layout.nb_channels)
        plane = self._av.audio.plane.AudioPlane
        if not frame.format.is_planar:
            packed: npt.NDArray[Any] = np.frombuffer(plane(frame, 0), kind, frame.samples * channels)
            return packed.reshape(frame.samples, channels).T
        return np.stack([np.frombuffer(plane(frame, channel), kind, frame.samples) for channel in range(channels)])
