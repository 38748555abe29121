"""Figures of scores of tags, with intervals by drawing artists.

Shape suffixes: N tracks, T tags, R draws.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mwe.metrics import binary_areas
from mwe.metrics.bootstrap import drawn_areas, drawn_counts, drawn_means, interval
from mwe.reproduce.zeroshot.judged import JudgedTracks

DRAWS = 1000
BY_TAG, BY_CLIP = ("ROC-AUC by tag", "PR-AUC by tag"), ("ROC-AUC by clip", "PR-AUC by clip")


class Interval(NamedTuple):
    """A figure with its 95 % interval; NaN where there is none."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, drawn_R: Tensor) -> "Interval":
        """Return a figure with the interval of its draws."""
        return cls(value, *(float(bound) for bound in interval(drawn_R)))


class TagMeasure(NamedTuple):
    """Figures of a tag.

    Attributes:
        tag: The tag.
        group: Its group.
        positives: Tracks that have it.
        judged: Tracks of which it is known whether they have it.
        known: Whether the row has a score for it.
        roc: ROC-AUC.
        pr: Average precision.
    """

    tag: str
    group: str
    positives: int
    judged: int
    known: bool
    roc: Interval
    pr: Interval


class TagResult(NamedTuple):
    """Figures of a row on a collection.

    Attributes:
        figures: Means by name.
        tags: Figures of every tag.
        tracks: Number of tracks.
        note: What a reader of the row should know.
    """

    figures: Mapping[str, Interval]
    tags: Sequence[TagMeasure]
    tracks: int
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        return {
            "figures": {name: [*figure] for name, figure in self.figures.items()},
            "tags": [[*measure[:5], [*measure.roc], [*measure.pr]] for measure in self.tags],
            "tracks": self.tracks,
            "note": self.note,
        }

    @classmethod
    def of_dict(cls, content: Mapping[str, Any]) -> "TagResult":
        """Return the result from the content of a JSON file."""
        figures = {name: Interval(*values) for name, values in content["figures"].items()}
        tags = [TagMeasure._make([*row[:5], Interval(*row[5]), Interval(*row[6])]) for row in content["tags"]]
        return cls(figures, tags, content["tracks"], content["note"])


def draws_of_artists(artists: Sequence[str], draws: int) -> Tensor:
    """Return how often each track is drawn when whole artists are, (R, N).

    Examples:
        >>> counts = draws_of_artists(["Air", "Can", "Air"], draws=4)
        >>> bool((counts[:, 0] == counts[:, 2]).all())
        True
    """
    row_of = {artist: row for row, artist in enumerate(sorted(set(artists)))}
    return drawn_counts(len(row_of), draws)[:, torch.tensor([row_of[artist] for artist in artists])]


def tag_result(score_NT: np.ndarray, judged: JudgedTracks, draws: int = DRAWS, note: str = "") -> TagResult:
    """Measure scores of tags.

    Means by tag count a tag without scores as one that orders tracks at random: one half, and the share of its tracks.
    Means by clip leave such a tag out. Labels that were not judged count nowhere.

    Args:
        score_NT: Scores; a column of NaN for a tag that the row does not know.
        judged: What is known of the tracks.
        draws: Draws of the bootstrap.
        note: What a reader of the row should know.
    """
    score_TN, label_TN = (
        torch.from_numpy(np.ascontiguousarray(array_NT.T)) for array_NT in (score_NT, judged.label_NT)
    )
    score_TN, judged_TN = score_TN.float(), torch.from_numpy(np.ascontiguousarray(judged.judged_NT.T))
    unknown_T = score_TN.isnan().all(dim=1)
    score_TN = score_TN.masked_fill(unknown_T[:, None], 0.0).masked_fill(~judged_TN, -torch.inf)
    counts_RN = draws_of_artists(judged.artists, draws)
    areas = binary_areas(score_TN, label_TN)
    drawn = drawn_areas(lambda tag: (score_TN[tag], label_TN[tag]), len(score_TN), counts_RN)
    figures = {
        name: Interval.of(float(area_T.nanmean()), area_RT.nanmean(dim=1))
        for name, area_T, area_RT in zip(BY_TAG, areas, drawn, strict=True)
    }
    if int((~unknown_T).sum()) > 1:
        clips = binary_areas(score_TN[~unknown_T].T, label_TN[~unknown_T].T)
        figures |= {
            name: Interval.of(float(area_N.nanmean()), drawn_means(area_N, counts_RN))
            for name, area_N in zip(BY_CLIP, clips, strict=True)
        }
    tags = [
        TagMeasure(
            tag,
            judged.groups[column],
            int((label_TN[column] & judged_TN[column]).sum()),
            int(judged_TN[column].sum()),
            not bool(unknown_T[column]),
            Interval.of(float(areas.roc_R[column]), drawn.roc_R[:, column]),
            Interval.of(float(areas.pr_R[column]), drawn.pr_R[:, column]),
        )
        for column, tag in enumerate(judged.tags)
    ]
    return TagResult(figures, tags, len(judged.track_ids), note)
