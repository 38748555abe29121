"""Semantic priming (Sect. 5.2): does a ranked list of all tags put those of the query's document first?

A query is one pair of a tag and a document that has it; all averages are over queries, so long documents weigh more.
Shape suffixes: Q queries, T tags, D documents, M figures.
"""

import math
from typing import Any

import torch
from torch import Tensor

from mwe.core.catalogue import CatalogueMetric

CUTOFFS = (1, 2, 5, 10)
RECALL_LEVELS = 11
CURVE = tuple(f"precision@{level / (RECALL_LEVELS - 1):.1f}" for level in range(RECALL_LEVELS))
JITTER = 1e-9


def shuffled_ties(scores_QT: Tensor, document_Q: Tensor, tag_Q: Tensor, seed: int = 0) -> Tensor:
    """Return scores in float64 with ties broken at random, by a jitter far below the row's largest score.

    The jitter is a hash of (seed, document, query tag, tag) and not a stream of random numbers, so it does not depend
    on the batch or the process that scores a query.

    Args:
        scores_QT: Scores; differences below 1e-9 of the row's largest magnitude count as ties. Infinities stay.
        document_Q: Document ID of each query.
        tag_Q: Tag of each query.
        seed: Seed of the jitter.

    Examples:
        >>> scores_QT = shuffled_ties(torch.zeros(1, 4), torch.tensor([7]), torch.tensor([2]))
        >>> scores_QT.argsort(dim=1, descending=True)
        tensor([[1, 3, 0, 2]])
        >>> bool((scores_QT < 1e-9).all())
        True
    """
    scores = scores_QT.double()
    columns_T = torch.arange(scores.shape[1], device=scores.device)
    hashed = (document_Q.long() * 0x9E3779B1 + tag_Q.long() * 0x85EBCA77 + seed * 0x27D4EB2F)[:, None]
    hashed = (hashed + columns_T * 0xC2B2AE3D) & 0xFFFFFFFF
    # finaliser of the 32-bit integer hash "lowbias32"; the low 32 bits of a product are right even if int64 wraps
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        hashed = ((hashed ^ (hashed >> shift)) * factor) & 0xFFFFFFFF
    uniform_QT = (hashed ^ (hashed >> 16)).double() / 2**32
    magnitude_Q1 = torch.where(scores.isfinite(), scores.abs(), 0.0).amax(dim=1, keepdim=True)
    return scores + uniform_QT * JITTER * torch.where(magnitude_Q1 > 0, magnitude_Q1, 1.0)


def priming_figures(scores_QT: Tensor, related_QT: Tensor, levels: int = 100) -> Tensor:
    """Return the figures of each query from its ranked list.

    Args:
        scores_QT: Scores without ties, the highest ranks first.
        related_QT: Boolean; the tags of the query's document including the query itself, at least one.
        levels: m of the mean average precision; must exceed the size of every document.

    Returns:
        Q × 16: P@1, P@2, P@5, P@10; the mean of P@k over k = 1 … min(m, tags of the document); interpolated precision
        at recall 0, 0.1, …, 1. All in 0 to 1.

    Examples:
        The first and the third of four tags in the ranking are those of the document:

        >>> scores_QT = torch.tensor([[0.9, 0.8, 0.7, 0.1]])
        >>> related_QT = torch.tensor([[True, False, True, False]])
        >>> priming_figures(scores_QT, related_QT)[0, :5]  # P@1, P@2, P@5, P@10, mean of P@1 and P@2
        tensor([1.0000, 0.5000, 0.4000, 0.2000, 0.7500], dtype=torch.float64)
    """
    n_tags = scores_QT.shape[1]
    ranked_QT = related_QT.gather(1, scores_QT.argsort(dim=1, descending=True))
    hits_QT = ranked_QT.cumsum(dim=1)
    rank_T = torch.arange(1, n_tags + 1, device=scores_QT.device)
    precision_QT = hits_QT / rank_T.double()
    n_related_Q1 = hits_QT[:, -1:]
    at_k = torch.stack([hits_QT[:, min(k, n_tags) - 1] / k for k in CUTOFFS], dim=1)
    counted_QT = rank_T <= n_related_Q1.clamp_max(levels)
    average_Q1 = (precision_QT * counted_QT).sum(dim=1, keepdim=True) / counted_QT.sum(dim=1, keepdim=True)
    interpolated_QT = precision_QT.flip(1).cummax(dim=1).values.flip(1)
    recall_R = torch.arange(RECALL_LEVELS, device=scores_QT.device)
    # hits needed for recall r/10 of n related tags, in integers: ceil(r · n / 10)
    needed_QR = (n_related_Q1 * recall_R + RECALL_LEVELS - 2) // (RECALL_LEVELS - 1)
    curve_QR = interpolated_QT.gather(1, torch.searchsorted(hits_QT, needed_QR).clamp_max(n_tags - 1))
    return torch.cat([at_k, average_Q1, curve_QR], dim=1)


