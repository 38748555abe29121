"""Figures of the real-music table, with intervals by drawing tracks and by drawing artists.

Shape suffixes: N tracks, T tags, Q queries, R draws.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mwe.metrics import binary_areas
from mwe.metrics.bootstrap import drawn_areas, drawn_counts, drawn_means, interval
from mwe.reproduce.real_music_rows import RowScores

DRAWS = 1000
TOP = 5  # answers to a query, and neighbours of a track
LEAST = 2  # tracks with and without a tag that is measured


class Judged(NamedTuple):
    """The recordings and what is known of them.

    Attributes:
        label_NT: Which track has which tag; every tag has two tracks with it and two without, or more.
        class_T: Whether a tag is a class of the towers.
        relevant_NQ: Which tracks answer which query.
        artists: Artist of each track.
    """

    label_NT: np.ndarray
    class_T: np.ndarray
    relevant_NQ: np.ndarray
    artists: Sequence[str]


class Figure(NamedTuple):
    """A figure and its draws.

    Attributes:
        value: The figure.
        by_tracks_R: The figure in every draw of tracks.
        by_artists_R: The figure in every draw of artists.
        counted: How many tags, tracks or queries it is a mean of.
    """

    value: float
    by_tracks_R: Tensor
    by_artists_R: Tensor
    counted: int

    def minus(self, other: "Figure") -> "Figure":
        """Return the paired difference: both figures on the same draws."""
        return Figure(
            self.value - other.value,
            self.by_tracks_R - other.by_tracks_R,
            self.by_artists_R - other.by_artists_R,
            min(self.counted, other.counted),
        )

    def bounds(self) -> tuple[float, float, float, float]:
        """Return the 95 % intervals by tracks and by artists."""
        return tuple(float(bound) for draws in self[1:3] for bound in interval(draws))  # type: ignore[return-value]


class Bootstrap:
    """Draws of tracks and of artists, the same for every row.

    Args:
        artists: Artist of each track.
        draws: Number of draws.
    """

    def __init__(self, artists: Sequence[str], draws: int = DRAWS) -> None:
        names = sorted(set(artists))
        row_N = torch.tensor([names.index(artist) for artist in artists])
        self.counts = (drawn_counts(len(artists), draws), drawn_counts(len(names), draws)[:, row_N])

    def areas(self, score_NT: Tensor, label_NT: Tensor) -> dict[str, Figure]:
        """Return the mean over tags of both areas; a tag without scores counts one half, and its share of tracks."""
        unknown_T = score_NT.isnan().all(dim=0)
        score_NT = torch.where(unknown_T, torch.zeros(()), score_NT)
        areas = binary_areas(score_NT.T, label_NT.T)
        drawn = [
            drawn_areas(lambda tag: (score_NT[:, tag], label_NT[:, tag]), score_NT.shape[1], counts)
            for counts in self.counts
        ]
        by_tracks, by_artists = drawn
        known = int((~unknown_T).sum())
        return {
            "ROC-AUC": Figure(
                float(areas.roc_R.nanmean()), by_tracks.roc_R.nanmean(dim=1), by_artists.roc_R.nanmean(dim=1), known
            ),
            "AP": Figure(
                float(areas.pr_R.nanmean()), by_tracks.pr_R.nanmean(dim=1), by_artists.pr_R.nanmean(dim=1), known
            ),
        }

    def mean(self, value_N: Tensor) -> Figure:
        """Return the mean of a value of every track."""
        by_tracks, by_artists = (drawn_means(value_N, counts) for counts in self.counts)
        return Figure(float(value_N.nanmean()), by_tracks, by_artists, int((~value_N.isnan()).sum()))

    def precision(self, score_NQ: Tensor, relevant_NQ: Tensor) -> Figure:
        """Return the mean over queries of the share of answers among the first five that are right."""
        known = ~score_NQ.isnan().any(dim=0)
        order_NQ = score_NQ.nan_to_num().argsort(dim=0, descending=True, stable=True)
        right_NQ = relevant_NQ.gather(0, order_NQ).double()
        every = torch.ones(1, len(score_NQ), dtype=torch.uint8)
        figures = []
        for counts in (every, *self.counts):
            drawn_RNQ = counts[:, order_NQ].double()
            room_RNQ = TOP - (drawn_RNQ.cumsum(dim=1) - drawn_RNQ)
            taken_RNQ = torch.minimum(drawn_RNQ, room_RNQ.clamp(min=0))
            share_RQ = (taken_RNQ * right_NQ).sum(dim=1) / TOP
            figures.append((share_RQ * known).mean(dim=1))
        return Figure(float(figures[0][0]), figures[1], figures[2], int(known.sum()))


def figures_of(row: RowScores, judged: Judged, bootstrap: Bootstrap) -> dict[str, Figure]:
    """Return all figures of a row by name."""
    score_NT, label_NT = torch.from_numpy(row.tag_NT).float(), torch.from_numpy(judged.label_NT)
    figures: dict[str, Figure] = {}
    for name, chosen_T in (("", slice(None)), (" of classes", judged.class_T), (" of other tags", ~judged.class_T)):
        if label_NT[:, chosen_T].shape[1]:
            areas = bootstrap.areas(score_NT[:, chosen_T], label_NT[:, chosen_T])
            figures |= {f"{figure} by tag{name}": value for figure, value in areas.items()}
    figures |= _by_clip(score_NT, label_NT, "", bootstrap)
    if row.calibrated_NT is not None:
        figures |= _by_clip(torch.from_numpy(row.calibrated_NT).float(), label_NT, ", calibrated", bootstrap)
    if row.query_NQ is not None:
        relevant_NQ = torch.from_numpy(judged.relevant_NQ)
        figures[f"precision@{TOP} of queries"] = bootstrap.precision(torch.from_numpy(row.query_NQ), relevant_NQ)
    if row.unit_ND is not None:
        figures["neighbours with a common tag"] = bootstrap.mean(_neighbours(row.unit_ND, label_NT))
    return figures


def _by_clip(score_NT: Tensor, label_NT: Tensor, ending: str, bootstrap: Bootstrap) -> dict[str, Figure]:
    known_T = ~score_NT.isnan().all(dim=0)
    if int(known_T.sum()) < LEAST:
        return {}
    areas = binary_areas(score_NT[:, known_T], label_NT[:, known_T])
    named = {"ROC-AUC by clip": areas.roc_R, "AP by clip": areas.pr_R}
    return {f"{name}{ending}": bootstrap.mean(value_N) for name, value_N in named.items()}


def _neighbours(unit_ND: np.ndarray, label_NT: Tensor) -> Tensor:
    """Return for every track with a tag the share of its five nearest that have one in common."""
    likeness_NN = torch.from_numpy(unit_ND @ unit_ND.T).fill_diagonal_(-torch.inf)
    common_NN = (label_NT.double() @ label_NT.double().T) > 0
    nearest_NK = likeness_NN.topk(min(TOP, len(unit_ND) - 1), dim=1).indices
    share_N = common_NN.gather(1, nearest_NK).double().mean(dim=1)
    share_N[~label_NT.any(dim=1)] = torch.nan
    return share_N
