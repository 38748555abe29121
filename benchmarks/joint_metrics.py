"""Speed and memory of the exact metrics beside loops over scikit-learn, and at the size of a whole catalogue.

ROC-AUC: tracks by tags, one call of scikit-learn a tag. Recall@K: tracks by tracks, one call of scikit-learn's cosine
similarity a query, of which only a stated number is measured and scaled. All on one thread, each in a process of its
own. `python -m benchmarks.joint_metrics --help` lists the options.
"""

import json
import time
from pathlib import Path

import numpy as np
import torch
from jsonargparse import auto_cli
from scipy import sparse
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.corpora import alone, measured
from mwe.core.files import write_json
from mwe.metrics import TagLabels, TrackRetrieval, areas_by_row, recall_by_reading
from mwe.metrics.tasks import KS

WIDTH = 128


def generated_labels(tracks: int, tags: int, each: float) -> sparse.csr_array:
    """Tags of tracks, ``each`` a track on average, frequent ones far more often."""
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, tags + 1)
    rows = np.repeat(np.arange(tracks), rng.poisson(each, tracks))
    columns = rng.choice(tags, size=len(rows), p=share / share.sum())
    labels = sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(tracks, tags))
    labels.sum_duplicates()
    return labels


def _scores(tracks: int, tags: int) -> tuple[Tensor, sparse.csr_array]:
    torch.set_num_threads(1)
    score_TN = torch.randn(tags, tracks, generator=torch.Generator().manual_seed(0))
    return score_TN, generated_labels(tracks, tags, 10)


def areas(tracks: int, tags: int) -> dict[str, float]:
    """ROC-AUC and average precision of every tag by the package."""
    score_TN, label_NT = _scores(tracks, tags)
    labels = TagLabels(label_NT)
    found = {}

    def work() -> None:
        found["areas"] = areas_by_row(tags, tracks, lambda own: (score_TN[own], labels.of_tags(own)), "cpu")

    figures = measured(work)
    return {**figures, "rocauc": float(found["areas"].roc_R.nanmean()), "prauc": float(found["areas"].pr_R.nanmean())}


def areas_by_loop(tracks: int, tags: int) -> dict[str, float]:
    """The same by one call of scikit-learn a tag; the time of average precision apart, since others skip it."""
    score_TN, label_NT = _scores(tracks, tags)
    score, label = score_TN.numpy(), np.ascontiguousarray(label_NT.toarray().T)
    kept = np.flatnonzero(label.any(axis=1) & ~label.all(axis=1))
    found: dict[str, float] = {}

    def roc() -> None:
        found["rocauc"] = float(np.mean([roc_auc_score(label[tag], score[tag]) for tag in kept]))

    def precision() -> None:
        found["prauc"] = float(np.mean([average_precision_score(label[tag], score[tag]) for tag in kept]))

    first = measured(roc)
    return {**first, **found, "cpu_s_of_prauc": measured(precision)["cpu_s"], **found}


def _embeddings(tracks: int, tags: int) -> tuple[Tensor, sparse.csr_array]:
    torch.set_num_threads(1)
    rows_ND = torch.randn(tracks, WIDTH, generator=torch.Generator().manual_seed(0))
    return normalize(rows_ND, dim=1), generated_labels(tracks, tags, 2)


def recall(tracks: int, tags: int) -> dict[str, float]:
    """Recall@K under both readings by the package."""
    unit_ND, label_NT = _embeddings(tracks, tags)
    labels = TagLabels(label_NT)
    found = {}

    def work() -> None:
        found.update(recall_by_reading(unit_ND, labels))

    figures = measured(work)
    return {**figures, **{f"recall_{name}@1": float(one.at[0]) for name, one in found.items()}}


