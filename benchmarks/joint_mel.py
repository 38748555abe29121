"""Speed of mel extraction, and where its time goes: decoder, resampler, spectrogram, or the package around them.

Files are generated as Ogg Vorbis and MP3, stereo at 44.1 kHz, or given. Everything runs in one process on one thread,
so that CPU seconds are those of one core. `python -m benchmarks.joint_mel --help` lists the options.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import soundfile
import soxr
import torch
from jsonargparse import auto_cli

from benchmarks.corpora import alone, peak_memory
from mwe.audio.decoder_process import DecoderProcess
from mwe.audio.extract import extract_mels
from mwe.audio.logmel import LogMel
from mwe.audio.store import MelStore
from mwe.core.files import write_json

RATE, FORMATS = 44_100, ("ogg", "mp3")


class Clock:
    """CPU seconds by kind of work; work inside other clocked work counts for the inner kind alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside: list[float] = []

    def timed(self, kind: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, clocked."""

        def run(*given: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            before = time.process_time()
            try:
                return work(*given, **named)
            finally:
                spent = time.process_time() - before
                self.seconds[kind] = self.seconds.get(kind, 0.0) + spent - self._inside.pop()
                if self._inside:
                    self._inside[-1] += spent

        return run


def generate(folder: Path, clips: int, seconds: float) -> None:
    """Chords that change every half second over a noise of drums; both formats."""
    rng = np.random.default_rng(0)
    at = np.arange(int(seconds * RATE)) / RATE
    for clip in range(clips):
        pitches = 55 * 2 ** (rng.integers(0, 48, (int(seconds * 2) + 1, 3)) / 12)
        phase_3N = 2 * np.pi * np.cumsum(pitches[(at * 2).astype(int)].T, axis=1) / RATE
        chords = sum(np.sin(part * phase_3N) / part for part in range(1, 6)).sum(axis=0)
        drums = rng.standard_normal(len(at)) * np.exp(-12 * (at % 0.25))
        stereo = np.stack([chords + drums, 0.7 * chords + 1.2 * drums], axis=1)
        for ending in FORMATS:
            soundfile.write(folder / f"{clip}.{ending}", 0.8 * stereo / np.abs(stereo).max(), RATE)


def extraction(files: Sequence[Path], out: Path, repeats: int) -> dict[str, Any]:
    """Extract files, each several times: how many times faster than real time, and the share of each kind of work."""
    torch.set_num_threads(1)
    clock = Clock()
    clocked: list[tuple[Any, str, str]] = [
        (soundfile.SoundFile, "__init__", "decoder"),
        (soundfile.SoundFile, "read", "decoder"),
        (soxr, "resample", "resampler"),
        (LogMel, "forward", "spectrogram"),
    ]
    with ExitStack() as stack:
        # the clocks see this process alone, so files are decoded in it
        stack.enter_context(mock.patch.object(DecoderProcess, "call", lambda _, read, path, **how: read(path, **how)))
        for owner, name, kind in clocked:
            stack.enter_context(mock.patch.object(owner, name, _method(clock.timed(kind, getattr(owner, name)))))
        before = time.process_time()
        tracks = [(f"{path.name} {repeat}", path) for repeat in range(repeats) for path in files]
        extract_mels(tracks, out, workers=0, accelerator="cpu")
        cpu_s = time.process_time() - before
    settings = MelStore.open(out).settings
    seconds = float(MelStore.open(out).frames().sum()) * settings.hop_length / settings.sample_rate
    shares = {kind: spent / cpu_s for kind, spent in clock.seconds.items()}
    return {
        "audio_seconds": seconds,
        "cpu_seconds": cpu_s,
        "times_real_time": seconds / cpu_s,
        "shares": {**shares, "rest": 1 - sum(shares.values())},
        "share_of_libraries": sum(shares.values()),
        "peak_mb": peak_memory(),
    }


def _method(work: Callable[..., Any]) -> Callable[..., Any]:
    """A plain function, which binds to its object as a method does."""
    return lambda *given, **named: work(*given, **named)


def measure(
    clips: int = 10,
    seconds: float = 30.0,
    repeats: int = 16,
    folder: Path | None = None,
    out: str = "outputs/benchmarks/joint_mel.json",
) -> None:
    """Measure the extraction of Ogg Vorbis and of MP3; prints and writes JSON.

    Args:
        clips: Clips to generate in each format.
        seconds: Length of a clip.
        repeats: How often each file is extracted, so that the start of the trainer weighs little.
        folder: Folder with audio files to be measured instead, all ``.ogg`` and ``.mp3`` below it.
        out: The JSON file.
    """
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        if folder is None:
            alone(generate, made, clips, seconds)
        for ending in FORMATS:
            files = sorted((folder or made).rglob(f"*.{ending}"))
            if files:
                figures[ending] = alone(extraction, files, made / ending, repeats)
    write_json(Path(out), figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    auto_cli(measure, as_positional=False)
