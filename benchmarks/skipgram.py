"""Both skip-gram trainers side by side: words per second, ratio and quality, each run in a process of its own.

On MTG-Jamendo's tags and IDs each trainer's rate is chosen with a fifth of the pairs of track and tag kept out of the
corpus, by query-by-tag on those pairs and tag rank together (``choose``), then both train on the whole corpus at their
own rate, turn by turn (``compare``). Quality is query-by-tag ROC-AUC (Table IV) and tag rank nDCG@30 (Table III).
``speed`` does the same for running text, whose lines are longer, without measuring quality. On a quiet machine:
`python -m benchmarks.skipgram choose && python -m benchmarks.skipgram compare`; `--help` lists the options.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import mean, median
from typing import Any, Literal

import numpy as np
import torch
from jsonargparse import auto_cli
from torch import Tensor
from torch.nn.functional import normalize

from mwe.core.files import read_json, write_json
from mwe.corpora import CorpusSettings, TextSource, WikiText, held_out_path, read_held_out, write_corpus
from mwe.metrics import TagLabels, query_by_tag, tag_rank
from mwe.tracks import JamendoTracks, TrackTags
from mwe.words import SkipGramSettings, WordVectors, train_skipgram

TrainerName = Literal["gensim", "torch"]
TRAINERS: tuple[TrainerName, ...] = ("gensim", "torch")
SPEEDS = ("words_per_second", "words_per_cpu_second")
HELD_OUT = 0.2
FOLDER = Path("outputs/benchmarks/skipgram")


@dataclass(frozen=True)
class Run:
    """One training.

    Args:
        trainer: ``gensim`` or ``torch``.
        rate: Learning rate at the start.
        sample: Threshold of sub-sampling.
        seed: Seed.
        corpus: The training file.
        dim: Dimensions.
        epochs: Passes.
        workers: Threads.
    """

    trainer: TrainerName
    rate: float
    sample: float
    seed: int
    corpus: Path
    dim: int = 300
    epochs: int = 15
    workers: int = 2


@dataclass(frozen=True)
class Size:
    """What all runs of a comparison share.

    Args:
        dim: Dimensions.
        epochs: Passes.
        workers: Threads.
    """

    dim: int = 300
    epochs: int = 15
    workers: int = 2


def tag_corpora(folder: Path) -> tuple[Path, Path]:
    """The corpus of all tags and IDs, and one with a share of each track's tags kept out."""
    whole, part = folder / "whole.txt", folder / "held_out.txt"
    for path, share in ((whole, 0.0), (part, HELD_OUT)):
        if not path.is_file():
            write_corpus(JamendoTracks().read(), path, CorpusSettings(reviews=False, hold_out=share))
    return whole, part


def query_by_tag_mean(vectors: WordVectors, tracks: TrackTags, corpus: Path) -> dict[str, float]:
    """Mean tag-wise ROC-AUC; with tags kept out of the corpus, on those pairs alone."""
    unit_ND = normalize(torch.from_numpy(vectors.of_tracks(tracks.track_ids).vectors), dim=1)
    unit_TD = unit_tags(vectors, tracks)
    if not held_out_path(corpus).is_file():
        areas = query_by_tag(unit_ND, unit_TD, TagLabels(tracks.matrix))
        return {"rocauc_tag": float(areas.roc_R.nanmean())}
    held = read_held_out(held_out_path(corpus), tracks)
    trained = TagLabels(tracks.matrix > held)
    return {"rocauc_held_out": float(query_by_tag(unit_ND, unit_TD, TagLabels(held), trained).roc_R.nanmean())}


def tag_rank_mean(vectors: WordVectors, tracks: TrackTags) -> dict[str, float]:
    """Tag rank nDCG@30, averaged over the four blocks where all of them have a value."""
    number = tracks.matrix.astype(np.int64)
    context_T = torch.tensor([group == "mood/theme" for group in tracks.groups])
    ranks = tag_rank(unit_tags(vectors, tracks), torch.from_numpy((number.T @ number).toarray()), context_T)
    return {name: float(value) for name, value in ranks.items() if name == "ndcg_average"}


def unit_tags(vectors: WordVectors, tracks: TrackTags) -> Tensor:
    """Vectors of all tags, of length 1."""
    return normalize(torch.from_numpy(vectors.of_tags(tracks.tags).vectors), dim=1)


def train(run: Run, out: Path, quality: bool = True) -> None:
    """One training, measured; the time covers everything from the text file to the vectors.

    Args:
        run: What is trained.
        out: Where the figures go.
        quality: Whether the vectors are measured on MTG-Jamendo.
    """
    with open(run.corpus, encoding="utf-8") as lines:
        words = sum(len(line.split()) for line in lines) * run.epochs
    settings = {name: value for name, value in asdict(run).items() if name != "corpus"}
    # a trainer is imported when it trains, which is no part of the training
    import_module(f"mwe.words.{run.trainer}_skipgram")
    began, used = time.perf_counter(), time.process_time()
    vectors = train_skipgram(run.corpus, SkipGramSettings(**settings, accelerator="cpu", devices=1))
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    speed = {"wall_seconds": wall, "cpu_seconds": cpu, "words_per_second": words / wall}
    figures = {**asdict(run), "corpus": run.corpus.name, **speed, "words_per_cpu_second": words / cpu}
    if quality:
        tracks = JamendoTracks().read()
        figures |= {**query_by_tag_mean(vectors, tracks, run.corpus), **tag_rank_mean(vectors, tracks)}
    write_json(out, figures)


