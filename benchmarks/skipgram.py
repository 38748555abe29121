"""Both skip-gram trainers side by side on MTG-Jamendo's tags and IDs: words per second, ratio and quality.

Each trainer's rate is chosen on pairs of track and tag kept out of the corpus (``choose``), then both train on the
whole corpus at their own rate, turn by turn, each run in a process of its own (``compare``). Quality is query-by-tag
ROC-AUC (Table IV) and tag rank nDCG@30 (Table III). On a quiet machine:
`python -m benchmarks.skipgram choose && python -m benchmarks.skipgram compare`; `--help` lists the options.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any, Literal

import numpy as np
import torch
from jsonargparse import auto_cli
from scipy import sparse
from torch import Tensor
from torch.nn.functional import normalize

from mwe.core.files import read_json, write_json
from mwe.corpora import CorpusSettings, held_out_path, read_held_out, write_corpus
from mwe.metrics.functional import binary_roc_auc, roc_auc_by_row
from mwe.metrics.tagrank import tag_rank
from mwe.tracks import JamendoTracks, TrackTags
from mwe.words import SkipGramSettings, WordVectors, train_skipgram

TrainerName = Literal["gensim", "torch"]
TRAINERS: tuple[TrainerName, ...] = ("gensim", "torch")
HELD_OUT = 0.2
FOLDER = Path("outputs/benchmarks/skipgram")


@dataclass(frozen=True)
class Run:
    """One training.

    Args:
        trainer: ``gensim`` or ``torch``.
        rate: Learning rate at the start.
        seed: Seed.
        corpus: The training file.
        dim: Dimensions.
        epochs: Passes.
        workers: Threads.
        sample: Threshold of sub-sampling.
    """

    trainer: TrainerName
    rate: float
    seed: int
    corpus: Path
    dim: int = 300
    epochs: int = 15
    workers: int = 2
    sample: float = 1e-3


def corpora(folder: Path, tracks: TrackTags) -> tuple[Path, Path]:
    """The whole corpus, and one with a share of each track's tags kept out."""
    whole, part = folder / "whole.txt", folder / "held_out.txt"
    if not whole.is_file():
        write_corpus(tracks, whole, CorpusSettings(reviews=False))
    if not part.is_file():
        write_corpus(tracks, part, CorpusSettings(reviews=False, hold_out=HELD_OUT))
    return whole, part


def auc_by_tag(unit_ND: Tensor, unit_TD: Tensor, label_NT: Tensor, left_out_NT: Tensor) -> float:
    """Mean tag-wise ROC-AUC; tracks left out of a tag's ranking are neither right nor wrong for it."""
    values = []
    for tag in range(len(unit_TD)):
        rows_N = ~left_out_NT[:, tag]
        score_N, label_N = unit_ND[rows_N] @ unit_TD[tag], label_NT[rows_N, tag]
        values.append(binary_roc_auc(score_N[None], label_N[None]))
    auc_T = torch.cat(values)
    return float(auc_T.nanmean())


def quality(vectors: WordVectors, tracks: TrackTags, held: sparse.csr_array | None) -> dict[str, float]:
    """Figures of word vectors; with tags kept out of the corpus, ROC-AUC on those pairs alone."""
    unit_ND = normalize(torch.from_numpy(vectors.of_tracks(tracks.track_ids).vectors), dim=1)
    unit_TD = normalize(torch.from_numpy(vectors.of_tags(tracks.tags).vectors), dim=1)
    label_NT = torch.from_numpy(tracks.matrix.toarray())
    if held is not None:
        held_NT = torch.from_numpy(held.toarray())
        return {"rocauc_held_out": auc_by_tag(unit_ND, unit_TD, held_NT, label_NT & ~held_NT)}
    number = tracks.matrix.astype(np.int64)
    context_T = torch.tensor([group == "mood/theme" for group in tracks.groups])
    ranks = tag_rank(unit_TD, torch.from_numpy((number.T @ number).toarray()).double(), context_T)
    return {
        "rocauc_tag": auc_by_tag(unit_ND, unit_TD, label_NT, torch.zeros_like(label_NT)),
        "rocauc_clip": float(
            roc_auc_by_row(
                len(unit_ND), len(unit_TD), lambda rows: (unit_ND[rows] @ unit_TD.T, label_NT[rows]), "cpu"
            ).nanmean()
        ),
        "ndcg_average": float(ranks["ndcg_average"]),
    }


