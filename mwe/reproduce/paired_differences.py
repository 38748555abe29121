"""Differences between rows of a table with intervals: paired over seeds, and by a bootstrap over test tracks.

Shape suffixes: S seeds, R draws of the tracks, N tracks, T tags.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from mwe.core.errors import MissingDataError, expecting
from mwe.core.files import read_yaml
from mwe.joint.scores import TrackScores
from mwe.metrics.bootstrap import LEVEL, drawn_areas, drawn_counts, drawn_means, interval
from mwe.metrics.functional import binary_areas
from mwe.metrics.labels import TagLabels
from mwe.metrics.tasks import recall_by_reading
from mwe.reproduce.result_table import write_pair

COLUMNS = (
    "one", "other", "metric", "seeds", "of_one", "of_other", "difference", "sd_over_seeds", "seeds_low", "seeds_high",
    "tracks_low", "tracks_high", "verdict",
)  # fmt: skip


class Difference(NamedTuple):
    """Difference of two rows in one figure.

    Attributes:
        of_first: Mean over seeds of the first row.
        of_second: Mean over seeds of the second row.
        mean: Mean over seeds of the difference.
        sd: Standard deviation over seeds (``n - 1``).
        of_seeds: Interval of the mean by Student's t over the seeds' differences.
        of_tracks: Percentile interval by a bootstrap over test tracks, with the mean over seeds in every draw.
    """

    of_first: float
    of_second: float
    mean: float
    sd: float
    of_seeds: tuple[float, float]
    of_tracks: tuple[float, float]

    @property
    def verdict(self) -> str:
        """``higher`` or ``lower`` if both intervals exclude 0 on the same side, else ``open``."""
        bounds = (*self.of_seeds, *self.of_tracks)
        return "higher" if min(bounds) > 0 else "lower" if max(bounds) < 0 else "open"


class Compared(NamedTuple):
    """A line of the table: names of two rows, the figure, their common seeds, and the difference."""

    first: str
    second: str
    metric: str
    seeds: str
    result: Difference


def compare_rows(specification: Path, out: Path, runs: Path, draws: int = 1000) -> Path:
    """Write the differences declared in the YAML file of a table, beside the table.

    The file has, in addition to its ``rows``, ``comparisons``: ``metrics``, and ``pairs`` of names of rows, the one
    expected to be higher first. Runs of two rows are paired by the names of their folders.

    Args:
        specification: The YAML file of the table.
        out: Folder of the tables.
        runs: Folder of the runs.
        draws: Draws of the test tracks.

    Raises:
        BadFileError: The file lacks a key.
        MissingDataError: A row has no runs, or two rows have none in common.
    """
    remedy = "`mwe paper demo-joint` writes one to outputs/tables/descriptions."
    described = read_yaml(specification, remedy)
    with expecting(specification, "describes no comparisons", remedy):
        patterns = {row["row"]: row["runs"] for row in described["rows"]}
        comparisons = described["comparisons"]
        pairs = [(first, second, patterns[first], patterns[second]) for first, second in comparisons["pairs"]]
        metrics, title = list(comparisons["metrics"]), str(described["title"])
    figures = Figures(runs, draws)
    rows = []
    for first, second, first_runs, second_runs in pairs:
        for metric in metrics:
            result, seeds = figures.difference(first_runs, second_runs, metric)
            rows.append(Compared(first, second, metric, " ".join(seeds), result))
    return _write(rows, title, out / f"{specification.stem}-differences.md", draws)


class Figures:
    """Figures of runs on all test tracks and on every draw of them, cached.

    Args:
        runs: Folder of the runs.
        draws: Draws R of the test tracks.
    """

    def __init__(self, runs: Path, draws: int) -> None:
        self.runs, self.draws = runs, draws
        self._scores: dict[Path, TrackScores] = {}
        self._figures: dict[tuple[Path, str], Tensor] = {}

    def difference(self, first: str, second: str, metric: str) -> tuple[Difference, list[str]]:
        """Return the difference of two rows, by patterns of their run folders, and the names of the paired runs."""
        runs = self._folders(first), self._folders(second)
        shared = sorted(set(runs[0]) & set(runs[1]))
        if not shared:
            raise MissingDataError(f"no seeds in common: {sorted(runs[0])} of {first}, {sorted(runs[1])} of {second}")
        first_SR, second_SR = (
            torch.stack([self._figure(folders[name], metric) for name in shared]) for folders in runs
        )
        return difference_of(first_SR, second_SR), shared

    def _folders(self, pattern: str) -> dict[str, Path]:
        folders = {path.name: path for path in sorted(self.runs.glob(pattern)) if path.is_dir()}
        if not folders:
            raise MissingDataError(f"no runs {pattern} in {self.runs}. Run the table's rows first.")
        return folders

    def _figure(self, run: Path, metric: str) -> Tensor:
        """Return the figure on all tracks, then on every draw, (1 + R,)."""
        if (run, metric) not in self._figures:
            if run not in self._scores:
                self._scores[run] = TrackScores.read(run)
            scores = self._scores[run]
            once = torch.ones(1, len(scores.tracks), dtype=torch.uint8)
            count_RN = torch.cat([once, drawn_counts(len(scores.tracks), self.draws)])
            self._figures[run, metric] = figure(scores, metric, count_RN)
        return self._figures[run, metric]


def difference_of(first_SR: Tensor, second_SR: Tensor) -> Difference:
    """Return mean and intervals of the differences of each seed, on all tracks (first column) and on every draw."""
    difference_SR = first_SR - second_SR
    each_S = difference_SR[:, 0].numpy()
    mean, seeds = float(each_S.mean()), len(each_S)
    sd = float(each_S.std(ddof=1)) if seeds > 1 else float("nan")
    margin = float(stats.t.ppf((1 + LEVEL) / 2, seeds - 1)) * sd / np.sqrt(seeds) if seeds > 1 else float("inf")
    low, high = interval(difference_SR[:, 1:].mean(dim=0))
    of_first, of_second = float(first_SR[:, 0].mean()), float(second_SR[:, 0].mean())
    return Difference(of_first, of_second, mean, sd, (mean - margin, mean + margin), (float(low), float(high)))


def figure(scores: TrackScores, metric: str, count_RN: Tensor) -> Tensor:
    """Return a figure on every draw of the tracks, (R,).

    Args:
        scores: Scores of a test.
        metric: Name as in ``metrics.json``: ``rocauc_tag`` or ``rocauc_clip``, also with ``_seen`` or ``_unseen``;
            ``recall_any@K``; ``recall_identical@K``; or ``shared_tags@K``, the mean Jaccard index of the tags of a
            track and those of the K tracks nearest to it.
        count_RN: How often each track is drawn.

    Raises:
        ValueError: There is no such figure, or the model has no scores for some of its tags.
    """
    task, _, k = metric.partition("@")
    if k.isdigit() and task in NEIGHBOURS:
        embedding_ND, label_NT = torch.from_numpy(scores.embedding), torch.from_numpy(scores.label)
        return drawn_means(NEIGHBOURS[task](embedding_ND, label_NT, int(k)), count_RN)
    task = next((name for name in ("rocauc_tag", "rocauc_clip") if metric.startswith(name)), "")
    all_T = np.ones_like(scores.unseen)
    chosen = {"": all_T, "_seen": ~scores.unseen, "_unseen": scores.unseen}.get(metric.removeprefix(task))
    if not task or chosen is None:
        raise ValueError(f"unknown figure {metric!r}: rocauc_tag, rocauc_clip (_seen, _unseen), shared_tags@8 ...")
    score_NT, label_NT = torch.from_numpy(scores.score[:, chosen]), torch.from_numpy(scores.label[:, chosen])
    if score_NT.isnan().any():
        raise ValueError(f"{metric}: the model has no scores for some of these tags; use {task}_seen")
    if task == "rocauc_clip":
        return drawn_means(binary_areas(score_NT, label_NT).roc_R, count_RN)
    areas = drawn_areas(lambda tag: (score_NT[:, tag], label_NT[:, tag]), score_NT.shape[1], count_RN)
    return areas.roc_R.nanmean(dim=1)


def _recall(reading: str, embedding_ND: Tensor, label_NT: Tensor, k: int) -> Tensor:
    return recall_by_reading(embedding_ND, TagLabels(label_NT), (k,))[reading].each_NK[:, 0]


def shared_tags(embedding_ND: Tensor, label_NT: Tensor, k: int) -> Tensor:
    """Return the mean Jaccard index of each track's tags and those of the k nearest tracks, (N,); NaN without tags."""
    similarity_NN = (embedding_ND @ embedding_ND.T).fill_diagonal_(-torch.inf)
    nearest_NK = similarity_NN.topk(k, dim=1).indices
    tag_NT = label_NT.double()
    common_NN = tag_NT @ tag_NT.T
    count_N = tag_NT.sum(dim=1)
    jaccard_NN = common_NN / (count_N[:, None] + count_N - common_NN)
    return jaccard_NN.gather(1, nearest_NK).mean(dim=1).masked_fill(count_N == 0, torch.nan)