def in_own_process(run: Run, quality: bool = True) -> dict[str, Any]:
    """Figures of a training in a fresh process, so that no run warms another's caches or keeps its threads."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        given = [f"--run.{name}={value}" for name, value in asdict(run).items()]
        command = [sys.executable, "-m", "benchmarks.skipgram", "train", *given, f"--out={out}", f"--quality={quality}"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        figures: dict[str, Any] = read_json(out)
    print(json.dumps(figures), flush=True)
    return figures


def choose(
    gensim_rates: Sequence[float] = (0.05, 0.1),
    torch_rates: Sequence[float] = (1.4, 2.0, 2.8),
    samples: Sequence[float] = (1e-3,),
    size: Size | None = None,
    seed: int = 100,
    folder: Path = FOLDER,
) -> None:
    """Choose each trainer's rate and sub-sampling by held-out query-by-tag and tag rank together.

    Args:
        gensim_rates: Rates of gensim to try.
        torch_rates: Rates of torch to try.
        samples: Thresholds of sub-sampling to try with each rate.
        size: Dimensions, passes and threads.
        seed: Seed, other than those of the comparison.
        folder: Folder of corpora and results.
    """
    _, part = tag_corpora(folder)
    rates: dict[TrainerName, Sequence[float]] = {"gensim": gensim_rates, "torch": torch_rates}
    shared = asdict(size or Size())
    tried = [
        in_own_process(Run(name, rate, sample, seed, part, **shared))
        for name in TRAINERS
        for sample in samples
        for rate in rates[name]
    ]
    chosen = {
        # both figures that the comparison states, since a rate that is good for one may be bad for the other
        name: max(of_trainer(tried, name), key=lambda one: float(one["rocauc_held_out"] + one["ndcg_average"]))
        for name in TRAINERS
    }  # fmt: skip
    kept = {name: {"rate": one["rate"], "sample": one["sample"]} for name, one in chosen.items()}
    write_json(folder / "choice.json", {"chosen": kept, "size": shared, "runs": tried})
    print(f"chosen: {kept}")


def compare(seeds: Sequence[int] = (0, 1, 2), folder: Path = FOLDER) -> None:
    """Train on all tags and IDs with both trainers as chosen, turn by turn; state ratio and quality.

    Args:
        seeds: Seeds.
        folder: Folder of corpora and results.
    """
    choice = read_json(folder / "choice.json")
    whole, _ = tag_corpora(folder)
    runs = [
        in_own_process(Run(trainer=name, **choice["chosen"][name], seed=seed, corpus=whole, **choice["size"]))
        for seed in seeds
        for name in TRAINERS
    ]
    state(runs, folder / "comparison.json")


def speed(
    text: list[TextSource] | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    size: Size | None = None,
    folder: Path = FOLDER,
) -> None:
    """Train on running text with both trainers, turn by turn; state the ratio.

    Args:
        text: The text; by default WikiText-2's validation part.
        seeds: Seeds.
        size: Dimensions, passes and threads; by default one pass.
        folder: Folder of the corpus and the results.
    """
    corpus = folder / "text.txt"
    write_corpus(None, corpus, texts=text or [WikiText()])
    shared = asdict(size or Size(epochs=1))
    runs = [
        in_own_process(Run(name, SkipGramSettings(trainer=name).start_rate, 1e-3, seed, corpus, **shared), False)
        for seed in seeds
        for name in TRAINERS
    ]
    state(runs, folder / "speed.json")


def of_trainer(runs: Iterable[dict[str, Any]], name: TrainerName) -> list[dict[str, Any]]:
    """The runs of one trainer."""
    return [run for run in runs if run["trainer"] == name]


def state(runs: Sequence[dict[str, Any]], out: Path) -> None:
    """Write and print the median ratio of the turns and the mean quality over the seeds."""
    turns = list(zip(of_trainer(runs, "torch"), of_trainer(runs, "gensim"), strict=True))
    ratio = {name: median(one[name] / other[name] for one, other in turns) for name in SPEEDS}
    measured = [name for name in ("rocauc_tag", "ndcg_average") if name in runs[0]]
    means = {
        trainer: {name: mean(run[name] for run in of_trainer(runs, trainer)) for name in (*SPEEDS, *measured)}
        for trainer in TRAINERS
    }
    write_json(out, {"ratio": ratio, "means": means, "runs": list(runs)})
    print(json.dumps({"ratio": ratio, "means": means}, indent=2))


if __name__ == "__main__":
    auto_cli([choose, compare, speed, train], as_positional=False)
