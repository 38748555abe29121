"""CPU seconds to listen to a song of four minutes: the open model, beside the published extractor over the whole song.

The peer is `musicnn`'s extractor rebuilt with librosa and PyTorch: load the whole file at 16 kHz, its log-mel
spectrogram, patches of 3 s without overlap, each through the network. It is timed with one network, as published, and
with the two that the open model listens through. Songs are generated, and written as MP3 and FLAC. Every measurement is
of a warm process on one thread; rounds are interleaved, figures are medians. Prints JSON.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import librosa
import numpy as np
import soundfile
import torch
from jsonargparse import auto_cli

from mwe.core.files import write_json
from mwe.encoders import Musicnn
from mwe.encoders.tower import FRONT_END
from mwe.search.embed import embed_files
from mwe.search.model import TrainedModel

RATE, SECONDS = 44_100, 240
PATCH = 187  # frames of 3 s
KINDS = ("mp3", "flac")


def song(path: Path, seconds: int) -> None:
    """Write a song: chords that change every two seconds, and noise for a beat, in stereo."""
    rng = np.random.default_rng(0)
    time_N = np.arange(seconds * RATE) / RATE
    pitch_N = 110 * 2 ** (rng.integers(0, 36, seconds // 2 + 1)[(time_N // 2).astype(int)] / 12)
    chord_N = sum(np.sin(2 * np.pi * ratio * pitch_N * time_N) for ratio in (1, 1.25, 1.5))
    beat_N = rng.standard_normal(len(time_N)) * np.exp(-8 * (time_N % 0.5))
    wave_N2 = np.stack([0.15 * chord_N + 0.1 * beat_N, 0.15 * chord_N + 0.08 * beat_N], axis=1)
    soundfile.write(path, wave_N2.astype(np.float32), RATE, format=path.suffix[1:].upper())


@torch.inference_mode()
def published_extractor(path: Path, networks: Sequence[Musicnn]) -> None:
    """Do as the published extractor does, without the overflow of its 16-bit spectrogram."""
    wave_N, rate = librosa.load(path, sr=int(FRONT_END["sample_rate"]))
    power_MF = librosa.feature.melspectrogram(
        y=wave_N, sr=rate, n_fft=int(FRONT_END["n_fft"]), hop_length=int(FRONT_END["hop_length"]), n_mels=96
    )
    mel_FM = torch.from_numpy(np.log10(1 + 1e4 * power_MF).astype(np.float32).T)
    patches_BFM = mel_FM[: len(mel_FM) // PATCH * PATCH].view(-1, PATCH, mel_FM.shape[1])
    for network in networks:
        for batch_BFM in patches_BFM.split(1):
            network(batch_BFM)


def listening(rounds: int = 3, seconds: int = SECONDS, out: Path | None = None) -> None:
    """Time both, print and write the figures.

    Args:
        rounds: Times that each is measured.
        seconds: Length of the songs.
        out: File to write as well.
    """
    torch.set_num_threads(1)
    model = TrainedModel("open")
    networks = [Musicnn.pretrained(collection, output="probabilities") for collection in ("msd", "mtt")]
    jobs: dict[str, Callable[[Path], object]] = {
        "open_model": lambda path: embed_files(model, [path]),
        "extractor_one_network": lambda path: published_extractor(path, networks[:1]),
        "extractor_two_networks": lambda path: published_extractor(path, networks),
    }
    spent: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in jobs} for kind in KINDS}
    with TemporaryDirectory() as folder:
        for kind in KINDS:
            song(Path(folder) / f"song.{kind}", seconds)
        for number in range(rounds + 1):
            for kind in KINDS:
                for name, job in jobs.items():
                    before = time.process_time()
                    job(Path(folder) / f"song.{kind}")
                    if number:  # the first round warms up
                        spent[kind][name].append(time.process_time() - before)
    result = {}
    for kind, by_job in spent.items():
        figures = {name: median(times) for name, times in by_job.items()}
        ratios = {
            f"ratio_{name}": figures[name] / figures["open_model"] for name in figures if name.startswith("extractor")
        }
        result[kind] = {**{f"{name}_seconds": value for name, value in figures.items()}, **ratios}
    print(json.dumps(result, indent=1))
    if out is not None:
        write_json(out, result)


if __name__ == "__main__":
    auto_cli(listening, as_positional=False)
