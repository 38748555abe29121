"""Read excerpts of a file with FFmpeg: find their packets and decode only those."""

from bisect import bisect_right

import numpy as np

from mwe.audio.ffmpeg_packets import GAP_SECONDS, Mono, SampleBlock
from mwe.audio.ffmpeg_sound import FfmpegSound
from mwe.audio.verdict import Verdict

_PRE_ROLL_SECONDS = 0.3  # covers the bit reservoir of MP3, 80 ms of Opus and the overlap of other codecs
_PRE_ROLL_PACKETS = 2
_NEEDS_NO_PRE_ROLL = frozenset({"flac", "alac", "tta", "ape", "wavpack"})
_HEAD_PACKETS = 12
_FRAME_TICKS = 256
_COVERED_SECONDS = 0.002


class InexactSeekError(Exception):
    """The positions of packets in the sound cannot be told without decoding the whole file."""


class FfmpegExcerpts:
    """Excerpts of a sound that FFmpeg reads.

    Args:
        sound: The open sound.

    Attributes:
        rate: Sample rate in Hz.
        length: Length of the sound in samples.

    Raises:
        InexactSeekError: The positions of the packets cannot be told.
        UnreadableAudio: A sample is not finite.

    Examples:
        >>> import numpy as np, soundfile
        >>> soundfile.write("ramp.wav", np.linspace(0, 1, 8000), 8000, subtype="FLOAT")
        >>> with FfmpegSound("ramp.wav", max_seconds=60) as sound:
        ...     excerpts = FfmpegExcerpts(sound)
        ...     excerpts.length, excerpts.excerpt(4000, 4100).shape
        (8000, (100,))
    """

    def __init__(self, sound: FfmpegSound) -> None:
        self._sound, self._packets, self.rate = sound, sound.packets, sound.rate
        if self._packets.damaged:
            raise InexactSeekError("damaged")
        if any(packet.has_sidedata("skip_samples") for packet in self._packets.packets[1:-3]):
            raise InexactSeekError("joined from several files")
        head = self._decode_head()
        self._origin = head[0].start or 0
        self._first, self._first_length = head[0].packet, len(head[0].samples)
        samples_per_tick = sound.stream.samples_per_tick
        # ticks are parts of a sample, or whole frames
        exact = samples_per_tick.numerator == 1 or (
            samples_per_tick.denominator == 1 and samples_per_tick >= _FRAME_TICKS
        )
        self._frame_length = 0 if exact else self._constant_frame_length(head)
        if not exact and not self._frame_length:
            raise InexactSeekError("timestamps are rounded")
        self._require_steady_timestamps()
        blocks, start = self._decode_range(self._pre_roll(len(self._packets) - 1), None)
        self.length = min(start + sum(len(block.samples) for block in blocks), sound.max_samples)

    def _decode_head(self) -> list[SampleBlock]:
        """Return the first blocks of the sound, all with timestamps."""
        head = []
        for block in self._packets.decode():
            head.append(block)
            if len(head) == _HEAD_PACKETS or block.failed:
                break
        if not head or any(block.failed or block.start is None for block in head):
            raise InexactSeekError("no timestamps")
        return head

    def _constant_frame_length(self, head: list[SampleBlock]) -> int:
        """Return the samples per packet if they are constant and agree with the rounded timestamps; else 0."""
        lengths = {len(block.samples) for block in head[1:-1]}
        consecutive = list(range(self._first, self._first + len(head)))
        if len(lengths) != 1 or [block.packet for block in head] != consecutive:
            return 0
        frame_length = lengths.pop()
        following = np.arange(len(self._packets) - self._first - 1)
        counted = self._first_length + following * frame_length
        stated = np.array(self._packets.starts)[self._first + 1 :] - self._origin
        agree = np.abs(stated - counted).max(initial=0) <= GAP_SECONDS * self.rate
        return frame_length if agree else 0

    def _require_steady_timestamps(self) -> None:
        """Require that each timestamp follows from the previous one."""
        durations = np.array(self._packets.durations())
        steps = np.diff(self._packets.starts)
        if (steps < 0).any() or (
            durations.all() and np.abs(steps - durations[:-1])[1:].max(initial=0) > GAP_SECONDS * self.rate
        ):
            raise InexactSeekError("timestamps jump")

    def _decode_range(self, first: int, end: int | None) -> tuple[list[SampleBlock], int]:
        """Decode from packet ``first`` to sample ``end`` or the end; return blocks and position of the first sample."""
        blocks: list[SampleBlock] = []
        positions: list[int] = []  # of the first sample, according to each block
        decoded = 0
        for block in self._packets.decode(first):
            if not len(block.samples):
                continue
            if self._frame_length:
                behind = block.packet - self._first
                position = self._first_length + (behind - 1) * self._frame_length if behind > 0 else 0
            elif block.start is None:
                raise InexactSeekError("no timestamps")
            else:
                position = block.start - self._origin
            positions.append(position - decoded)
            blocks.append(block)
            decoded += len(block.samples)
            # timestamps of Vorbis are wrong at its short blocks, so decode until the earliest estimate reaches the end
            if end is not None and min(positions) + decoded >= end:
                break
        if not blocks:
            raise InexactSeekError("damaged")
        return blocks, round(float(np.median(positions)))

    def _pre_roll(self, packet: int) -> int:
        """Return the packet from which decoding must start so that ``packet`` sounds as in the whole."""
        if self._sound.stream.codec.name in _NEEDS_NO_PRE_ROLL:
            return max(packet, 0)
        starts = self._packets.starts
        before = bisect_right(starts, starts[packet] - int(_PRE_ROLL_SECONDS * self.rate)) - 1
        return max(0, min(before, packet - _PRE_ROLL_PACKETS))

    def excerpt(self, start: int, end: int) -> Mono:
        """Decode the samples from ``start`` to ``end``, within the length of the sound.

        Raises:
            InexactSeekError: A packet of the range cannot be decoded.
            UnreadableAudio: A sample is not finite.
        """
        wave = np.zeros(end - start, np.float32)
        covered = 0
        packet = max(0, bisect_right(self._packets.starts, start + self._origin) - 2)
        if self._frame_length:
            packet = max(0, self._first + (start - self._first_length) // self._frame_length)
        blocks, position = self._decode_range(self._pre_roll(packet), end)
        for block in blocks:
            low, high = max(position, start), min(position + len(block.samples), end)
            if low < high:
                wave[low - start : high - start] = block.samples[low - position : high - position]
                covered += high - low
            position += len(block.samples)
        if end - start - covered > _COVERED_SECONDS * self.rate:
            raise InexactSeekError("damaged")
        return wave

    def verdict(self) -> Verdict:
        """Return the verdict according to the list of packets, of which few are decoded.

        Raises:
            UnreadableAudio: The file is empty.
        """
        return self._sound.verdict(self.length)