def curve_area(curve_R: Tensor) -> Tensor:
    """Return the area (trapezoid) under the 11-point precision-recall curve."""
    return torch.trapezoid(curve_R, dx=1.0 / (RECALL_LEVELS - 1))


class PrimingMetric(CatalogueMetric):
    """Priming accuracy in percent over all queries of all documents seen.

    Args:
        seed: Seed of the random order of ties.
        levels: m of the mean average precision.
        kwargs: Arguments of ``torchmetrics.Metric``.

    Examples:
        A document with tags 0 and 2, each ranked first when it is the query itself:

        >>> metric = PrimingMetric()
        >>> scores_QT = torch.tensor([[0.9, 0.8, 0.7], [0.6, 0.1, 0.9]])
        >>> bags_DT = torch.tensor([[True, False, True]])
        >>> metric.add_documents(torch.tensor([5]), torch.tensor([0, 0]), torch.tensor([0, 2]), scores_QT, bags_DT)
        >>> figures = metric.compute()
        >>> {name: float(figures[name]) for name in ("p@1", "p@2", "map")}
        {'p@1': 100.0, 'p@2': 75.0, 'map': 87.5}
    """

    def __init__(self, seed: int = 0, levels: int = 100, **kwargs: Any) -> None:
        super().__init__(width=1 + len(CUTOFFS) + 1 + RECALL_LEVELS, **kwargs)
        self.seed = seed
        self.levels = levels

    def add_documents(
        self, ids_D: Tensor, document_Q: Tensor, tag_Q: Tensor, scores_QT: Tensor, bags_DT: Tensor
    ) -> None:
        """Add documents with all their queries.

        Args:
            ids_D: Document IDs.
            document_Q: Index of each query's document in ``ids_D``.
            tag_Q: Tag of each query.
            scores_QT: Score of every tag for each query, the highest first.
            bags_DT: Boolean; the tags of each document.

        Raises:
            ValueError: A score is not finite. Only the score of the query itself may be infinite, to rank it first.
        """
        query_QT = torch.arange(scores_QT.shape[1], device=scores_QT.device) == tag_Q[:, None]
        finite_Q = (scores_QT.isfinite() | (query_QT & (scores_QT == math.inf))).all(dim=1)
        if not finite_Q.all():
            raise ValueError(f"not finite among the scores of document {int(ids_D[document_Q[~finite_Q]][0])}")
        ranked_QT = shuffled_ties(scores_QT, ids_D[document_Q], tag_Q, self.seed)
        figures_QM = priming_figures(ranked_QT, bags_DT[document_Q], self.levels)
        figures_QM = torch.cat([torch.ones_like(figures_QM[:, :1]), figures_QM], dim=1)
        sums_DM = figures_QM.new_zeros(len(ids_D), self.width).index_add_(0, document_Q, figures_QM)
        self.update(ids_D, sums_DM)

    def compute(self) -> dict[str, Tensor]:
        """Compute the figures in percent; NaN without a document.

        Returns:
            ``p@1``, ``p@2``, ``p@5``, ``p@10``, ``map``; the precision-recall curve, from ``precision@0.0`` to
            ``precision@1.0`` by recall; ``auc``, the area under it.
        """
        _, sums_DM = self.catalogue()
        total_M = sums_DM.double().sum(dim=0)
        mean_M = 100 * total_M[1:] / total_M[0] if len(sums_DM) else torch.full_like(total_M[1:], math.nan)
        names = [*(f"p@{k}" for k in CUTOFFS), "map", *CURVE]
        figures = dict(zip(names, mean_M, strict=True)) | {"auc": curve_area(mean_M[-RECALL_LEVELS:])}
        return {name: value.float() for name, value in figures.items()}
