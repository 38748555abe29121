"""Read whole files with FFmpeg: those that libsndfile does not read, or reads wrongly."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from mwe.audio.ffmpeg import choose_stream, open_container
from mwe.audio.ffmpeg_packets import GAP_SECONDS, AudioPackets
from mwe.audio.sample_blocks import SampleBlocks
from mwe.audio.verdict import NAMED_SHARE, TOLERATED_SHARE, UnreadableAudio, Verdict

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
            UnreadableAudio: More than a twentieth is missing, nothing can be decoded, or a sample is not finite.
        """
        blocks = SampleBlocks(keep)
        damages: list[int] = []
        lost, failed, expected = 0, 0, None
        for block in self.packets.decode():
            failed += block.failed
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
        self._require_few_failures(failed)
        return blocks, self.verdict(blocks.count, lost, damages)

    def verdict(self, samples: int, lost: int = 0, damages: Sequence[int] = ()) -> Verdict:
        """Compare a number of samples with the length that the container states.

        Args:
            samples: Samples of the sound.
            lost: Samples that are missing between them.
            damages: Positions of damage, in samples.

        Raises:
            UnreadableAudio: There are no samples, or more than a twentieth is missing.
        """
        self._require_end_mark(samples)
        if not samples:
            raise UnreadableAudio("empty", f"{self.stream.kind} has no samples that can be decoded")
        seconds = samples / self.rate
        stated = min(self._stated_seconds(), self.max_samples / self.rate)
        missing = max(stated - seconds, lost / self.rate, 0.0)
        if missing > max(TOLERATED_SHARE * (seconds + missing), _TOLERATED_SECONDS):
            detail = f"{seconds:.1f} s of the {seconds + missing:.1f} s of the {self.stream.kind}"
            raise UnreadableAudio("truncated", detail)
        if missing <= max(NAMED_SHARE * stated, _TOLERATED_SECONDS):
            missing = 0.0
        damaged_at = tuple(sorted({round(sample / self.rate, 1) for sample in damages}))
        return Verdict(seconds, "FFmpeg", self.stream.kind, damaged_at, missing, self.stream.choice)

    def _require_few_failures(self, failed: int) -> None:
        """Require that the decoder refused few packets."""
        count = len(self.packets)
        share = failed / max(count, 1)
        if share > _NOISE_SHARE and failed > _NOISE_PACKETS:
            raise UnreadableAudio("not-audio", f"{failed} of {count} packets of the {self.stream.kind} are noise")
        if share > TOLERATED_SHARE:
            raise UnreadableAudio("truncated", f"{failed} of {count} packets of the {self.stream.kind} are damaged")

    def _require_end_mark(self, samples: int) -> None:
        """Require that the last page of an Ogg stream is marked as the last, which a cut file lacks."""
        if self._container.format.name != "ogg" or samples >= self.max_samples:
            return
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(max(0, size - _OGG_PAGE))
        tail = self._file.read()
        page = tail.rfind(b"OggS")
        if page < 0 or len(tail) < page + 6 or not tail[page + 5] & _OGG_LAST:
            seconds = samples / self.rate
            raise UnreadableAudio("truncated", f"the stream stops after {seconds:.1f} s without its end mark")

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