NEIGHBOURS: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "recall_any": partial(_recall, "any"),
    "recall_identical": partial(_recall, "identical"),
    "shared_tags": shared_tags,
}


def _write(rows: Sequence[Compared], title: str, path: Path, draws: int) -> Path:
    cells = [[*row[:4], *(f"{value:+.4f}" for value in _numbers(row.result)), row.result.verdict] for row in rows]
    lines = [
        f"# {title}: differences",
        "",
        f"Means over seeds, and the first row less the other. Intervals of {LEVEL:.0%}: by Student's t over the seeds' "
        f"paired differences, and by {draws:,} draws of the test tracks with replacement. `higher` and `lower` where "
        "both leave 0 out.",
        "",
        "| one | other | figure | of one | of the other | difference | over seeds | over tracks | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for first, second, metric, _, result in rows:
        spans = [f"{low:+.3f} to {high:+.3f}" for low, high in (result.of_seeds, result.of_tracks)]
        values = f"{result.of_first:.3f} | {result.of_second:.3f} | {result.mean:+.3f} | {' | '.join(spans)}"
        lines.append(f"| {first} | {second} | {metric} | {values} | {result.verdict} |")
    return write_pair(path, [COLUMNS, *cells], "\n".join([*lines, ""]))


def _numbers(result: Difference) -> tuple[float, ...]:
    return (result.of_first, result.of_second, result.mean, result.sd, *result.of_seeds, *result.of_tracks)
