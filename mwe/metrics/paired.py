"""Retrieval between two sets whose members belong to tracks, such as captions and sounds: exact under ties.

Shape suffixes: Q queries, C candidates, D dimensions, K values of K, B queries of a block, R draws.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from mwe.metrics.functional import BLOCK_NUMBERS, expected_hits

RETRIEVAL_KS = (1, 5, 10)
DECIMALS = 10  # of a cosine: products of equal vectors differ beyond, by the order of their additions


class PairedRecall(NamedTuple):
    """Retrieval of candidates of the same track.

    Attributes:
        hit_QK: Chance that one of the K nearest candidates is of the query's track; NaN where it has none.
        rank_Q: Expected rank of the first that is, from 1; NaN where it has none.
    """

    hit_QK: Tensor
    rank_Q: Tensor


def paired_recall(
    query_QD: Tensor, candidate_CD: Tensor, track_Q: Tensor, track_C: Tensor, ks: tuple[int, ...] = RETRIEVAL_KS
) -> PairedRecall:
    """Rank candidates by cosine; those of the query's track are right.

    Candidates with equal cosines are in random order; values are exact expectations over that order. A query of zeros
    therefore has chance.

    Args:
        query_QD: Unit vectors of the queries.
        candidate_CD: Unit vectors of the candidates.
        track_Q: Number of each query's track.
        track_C: Number of each candidate's track.
        ks: The values of K.

    Examples:
        >>> import torch
        >>> query = torch.tensor([[1.0, 0.0], [0.0, 0.0]])  # the second means nothing
        >>> recall = paired_recall(query, torch.eye(2), torch.tensor([0, 1]), torch.tensor([0, 1]), ks=(1, 2))
        >>> recall.hit_QK.tolist(), recall.rank_Q.tolist()
        ([[1.0, 1.0], [0.5, 1.0]], [1.0, 1.5])
    """
    step = max(1, BLOCK_NUMBERS // max(1, len(candidate_CD)))
    candidate_CD = candidate_CD.double()
    hits, ranks = [query_QD.new_zeros(0, len(ks), dtype=torch.float64)], [query_QD.new_zeros(0, dtype=torch.float64)]
    for start in range(0, len(query_QD), step):
        score_BC = (query_QD[start : start + step].double() @ candidate_CD.T).round(decimals=DECIMALS)
        relevant_BC = track_Q[start : start + step, None] == track_C
        hit_BK, answerable_B = expected_hits(score_BC, relevant_BC, ks)
        best_B1 = score_BC.masked_fill(~relevant_BC, -torch.inf).amax(dim=1, keepdim=True)
        tied_BC = score_BC == best_B1
        # the first of r right ones among n in random order is at (n + 1) / (r + 1)
        first_B = (tied_BC.sum(dim=1) + 1).double() / ((tied_BC & relevant_BC).sum(dim=1) + 1)
        rank_B = (score_BC > best_B1).sum(dim=1) + first_B
        hits.append(hit_BK.masked_fill(~answerable_B[:, None], torch.nan))
        ranks.append(rank_B.masked_fill(~answerable_B, torch.nan))
    return PairedRecall(torch.cat(hits), torch.cat(ranks))


def drawn_medians(value_Q: Tensor, count_RQ: Tensor) -> Tensor:
    """Return the median of a value over the members of each draw, (R,); members whose value is NaN are left out.

    Examples:
        >>> import torch
        >>> count = torch.tensor([[1, 1, 1], [2, 0, 2]], dtype=torch.uint8)
        >>> drawn_medians(torch.tensor([3.0, 1.0, 8.0]), count).tolist()
        [3.0, 5.5]
    """
    defined_Q = ~value_Q.isnan()
    ordered_Q, order_Q = value_Q[defined_Q].double().sort()
    until_RQ = count_RQ[:, defined_Q][:, order_Q].long().cumsum(dim=1)
    if not until_RQ.shape[1]:
        return torch.full((len(count_RQ),), torch.nan, dtype=torch.float64)
    total_R1 = until_RQ[:, -1:]
    last = until_RQ.shape[1] - 1
    middle = [
        ordered_Q[torch.searchsorted(until_RQ, place_R1, right=True).clamp(max=last)]
        for place_R1 in ((total_R1 - 1) // 2, total_R1 // 2)
    ]
    median_R: Tensor = ((middle[0] + middle[1]) / 2).squeeze(1)
    return median_R.masked_fill(total_R1.squeeze(1) == 0, torch.nan)
