"""Copies of a recording: how near they lie to it when they are softer, louder, compressed, resampled or begin later.

Every recording of a folder is written anew in five ways and embedded beside itself. Prints a table of cosines, and the
cosine of two different recordings. `python -m benchmarks.rips data/audio_clips/audio`.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from jsonargparse import auto_cli

from mwe.search.embed import embed_readable
from mwe.search.model import TrainedModel
from mwe.search.sources import AUDIO

Wave = npt.NDArray[np.float32]
UNUSABLE = "Leave it out of the folder."
LEAD_IN, LOW_RATE = 1.2, 16_000  # seconds, Hz


def _write(path: Path, wave: Wave, rate: int) -> None:
    soundfile.write(path, wave, rate, subtype="FLOAT")


def _softer(path: Path, wave: Wave, rate: int) -> None:
    _write(path, wave * np.float32(10 ** (-12 / 20)), rate)


def _louder(path: Path, wave: Wave, rate: int) -> None:
    _write(path, np.clip(wave * np.float32(10 ** (6 / 20)), -1, 1), rate)


def _compressed(path: Path, wave: Wave, rate: int) -> None:
    soundfile.write(path, wave, rate, format="MP3", bitrate_mode="CONSTANT", compression_level=0.5)


def _resampled(path: Path, wave: Wave, rate: int) -> None:
    _write(path, soxr.resample(wave, rate, LOW_RATE), LOW_RATE)


def _later(path: Path, wave: Wave, rate: int) -> None:
    _write(path, np.concatenate([np.zeros((round(LEAD_IN * rate), *wave.shape[1:]), np.float32), wave]), rate)


COPIES: dict[str, Callable[[Path, Wave, int], None]] = {
    "12 dB softer": _softer,
    "6 dB louder, clipped": _louder,
    "MP3": _compressed,
    "at 16 kHz": _resampled,
    "1.2 s of silence before": _later,
}


def rips(folder: Path, model: Path = Path("open")) -> None:
    """Print the cosines of recordings with copies of themselves.

    Args:
        folder: Folder of recordings.
        model: The model.
    """
    trained = TrainedModel(model)
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO)
    with TemporaryDirectory() as temporary:
        plain: list[Path] = []
        copies: dict[str, list[Path]] = {name: [] for name in COPIES}
        for number, path in enumerate(paths):
            wave, rate = soundfile.read(path, dtype="float32")
            plain.append(Path(temporary) / f"{number}.wav")
            _write(plain[-1], wave, rate)
            for name, write in COPIES.items():
                copies[name].append(Path(temporary) / f"{number}-{name}{'.mp3' if name == 'MP3' else '.wav'}")
                write(copies[name][-1], wave, rate)
        unit_ND = embed_readable(trained, plain, UNUSABLE).vector_ND
        print(f"| copy of {len(paths)} recordings | median | least |\n|---|---|---|")
        for name, written in copies.items():
            cosine_N = (unit_ND * embed_readable(trained, written, UNUSABLE).vector_ND).sum(axis=1)
            print(f"| {name} | {np.median(cosine_N):.4f} | {cosine_N.min():.4f} |")
    others = (unit_ND @ unit_ND.T)[np.triu_indices(len(unit_ND), 1)]
    print(f"two different recordings: median {np.median(others):.4f}")


if __name__ == "__main__":
    auto_cli(rips, as_positional=True)