def cpu_seconds() -> float:
    """User and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def train(run: Run, out: Path) -> None:
    """One training, measured; the time covers everything from the text file to the vectors.

    Args:
        run: What is trained.
        out: Where the figures go.
    """
    tracks = JamendoTracks().read()
    with open(run.corpus, encoding="utf-8") as lines:
        words = sum(len(line.split()) for line in lines)
    settings = SkipGramSettings(
        dim=run.dim, epochs=run.epochs, rate=run.rate, seed=run.seed, workers=run.workers, sample=run.sample,
        trainer=run.trainer, accelerator="cpu", devices=1,
    )  # fmt: skip
    began, used = time.perf_counter(), cpu_seconds()
    vectors = train_skipgram(run.corpus, settings)
    wall, cpu = time.perf_counter() - began, cpu_seconds() - used
    listed = held_out_path(run.corpus)
    figures = quality(vectors, tracks, read_held_out(listed, tracks) if listed.is_file() else None)
    trained = words * run.epochs
    speed = {"wall_seconds": wall, "cpu_seconds": cpu, "words_per_second": trained / wall}
    described = {**asdict(run), "corpus": run.corpus.name}
    write_json(out, {**described, **speed, "words_per_cpu_second": trained / cpu, **figures})


def in_own_process(run: Run) -> dict[str, Any]:
    """Figures of a training in a fresh process, so that no run warms another's caches or keeps its threads."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        given = [f"--run.{name}={value}" for name, value in asdict(run).items()]
        command = [sys.executable, "-m", "benchmarks.skipgram", "train", *given, f"--out={out}"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        figures: dict[str, Any] = read_json(out)
    print(json.dumps(figures), flush=True)
    return figures


def choose(
    gensim_rates: Sequence[float] = (0.025, 0.05, 0.1),
    torch_rates: Sequence[float] = (0.1, 0.15, 0.2, 0.25, 0.3),
    dim: int = 300,
    seed: int = 100,
    folder: Path = FOLDER,
) -> None:
    """Choose each trainer's rate on the pairs kept out of the corpus.

    Args:
        gensim_rates: Rates of gensim to try.
        torch_rates: Rates of torch to try.
        dim: Dimensions.
        seed: Seed, other than those of the comparison.
        folder: Folder of corpora and results.
    """
    _, part = corpora(folder, JamendoTracks().read())
    rates: dict[TrainerName, Sequence[float]] = {"gensim": gensim_rates, "torch": torch_rates}
    tried = [in_own_process(Run(name, rate, seed, part, dim)) for name in TRAINERS for rate in rates[name]]
    best = {
        name: max((one for one in tried if one["trainer"] == name), key=lambda one: float(one["rocauc_held_out"]))
        for name in TRAINERS
    }
    chosen = {name: one["rate"] for name, one in best.items()}
    write_json(folder / "choice.json", {"rates": chosen, "runs": tried})
    print(f"chosen: {chosen}")


def compare(seeds: Sequence[int] = (0, 1, 2), dim: int = 300, folder: Path = FOLDER) -> None:
    """Train with both at their chosen rates, turn by turn, and state the ratio.

    Args:
        seeds: Seeds.
        dim: Dimensions.
        folder: Folder of corpora and results.
    """
    rates = read_json(folder / "choice.json")["rates"]
    whole, _ = corpora(folder, JamendoTracks().read())
    runs = [in_own_process(Run(name, rates[name], seed, whole, dim)) for seed in seeds for name in TRAINERS]
    of = {name: [run for run in runs if run["trainer"] == name] for name in TRAINERS}
    speeds = ("words_per_second", "words_per_cpu_second")
    ratio = {name: median(a[name] / b[name] for a, b in zip(of["torch"], of["gensim"], strict=True)) for name in speeds}
    measured = ("rocauc_tag", "rocauc_clip", "ndcg_average")
    means = {name: {figure: mean(run[figure] for run in of[name]) for figure in measured} for name in TRAINERS}
    write_json(folder / "comparison.json", {"ratio": ratio, "quality": means, "rates": rates, "runs": runs})
    print(json.dumps({"ratio": ratio, "quality": means}, indent=2))


if __name__ == "__main__":
    auto_cli({"choose": choose, "compare": compare, "train": train}, as_positional=False)
