"""Differences between rows of a table with their intervals: paired over seeds, and by drawing the test tracks anew.

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
from mwe.core.tables import write_pair
from mwe.joint.scores import TrackScores
from mwe.metrics.bootstrap import LEVEL, drawn_areas, drawn_counts, drawn_means, interval
from mwe.metrics.functional import binary_areas
from mwe.metrics.labels import TagLabels
from mwe.metrics.tasks import recall_by_reading

COLUMNS = (
    "one", "other", "metric", "seeds", "of_one", "of_other", "difference", "sd_over_seeds", "seeds_low", "seeds_high",
    "tracks_low", "tracks_high", "verdict",
)  # fmt: skip


class Difference(NamedTuple):
    """One row less another in one figure.

    Args:
        of_one: Mean over seeds of the one.
        of_other: Mean over seeds of the other.
        mean: Mean over seeds of the difference.
        sd: Standard deviation over seeds (``n - 1``).
        of_seeds: Interval of the mean by Student's t over the seeds' differences.
        of_tracks: Percentile interval by drawing the test tracks anew, the mean over seeds taken in every draw.
    """

    of_one: float
    of_other: float
    mean: float
    sd: float
    of_seeds: tuple[float, float]
    of_tracks: tuple[float, float]

    @property
    def verdict(self) -> str:
        """``higher`` or ``lower`` where both intervals leave 0 out on the same side, else ``open``."""
        bounds = (*self.of_seeds, *self.of_tracks)
        return "higher" if min(bounds) > 0 else "lower" if max(bounds) < 0 else "open"


class Compared(NamedTuple):
    """A line of the table: names of two rows, the figure, the seeds they share, and what was found."""

    one: str
    other: str
    metric: str
    seeds: str
    found: Difference


def compare(
    specification: Path, out: Path = Path("outputs/tables"), runs: Path = Path("outputs"), draws: int = 1000
) -> None:
    """Print differences between rows of a results table, with intervals over seeds and over test tracks.

    Args:
        specification: YAML file of the table, with ``comparisons``, such as lightning_configs/tables/demo-joint.yaml.
        out: Folder of the CSV and Markdown files.
        runs: Folder of the runs, tested with ``--trainer.callbacks+=mwe.joint.scores.KeepScores``.
        draws: Draws of the test tracks.
    """
    path = compare_rows(specification, out, runs, draws)
    print(path.read_text(encoding="utf-8"))
    print(f"differences written to {path} and {path.with_suffix('.csv')}")


def compare_rows(specification: Path, out: Path, runs: Path, draws: int = 1000) -> Path:
    """Write the differences that the YAML file of a table asks for, beside the table.

    The file has, beside its ``rows``, ``comparisons``: ``metrics``, and ``pairs`` of names of rows, the one expected to
    be higher first. Runs of two rows are paired by the names of their folders.

    Args:
        specification: The YAML file of the table.
        out: Folder of the tables.
        runs: Folder of the runs.
        draws: Draws of the test tracks.

    Raises:
        BadFileError: The file lacks one of the keys.
        MissingDataError: A row has no runs, or two rows have none in common.
    """
    remedy = "See lightning_configs/tables/demo-joint.yaml."
    described = read_yaml(specification, remedy)
    with expecting(specification, "describes no comparisons", remedy):
        patterns = {row["row"]: row["runs"] for row in described["rows"]}
        asked = described["comparisons"]
        pairs = [(one, other, patterns[one], patterns[other]) for one, other in asked["pairs"]]
        metrics, title = list(asked["metrics"]), str(described["title"])
    figures = Figures(runs, draws)
    rows = []
    for one, other, first, second in pairs:
        for metric in metrics:
            found, seeds = figures.difference(first, second, metric)
            rows.append(Compared(one, other, metric, " ".join(seeds), found))
    return _write(rows, title, out / f"{specification.stem}-differences.md", draws)


class Figures:
    """Figures of runs on all test tracks and on every draw of them, each computed once.

    Args:
        runs: Folder of the runs.
        draws: Draws R of the test tracks.
    """

    def __init__(self, runs: Path, draws: int) -> None:
        self.runs, self.draws = runs, draws
        self._scores: dict[Path, TrackScores] = {}
        self._found: dict[tuple[Path, str], Tensor] = {}

    def difference(self, one: str, other: str, metric: str) -> tuple[Difference, list[str]]:
        """The difference of two rows, given by patterns of their run folders, and the names of the paired runs."""
        first, second = self._folders(one), self._folders(other)
        shared = sorted(set(first) & set(second))
        if not shared:
            raise MissingDataError(f"no seeds in common: {sorted(first)} of {one}, {sorted(second)} of {other}")
        one_SR, other_SR = (
            torch.stack([self._figure(own[name], metric) for name in shared]) for own in (first, second)
        )
        return difference_of(one_SR, other_SR), shared

    def _folders(self, pattern: str) -> dict[str, Path]:
        found = {path.name: path for path in sorted(self.runs.glob(pattern)) if path.is_dir()}
        if not found:
            raise MissingDataError(f"no runs {pattern} in {self.runs}. Run the table's rows first.")
        return found

    def _figure(self, run: Path, metric: str) -> Tensor:
        """The figure on all tracks, then on every draw, (1 + R,)."""
        if (run, metric) not in self._found:
            if run not in self._scores:
                self._scores[run] = TrackScores.read(run)
            scores = self._scores[run]
            once = torch.ones(1, len(scores.tracks), dtype=torch.uint8)
            count_RN = torch.cat([once, drawn_counts(len(scores.tracks), self.draws)])
            self._found[run, metric] = figure(scores, metric, count_RN)
        return self._found[run, metric]


def difference_of(one_SR: Tensor, other_SR: Tensor) -> Difference:
    """Mean and intervals of the differences of each seed on all tracks (first column) and on every draw of them."""
    of_SR = one_SR - other_SR
    each_S = of_SR[:, 0].numpy()
    mean, seeds = float(each_S.mean()), len(each_S)
    sd = float(each_S.std(ddof=1)) if seeds > 1 else float("nan")
    reach = float(stats.t.ppf((1 + LEVEL) / 2, seeds - 1)) * sd / np.sqrt(seeds) if seeds > 1 else float("inf")
    low, high = interval(of_SR[:, 1:].mean(dim=0))
    of_one, of_other = float(one_SR[:, 0].mean()), float(other_SR[:, 0].mean())
    return Difference(of_one, of_other, mean, sd, (mean - reach, mean + reach), (float(low), float(high)))


def figure(scores: TrackScores, metric: str, count_RN: Tensor) -> Tensor:
    """A figure on every draw of the tracks, (R,).

    Args:
        scores: Scores of a test.
        metric: As in ``metrics.json``: ``rocauc_tag``, ``rocauc_clip``, both also with ``_seen`` or ``_unseen``,
            ``recall_any@K``, ``recall_identical@K``; and ``shared_tags@K``, the mean over the K tracks nearest to a
            track of the share of their tags, and its own, that they have in common (Jaccard index).
        count_RN: How often each track is drawn.

    Raises:
        ValueError: There is no such figure, or the model has no scores of some of its tags.
    """
    task, _, place = metric.partition("@")
    if place.isdigit() and task in NEIGHBOURS:
        embedding_ND, label_NT = torch.from_numpy(scores.embedding), torch.from_numpy(scores.label)
        return drawn_means(NEIGHBOURS[task](embedding_ND, label_NT, int(place)), count_RN)
    task = next((name for name in ("rocauc_tag", "rocauc_clip") if metric.startswith(name)), "")
    every = np.ones_like(scores.unseen)
    chosen = {"": every, "_seen": ~scores.unseen, "_unseen": scores.unseen}.get(metric.removeprefix(task))
    if not task or chosen is None:
        raise ValueError(f"unknown figure {metric!r}: rocauc_tag, rocauc_clip (_seen, _unseen), shared_tags@8 ...")
    score_NT, label_NT = torch.from_numpy(scores.score[:, chosen]), torch.from_numpy(scores.label[:, chosen])
    if score_NT.isnan().any():
        raise ValueError(f"{metric}: the model has no scores of some of these tags; {task}_seen may be had")
    if task == "rocauc_clip":
        return drawn_means(binary_areas(score_NT, label_NT).roc_R, count_RN)
    areas = drawn_areas(lambda tag: (score_NT[:, tag], label_NT[:, tag]), score_NT.shape[1], count_RN)
    return areas.roc_R.nanmean(dim=1)


def _recall(reading: str, embedding_ND: Tensor, label_NT: Tensor, k: int) -> Tensor:
    return recall_by_reading(embedding_ND, TagLabels(label_NT), (k,))[reading].each_NK[:, 0]


def shared_tags(embedding_ND: Tensor, label_NT: Tensor, k: int) -> Tensor:
    """Mean Jaccard index of each track's tags and those of the k tracks nearest to it, (N,); NaN without tags."""
    similarity_NN = (embedding_ND @ embedding_ND.T).fill_diagonal_(-torch.inf)
    nearest_NK = similarity_NN.topk(k, dim=1).indices
    own_NT = label_NT.double()
    common_NN = own_NT @ own_NT.T
    count_N = own_NT.sum(dim=1)
    jaccard_NN = common_NN / (count_N[:, None] + count_N - common_NN)
    return jaccard_NN.gather(1, nearest_NK).mean(dim=1).masked_fill(count_N == 0, torch.nan)


NEIGHBOURS: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "recall_any": partial(_recall, "any"),
    "recall_identical": partial(_recall, "identical"),
    "shared_tags": shared_tags,
}


def _write(rows: Sequence[Compared], title: str, path: Path, draws: int) -> Path:
    cells = [[*row[:4], *(f"{value:+.4f}" for value in _numbers(row.found)), row.found.verdict] for row in rows]
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
    for one, other, metric, _, found in rows:
        spans = [f"{low:+.3f} to {high:+.3f}" for low, high in (found.of_seeds, found.of_tracks)]
        values = f"{found.of_one:.3f} | {found.of_other:.3f} | {found.mean:+.3f} | {' | '.join(spans)}"
        lines.append(f"| {one} | {other} | {metric} | {values} | {found.verdict} |")
    return write_pair(path, [COLUMNS, *cells], "\n".join([*lines, ""]))


def _numbers(found: Difference) -> tuple[float, ...]:
    return (found.of_one, found.of_other, found.mean, found.sd, *found.of_seeds, *found.of_tracks)
