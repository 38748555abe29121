"""Figures of masked-context priming.

A query is one revealed tag of a document. The candidates are the tags that are not revealed, and the hidden tags are
related. All averages are over queries, so the weight of a document is its number of revealed tags. Shape suffixes: Q
queries, D documents, T tags, M figures.
"""

import math
from typing import Any

import torch
from torch import Tensor

from mwe.core.catalogue import CatalogueMetric
from siamese_tags.metrics import CUTOFFS, shuffled_ties

FIGURES = (*(f"p@{k}" for k in CUTOFFS), "map", "ap")


def masked_figures(scores_QT: Tensor, candidates_QT: Tensor, hidden_QT: Tensor) -> Tensor:
    """Return the figures of each query from its ranked list of candidates.

    Args:
        scores_QT: Finite scores without ties, the highest ranks first.
        candidates_QT: Boolean; the tags that are not revealed.
        hidden_QT: Boolean; the hidden tags, a subset of the candidates, at least one.

    Returns:
        Q × 6 in 0 to 1: P@1, P@2, P@5, P@10; the mean of P@k over k = 1 … number of hidden tags; classical average
        precision.

    Examples:
        Tag 0 is revealed; of the others, ranked 2, 1, 3, the hidden ones are 1 and 2:

        >>> scores_QT = torch.tensor([[0.9, 0.5, 0.8, 0.1]])
        >>> candidates_QT = torch.tensor([[False, True, True, True]])
        >>> hidden_QT = torch.tensor([[False, True, True, False]])
        >>> masked_figures(scores_QT, candidates_QT, hidden_QT)  # P@1, P@2, P@5, P@10, mean of P@k, average precision
        tensor([[1.0000, 1.0000, 0.4000, 0.2000, 1.0000, 1.0000]], dtype=torch.float64)
    """
    n_tags = scores_QT.shape[1]
    order_QT = scores_QT.masked_fill(~candidates_QT, -math.inf).argsort(dim=1, descending=True)
    ranked_QT = hidden_QT.gather(1, order_QT)
    hits_QT = ranked_QT.cumsum(dim=1)
    rank_T = torch.arange(1, n_tags + 1, device=scores_QT.device)
    precision_QT = hits_QT / rank_T.double()
    n_hidden_Q1 = hits_QT[:, -1:]
    at_k = [hits_QT[:, min(k, n_tags) - 1] / k for k in CUTOFFS]
    mean_precision_Q = (precision_QT * (rank_T <= n_hidden_Q1)).sum(dim=1) / n_hidden_Q1[:, 0]
    average_precision_Q = (precision_QT * ranked_QT).sum(dim=1) / n_hidden_Q1[:, 0]
    return torch.stack([*at_k, mean_precision_Q, average_precision_Q], dim=1)


def random_figures(candidates_DT: Tensor, hidden_DT: Tensor) -> Tensor:
    """Return the expected figures of a random ranking in closed form; arguments as in :func:`masked_figures`.

    Of C candidates, L are hidden. P@k has the mean L/C for every k. A hit at rank k has on average (k-1)(L-1)/(C-1)
    hits before it, so the average precision has the mean (H + (L-1)/(C-1) · (C-H)) / C, where H is the C-th harmonic
    number.
    """
    candidates_D, hidden_D = candidates_DT.sum(dim=1).double(), hidden_DT.sum(dim=1).double()
    harmonic_D = torch.digamma(candidates_D + 1) - torch.digamma(torch.ones_like(candidates_D))
    share_D = hidden_D / candidates_D
    among_others_D = (hidden_D - 1) / (candidates_D - 1).clamp_min(1)
    average_precision_D = (harmonic_D + among_others_D * (candidates_D - harmonic_D)) / candidates_D
    return torch.stack([*([share_D] * (len(FIGURES) - 1)), average_precision_D], dim=1)


class MaskedPrimingMetric(CatalogueMetric):
    """Accuracy of masked-context priming in percent over all queries of all documents seen.

    Args:
        seed: Seed of the random order of ties.
        kwargs: Arguments of ``torchmetrics.Metric``.
    """

    def __init__(self, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(width=1 + len(FIGURES), **kwargs)
        self.seed = seed

    def add_documents(self, ids_D: Tensor, scores_DT: Tensor, revealed_DT: Tensor, hidden_DT: Tensor) -> None:
        """Add documents whose ranking is the same for each of their queries.

        Args:
            ids_D: Document IDs.
            scores_DT: Score of every tag, the highest first.
            revealed_DT: Boolean; the revealed tags, at least one per document.
            hidden_DT: Boolean; the hidden tags, at least one per document.

        Raises:
            ValueError: A score is not finite.
        """
        rows_D = torch.arange(len(ids_D), device=ids_D.device)
        ranked_DT = self._ranked(ids_D, rows_D, torch.zeros_like(rows_D), scores_DT)
        figures_DM = masked_figures(ranked_DT, ~revealed_DT, hidden_DT)
        self.add_figures(ids_D, revealed_DT.sum(dim=1), figures_DM)

    def add_queries(
        self,
        ids_D: Tensor,
        document_Q: Tensor,
        tag_Q: Tensor,
        scores_QT: Tensor,
        revealed_DT: Tensor,
        hidden_DT: Tensor,
    ) -> None:
        """Add documents with all their queries, each with a separate ranking.

        Args:
            ids_D: Document IDs.
            document_Q: Index of each query's document in ``ids_D``.
            tag_Q: Tag of each query.
            scores_QT: Score of every tag for each query, the highest first.
            revealed_DT: Boolean; the revealed tags.
            hidden_DT: Boolean; the hidden tags.

        Raises:
            ValueError: A score is not finite.
        """
        ranked_QT = self._ranked(ids_D, document_Q, tag_Q, scores_QT)
        figures_QM = masked_figures(ranked_QT, ~revealed_DT[document_Q], hidden_DT[document_Q])
        n_queries_D = torch.bincount(document_Q, minlength=len(ids_D))
        sums_DM = figures_QM.new_zeros(len(ids_D), len(FIGURES)).index_add_(0, document_Q, figures_QM)
        self.add_figures(ids_D, n_queries_D, sums_DM / n_queries_D[:, None])

    def add_figures(self, ids_D: Tensor, n_queries_D: Tensor, figures_DM: Tensor) -> None:
        """Add documents with their number of queries and mean figures (D × 6, in 0 to 1)."""
        weight_D1 = n_queries_D.double()[:, None]
        self.update(ids_D, torch.cat([weight_D1, weight_D1 * figures_DM], dim=1))

    def compute(self) -> dict[str, Tensor]:
        """Compute figures in percent: ``p@1``, ``p@2``, ``p@5``, ``p@10``, ``map``, ``ap``; NaN without a document."""
        _, sums_DM = self.catalogue()
        total_M = sums_DM.double().sum(dim=0)
        mean_M = 100 * total_M[1:] / total_M[0] if len(sums_DM) else torch.full_like(total_M[1:], math.nan)
        return {name: value.float() for name, value in zip(FIGURES, mean_M, strict=True)}

    def _ranked(self, ids_D: Tensor, document_Q: Tensor, tag_Q: Tensor, scores_QT: Tensor) -> Tensor:
        finite_Q = torch.isfinite(scores_QT).all(dim=1)
        if not finite_Q.all():
            raise ValueError(f"not finite among the scores of document {int(ids_D[document_Q[~finite_Q]][0])}")
        return shuffled_ties(scores_QT, ids_D[document_Q], tag_Q, self.seed)
