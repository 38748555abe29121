"""Read whole files with FFmpeg: those that libsndfile does not read, or reads wrongly."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from mwe.audio.ffmpeg import choose_stream, open_container
from mwe.audio.ffmpeg_packets import GAP_SECONDS, AudioPackets
from mwe.audio.sample_blocks import SampleBlocks
from mwe.audio.verdict import NAMED_SHARE, NO_END_MARK, TOLERATED_SHARE, UnreadableAudio, Verdict

_TOLERATED_SECONDS = 0.1
_NOISE_SHARE, _NOISE_PACKETS = 0.4, 8
_OGG_PAGE = 1 << 17  # a page has at most 65,307 bytes
_OGG_LAST = 4
# the other containers estimate their length from the bit rate or from the last timestamp in the file
_STATE_THEIR_LENGTH = frozenset({
    "mov,mp4,m4a,3gp,3g2,mj2", "flac", "wav", "aiff", "caf", "wv", "ape", "tta", "asf", "w64", "matroska,webm",
    "mpc", "mpc8", "dsf", "ogg",
})  # fmt: skip


class FfmpegSound:
    """Sound of a file, open for FFmpeg; a context manager.

    Args:
        path: The file.
        max_seconds: Longer files are read up to this point.

    Attributes:
        stream: The audio stream.
        rate: Its sample rate in Hz.
        max_samples: ``max_seconds`` in samples.
        packets: Its packets.

    Raises:
        UnreadableAudio: FFmpeg finds no audio in the file, or the audio is encrypted.
        MissingDataError: The extra ``formats`` is not installed.

    Examples:
        >>> import numpy as np, soundfile
        >>> soundfile.write("tone.wav", np.full(800, 0.5), 8000)
        >>> with FfmpegSound("tone.wav", max_seconds=60) as sound:
        ...     blocks, verdict = sound.whole()
        >>> blocks.wave().shape, verdict.seconds, str(verdict)
        ((800,), 0.1, 'ok')
    """

    def __init__(self, path: str | Path, max_seconds: float) -> None:
        self._file = open(path, "rb")  # noqa: SIM115
        try:
            self._container = open_container(self._file)
            try:
                self.stream = choose_stream(self._container, self._file)
                self.rate = self.stream.rate
                self.max_samples = int(max_seconds * self.rate)
                self.packets = AudioPackets(self._container, self.stream, self.max_samples)
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

    def whole(self, keep: bool = True) -> tuple[SampleBlocks, Verdict]:
        """Decode every packet; return the samples and the verdict on damage that was skipped.

        Args:
            keep: Whether to keep the samples, or only to count them.

        Raises:
            UnreadableAudio: Nothing can be decoded, or a sample is not finite.
        """
        blocks = SampleBlocks(keep)
        damages: list[int] = []
        lost, failed, expected = 0, 0, None
        for block in self.packets.decode():
            failed += block.failed and block.packet < len(self.packets) - 1  # a cut file ends within a packet
            start = expected if block.start is None else block.start
            gap = 0 if expected is None or start is None else start - expected
            if block.failed or block.packet in self.packets.damaged or gap > GAP_SECONDS * self.rate:
                damages.append(blocks.count)
                lost += max(gap, 0)
            blocks.append(block.samples[: self.max_samples - blocks.count])
            if not block.failed:
                expected = None if start is None else start + len(block.samples)
            if blocks.count >= self.max_samples:
                break
        large_loss = self._many_failures(failed)
        return blocks, self.verdict(blocks.count, lost, damages, large_loss)

    def verdict(self, samples: int, lost: int = 0, damages: Sequence[int] = (), large_loss: str = "") -> Verdict:
        """Compare a number of samples with the length that the container states.

        Args:
            samples: Samples of the sound.
            lost: Samples that are missing between them.
            damages: Positions of damage, in samples.
            large_loss: Sign that more than a twentieth is lost; empty if there is none.

        Raises:
            UnreadableAudio: There are no samples.
        """
        large_loss = large_loss or self._missing_end_mark(samples)
        seconds, stated = samples / self.rate, self._stated_seconds()
        allowance = max(NAMED_SHARE * stated, _TOLERATED_SECONDS)
        missing = max(min(stated, self.max_samples / self.rate) - seconds, 0.0)
        ends_early = missing > allowance
        missing = max(stated - seconds if ends_early else 0.0, lost / self.rate)
        if missing <= allowance:
            missing = 0.0
        if not samples:
            if missing or large_loss:
                raise UnreadableAudio("truncated", f"nothing of the {self.stream.kind} can be decoded")
            raise UnreadableAudio("empty", f"{self.stream.kind} has no samples that can be decoded")
        if ends_early or large_loss:  # the last packet of a cut file is not whole
            damages = [sample for sample in damages if seconds - sample / self.rate > _TOLERATED_SECONDS]
        damaged_at = tuple(sorted({round(sample / self.rate, 1) for sample in damages}))
        kind, choice = self.stream.kind, self.stream.choice
        return Verdict(seconds, "FFmpeg", kind, damaged_at, missing, choice, large_loss=large_loss)

    def _many_failures(self, failed: int) -> str:
        """Return how many packets the decoder refused; empty if they are few.

        Raises:
            UnreadableAudio: It refused so many that the packets are noise.
        """
        count = len(self.packets)
        share = failed / max(count, 1)
        if share > _NOISE_SHARE and failed > _NOISE_PACKETS:
            raise UnreadableAudio("not-audio", f"{failed} of {count} packets of the {self.stream.kind} are noise")
        return f"{failed} of {count} packets are damaged" if share > TOLERATED_SHARE else ""

    def _missing_end_mark(self, samples: int) -> str:
        """Return the sign of a cut Ogg stream, whose last page is not marked as the last; empty if it is."""
        if self._container.format.name != "ogg" or samples >= self.max_samples:
            return ""
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(max(0, size - _OGG_PAGE))
        tail = self._file.read()
        page = tail.rfind(b"OggS")
        return "" if page >= 0 and len(tail) > page + 5 and tail[page + 5] & _OGG_LAST else NO_END_MARK

    def _stated_seconds(self) -> float:
        """Return the length that the container states; 0 if it states none or estimates it."""
        name, stream = self._container.format.name, self.stream.stream
        duration = stream.duration or 0
        if name not in _STATE_THEIR_LENGTH:
            return 0.0
        if name == "ogg":  # counts from timestamp 0, not from the start of the sound
            duration -= stream.start_time or 0
        if duration and stream.time_base:
            return float(duration * stream.time_base)
        # the container's length includes pictures, which may last longer than the sound
        return 0.0 if self._container.streams.video else (self._container.duration or 0) / 1e6