def recall_by_loop(tracks: int, tags: int, queries: int) -> dict[str, float]:
    """The same for the first queries, one at a time; the seconds are scaled to all."""
    unit_ND, label_NT = _embeddings(tracks, tags)
    rows, labels = unit_ND.numpy(), label_NT.toarray()
    hits: dict[str, list[list[bool]]] = {"any": [], "identical": []}

    def work() -> None:
        for query in range(queries):
            similarity = cosine_similarity(rows[query : query + 1], rows)[0]
            similarity[query] = -np.inf
            nearest = np.argpartition(-similarity, max(KS))[: max(KS)]
            nearest = nearest[np.argsort(-similarity[nearest])]
            own = labels[query]
            relevant = {"any": (labels & own).any(axis=1), "identical": (labels == own).all(axis=1) & own.any()}
            for name, right in relevant.items():
                right[query] = False
                if right.any():
                    hits[name].append([bool(right[nearest[:k]].any()) for k in KS])

    figures = measured(work)
    means = {f"recall_{name}@1": float(np.mean([one[0] for one in own])) for name, own in hits.items() if own}
    return {**figures, **means, "queries": queries, "cpu_s": figures["cpu_s"] * tracks / queries}


def catalogue(tracks: int, tags: int, queries: int, device: str = "cpu") -> dict[str, float]:
    """The whole test of generalized zero-shot: tags rank all tracks, the queries are tagged and looked for by track."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    unseen_T = torch.arange(tags) % 5 == 0
    query_N = torch.arange(tracks) < queries
    metric = TrackRetrieval(
        generated_labels(tracks, tags, 10), unseen_T, torch.ones(tags, dtype=torch.bool), WIDTH, query_N=query_N
    ).to(device)
    before = time.process_time()
    for ids in torch.arange(tracks).split(1024):  # type: ignore[no-untyped-call]
        metric.update(ids.to(device), torch.randn(len(ids), WIDTH, generator=generator).to(device))
    metric.prototypes = torch.randn(tags, WIDTH, generator=generator).to(device)
    collected = time.process_time() - before
    found: dict[str, Tensor] = {}
    # the figures are read within the time, so that a GPU has finished them
    figures = measured(lambda: found.update({name: value.cpu() for name, value in metric.compute().items()}))
    means = {name: float(found[name]) for name in ("rocauc_tag_seen", "rocauc_tag_unseen", "rocauc_clip")}
    return {**figures, **means, "collecting_cpu_s": collected}


def measure(
    tracks: int = 50_000,
    tags: int = 200,
    recall_tracks: int = 28_435,
    recall_tags: int = 50,
    queries: int = 150,
    catalogue_tracks: int = 406_409,
    catalogue_tags: int = 1_126,
    catalogue_queries: int = 18_057,
    out: str = "outputs/benchmarks/joint_metrics.json",
) -> None:
    """Measure the metrics beside scikit-learn, and on a whole catalogue; prints and writes JSON.

    Args:
        tracks: Tracks of the comparison of ROC-AUC.
        tags: Its tags.
        recall_tracks: Tracks of the comparison of recall@K.
        recall_tags: Its tags.
        queries: Queries that the loop over scikit-learn answers.
        catalogue_tracks: Tracks of the catalogue.
        catalogue_tags: Its tags.
        catalogue_queries: Tracks of it that are tagged and looked for by track.
        out: The JSON file.
    """
    figures: dict[str, object] = {}
    ours, loop = alone(areas, tracks, tags), alone(areas_by_loop, tracks, tags)
    ratio = {"ratio": loop["cpu_s"] / ours["cpu_s"], "ratio_peak_memory": loop["peak_mb"] / ours["peak_mb"]}
    both = (loop["cpu_s"] + loop["cpu_s_of_prauc"]) / ours["cpu_s"]
    figures["rocauc"] = {"package": ours, "loop": loop, **ratio, "ratio_with_prauc": both}
    ours, loop = alone(recall, recall_tracks, recall_tags), alone(recall_by_loop, recall_tracks, recall_tags, queries)
    figures["recall"] = {"package": ours, "loop": loop, "ratio": loop["cpu_s"] / ours["cpu_s"]}
    figures["catalogue"] = alone(catalogue, catalogue_tracks, catalogue_tags, catalogue_queries)
    write_json(Path(out), figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    auto_cli(measure, as_positional=False)
