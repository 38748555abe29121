"""Masked-context priming of a fitted rule.

Shape suffixes: D documents, Q queries, T tags.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from siamese_tags.masked.metrics import MaskedPrimingMetric, random_figures
from siamese_tags.masked.rules import Rule

BLOCK = 256


def masked_priming(
    rule: Rule | None,
    membership_DT: NDArray[np.bool_],
    revealed_DT: NDArray[np.bool_],
    ids_D: NDArray[np.int64],
    seed: int = 0,
) -> MaskedPrimingMetric:
    """Measure a fitted rule.

    Args:
        rule: The rule; None for the expectation of a random ranking.
        membership_DT: Boolean; the tags of the documents.
        revealed_DT: Boolean; the revealed tags of the documents.
        ids_D: Document IDs, which break ties.
        seed: Seed of the random order of tags with equal scores.

    Returns:
        The metric with all documents; ``compute()`` returns the figures in percent.
    """
    metric = MaskedPrimingMetric(seed)
    for start in range(0, len(ids_D), BLOCK):
        block = slice(start, start + BLOCK)
        ids = torch.tensor(ids_D[block])
        revealed = torch.tensor(revealed_DT[block])
        hidden = torch.tensor(membership_DT[block]) & ~revealed
        if rule is None:
            metric.add_figures(ids, revealed.sum(dim=1), random_figures(~revealed, hidden))
        elif rule.query_only:
            document_Q, tag_Q = revealed.nonzero().unbind(dim=1)
            alone_TT = np.eye(revealed.shape[1], dtype=np.bool_)
            scores_QT = torch.tensor(rule.score(alone_TT))[tag_Q]
            metric.add_queries(ids, document_Q, tag_Q, scores_QT, revealed, hidden)
        else:
            metric.add_documents(ids, torch.tensor(rule.score(revealed_DT[block])), revealed, hidden)
    return metric
