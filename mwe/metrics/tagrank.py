"""Tag rank prediction (Table III): are tags that occur together on tracks close together as word vectors?

Shape suffixes: T tags, D dimensions, Q query tags, C candidate tags.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mwe.core.catalogue import CatalogueMetric
from mwe.metrics.functional import ndcg

RANKS = 30
KINDS = ("content", "context")


def tag_rank(unit_TD: Tensor, count_TT: Tensor, context_T: Tensor, k: int = RANKS) -> dict[str, Tensor]:
    """Return the nDCG@k of ranking tags by cosine, with the number of common tracks as gain, in four blocks.

    Queries of each kind (*content* such as genre and instrument, *context* such as mood and theme) rank the tags of
    each kind, except themselves. Queries that share no track with any candidate are excluded and counted. The average
    is over the four blocks, as in the paper, if all of them have a value.

    Args:
        unit_TD: Tag vectors of length 1.
        count_TT: Number of tracks that have both tags; the diagonal is ignored.
        context_T: Which tags are context tags.
        k: Number of ranks that count.

    Examples:
        >>> import torch
        >>> unit = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]))
        >>> common = torch.tensor([[0, 3, 1], [3, 0, 0], [1, 0, 0]])  # tracks that have both tags
        >>> figures = tag_rank(unit, common, context_T=torch.tensor([False, False, True]))
        >>> figures["ndcg_content_content"].item(), figures["ndcg_context_context_excluded"].item()
        (1.0, 1)
    """
    figures: dict[str, Tensor] = {}
    for query_kind, queries in zip(KINDS, (~context_T, context_T), strict=True):
        for kind, candidates in zip(KINDS, (~context_T, context_T), strict=True):
            score_QC = unit_TD[queries] @ unit_TD[candidates].T
            self_QC = queries.nonzero() == candidates.nonzero().T
            values = ndcg(score_QC.masked_fill(self_QC, -torch.inf), count_TT[queries][:, candidates], k)
            answered = ~torch.isnan(values)
            if answered.any():
                figures[f"ndcg_{query_kind}_{kind}"] = values[answered].mean()
            figures[f"ndcg_{query_kind}_{kind}_excluded"] = (~answered).sum()
    blocks = [value for name, value in figures.items() if not name.endswith("_excluded")]
    if len(blocks) == len(KINDS) ** 2:
        figures["ndcg_average"] = torch.stack(blocks).mean()
    return figures


class TagRank(CatalogueMetric):
    """Tag rank prediction over a vocabulary of tags. Rows are the tags' vectors, IDs their positions.

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
        """Return figures and counts by name, over the tags of the catalogue."""
        ids_T, rows_TD = self.catalogue()
        count_TT = self.count_TT[ids_T][:, ids_T]
        return tag_rank(normalize(rows_TD, dim=1), count_TT, self.context_T[ids_T])
