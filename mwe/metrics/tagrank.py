"""Tag rank prediction (Table III): are the tags that occur together on tracks near each other as words?

Shape suffixes: T tags, D dimensions, Q query tags, C candidate tags.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mwe.core.catalogue import CatalogueMetric
from mwe.metrics.functional import ndcg

PLACES = 30
KINDS = ("content", "context")


def tag_rank(unit_TD: Tensor, count_TT: Tensor, context_T: Tensor, k: int = PLACES) -> dict[str, Tensor]:
    """nDCG@k of ranking tags by cosine, with the number of common tracks as gain, in four blocks.

    Queries of each kind (*content* such as genre and instrument, *context* such as mood and theme) rank the tags of
    each kind, themselves left out. Queries that share no track with any candidate are excluded and counted. The average
    is that of the four blocks, as in the paper, where all of them have a value.

    Args:
        unit_TD: Tag vectors of length 1.
        count_TT: Number of tracks that have both tags; the diagonal is ignored.
        context_T: Which tags are context tags.
        k: Places that count.
    """
    found: dict[str, Tensor] = {}
    for query_kind, queries in zip(KINDS, (~context_T, context_T), strict=True):
        for kind, candidates in zip(KINDS, (~context_T, context_T), strict=True):
            score_QC = unit_TD[queries] @ unit_TD[candidates].T
            own_QC = queries.nonzero() == candidates.nonzero().T
            values = ndcg(score_QC.masked_fill(own_QC, -torch.inf), count_TT[queries][:, candidates], k)
            answered = ~torch.isnan(values)
            if answered.any():
                found[f"ndcg_{query_kind}_{kind}"] = values[answered].mean()
            found[f"ndcg_{query_kind}_{kind}_excluded"] = (~answered).sum()
    blocks = [value for name, value in found.items() if not name.endswith("_excluded")]
    if len(blocks) == len(KINDS) ** 2:
        found["ndcg_average"] = torch.stack(blocks).mean()
    return found


class TagRank(CatalogueMetric):
    """Tag rank prediction over a vocabulary of tags; the rows are the tags' vectors, the ids their places.

    Args:
        count_TT: Number of tracks that have both tags.
        context_T: Which tags are context tags.
        width: Dimensions D of the vectors.
    """

    count_TT: Tensor
    context_T: Tensor

    def __init__(self, count_TT: Tensor, context_T: Tensor, width: int, **kwargs: Any) -> None:
        super().__init__(width, **kwargs)
        self.register_buffer("count_TT", count_TT, persistent=False)
        self.register_buffer("context_T", context_T.bool(), persistent=False)

    def compute(self) -> dict[str, Tensor]:
        """Figures and counts by name, over the tags that were given."""
        ids_T, rows_TD = self.catalogue()
        count_TT = self.count_TT[ids_T][:, ids_T]
        return tag_rank(normalize(rows_TD, dim=1), count_TT, self.context_T[ids_T])
