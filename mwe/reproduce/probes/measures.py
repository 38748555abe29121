"""Figures of probes on test tracks, averaged over folds, with intervals by drawing artists.

Shape suffixes: N tracks, D dimensions, T tags, R draws, F folds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from mwe.metrics import binary_areas
from mwe.metrics.bootstrap import drawn_areas
from mwe.reproduce.probes.classifiers import PROBES, LabelledVectors
from mwe.reproduce.probes.questions import ProbeSplit, ProbeTracks
from mwe.reproduce.zeroshot.tag_figures import Interval, draws_of_artists

FIGURES = ("ROC-AUC by tag", "PR-AUC by tag")
SHUFFLED = ", labels shuffled"
WORDS = "no probe: its words"
METHODS = (WORDS, *(f"{probe}{control}" for probe in PROBES for control in ("", SHUFFLED)))
"""What is measured of each pair: tags by words alone, probes, and probes that learnt the labels of other tracks."""


class FoldScores(NamedTuple):
    """Scores of the test tracks of a fold.

    Attributes:
        rows: The tracks.
        score_NT: Their scores, of all tags.
        measured_T: Tags that training and test tracks have and have not.
        chosen: What was chosen on validation tracks.
    """

    rows: np.ndarray
    score_NT: np.ndarray
    measured_T: np.ndarray
    chosen: str


class ProbedTag(NamedTuple):
    """Figures of a tag, means over the folds that measure it.

    Attributes:
        tag: The tag.
        positives: Test tracks that have it, in all folds.
        folds: Folds that measure it.
        roc: ROC-AUC.
        pr: Average precision.
    """

    tag: str
    positives: int
    folds: int
    roc: Interval
    pr: Interval


class ProbeResult(NamedTuple):
    """Figures of a method on a collection.

    Attributes:
        figures: Means over folds of means over tags, by name.
        spread: Standard deviation over folds, by name; NaN for one fold.
        tags: Figures of every tag that some fold measures.
        measured: Number of tags that each fold measures.
        left_out: Number of tags of the collection that no fold measures.
        chosen: What was chosen in each fold.
        tracks: Number of test tracks.
        note: What a reader of the row should know.
    """

    figures: Mapping[str, Interval]
    spread: Mapping[str, float]
    tags: Sequence[ProbedTag]
    measured: Sequence[int]
    left_out: int
    chosen: Sequence[str]
    tracks: int
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        content = self._asdict() | {"figures": {name: [*figure] for name, figure in self.figures.items()}}
        return content | {"tags": [[*probed[:3], [*probed.roc], [*probed.pr]] for probed in self.tags]}

    @classmethod
    def of_dict(cls, content: Mapping[str, Any]) -> "ProbeResult":
        """Return the result from the content of a JSON file."""
        figures = {name: Interval(*values) for name, values in content["figures"].items()}
        tags = [ProbedTag._make([*row[:3], Interval(*row[3]), Interval(*row[4])]) for row in content["tags"]]
        return cls(**{**content, "figures": figures, "tags": tags})


def fold_scores(method: str, tracks: LabelledVectors, split: ProbeSplit, word_NT: np.ndarray) -> FoldScores:
    """Train a probe, and score the test tracks of a fold.

    A probe learns the tags that training tracks have and have not; labels of test tracks only decide what is measured.

    Args:
        method: One of ``METHODS``.
        tracks: All tracks.
        split: Their parts.
        word_NT: Scores of all tracks by the words of tags; a column of NaN for a tag that means nothing to the pair.
    """
    train, valid, test = (tracks.rows(rows) for rows in split)
    taught_T = train.both_sides()
    score_NT, chosen = np.nan_to_num(word_NT[split.test]), ""
    if method != WORDS and taught_T.any():
        train, valid = train.tags(taught_T), valid.tags(taught_T)
        if method.endswith(SHUFFLED):
            train, valid = _shuffled(train, valid)
        probe = PROBES[method.removesuffix(SHUFFLED)](train, valid)
        score_NT, chosen = np.zeros(test.label_NT.shape, np.float32), probe.chosen
        score_NT[:, taught_T] = probe.scores(test.vector_ND)
    return FoldScores(split.test, score_NT.astype(np.float32), taught_T & test.both_sides(), chosen)


def _shuffled(train: LabelledVectors, valid: LabelledVectors) -> tuple[LabelledVectors, LabelledVectors]:
    return train.shuffled(), valid.shuffled()


def probe_result(
    tracks: ProbeTracks, score: Callable[[ProbeSplit], FoldScores], draws: int, note: str = ""
) -> ProbeResult:
    """Measure the scores of test tracks, fold by fold.

    Artists are drawn again among those of all test tracks. Folds without a tag that can be measured count nowhere.

    Args:
        tracks: The tracks.
        score: Returns the scores of a fold.
        draws: Draws of the bootstrap.
        note: What a reader of the row should know.
    """
    folds = [score(split) for split in tracks.splits]
    rows = np.concatenate([fold.rows for fold in folds])
    count_RN = draws_of_artists([tracks.judged.artists[row] for row in rows.tolist()], draws)
    bounds = np.cumsum([0, *(len(fold.rows) for fold in folds)]).tolist()
    areas_FT, drawn_RFT = [], []
    for fold, start, stop in zip(folds, bounds[:-1], bounds[1:], strict=True):
        judged_NT = tracks.judged.judged_NT[fold.rows] & fold.measured_T
        label_TN = torch.from_numpy(np.ascontiguousarray(tracks.judged.label_NT[fold.rows].T))
        score_TN = torch.from_numpy(np.ascontiguousarray(np.where(judged_NT, fold.score_NT, -np.inf).T)).float()
        areas_FT.append(torch.stack(binary_areas(score_TN, label_TN & torch.from_numpy(judged_NT.T))))
        drawn_RFT.append(torch.stack(drawn_areas(_scored(score_TN, label_TN), len(score_TN), count_RN[:, start:stop])))
    # area: figure, fold, tag; drawn: figure, draw, fold, tag
    area, drawn = torch.stack(areas_FT, dim=1), torch.stack(drawn_RFT, dim=2)
    fold_means, drawn_means = area.nanmean(dim=2), drawn.nanmean(dim=3)
    figures = {
        name: Interval.of(float(fold_means[row].nanmean()), drawn_means[row].nanmean(dim=1))
        for row, name in enumerate(FIGURES)
    }
    measured_T = np.any([fold.measured_T for fold in folds], axis=0)
    tags = [
        ProbedTag(
            tracks.judged.tags[tag],
            sum(int(tracks.judged.label_NT[fold.rows, tag].sum()) for fold in folds if fold.measured_T[tag]),
            sum(bool(fold.measured_T[tag]) for fold in folds),
            *(Interval.of(float(area[row, :, tag].nanmean()), drawn[row, :, :, tag].nanmean(dim=1)) for row in (0, 1)),
        )
        for tag in np.flatnonzero(measured_T).tolist()
    ]
    return ProbeResult(
        figures,
        {name: _spread(fold_means[row]) for row, name in enumerate(FIGURES)},
        tags,
        [int(fold.measured_T.sum()) for fold in folds],
        int((~measured_T).sum()),
        [fold.chosen for fold in folds],
        len(rows),
        note,
    )


def _scored(score_TN: torch.Tensor, label_TN: torch.Tensor) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    return lambda tag: (score_TN[tag], label_TN[tag])


def _spread(mean_F: torch.Tensor) -> float:
    defined = mean_F[~mean_F.isnan()]
    return float(defined.std()) if len(defined) > 1 else float("nan")
