"""Priming accuracy of any ranking on the training and the test documents of a fold.

Shape suffixes: Q queries, D documents, T tags.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from siamese_tags.baselines.base import OOVRanker, Queries, Ranker
from siamese_tags.documents import Fold, OOVDocuments, TagDocuments
from siamese_tags.metrics import PrimingMetric
from siamese_tags.oov import add_queries

BLOCK = 64


def evaluate(ranker: Ranker, documents: TagDocuments, rows: Fold, seed: int = 0) -> dict[str, float]:
    """Fit on the training documents; measure on both parts.

    Args:
        ranker: What is measured.
        documents: The whole collection.
        rows: Its division.
        seed: Of the random order of tags with equal scores.

    Returns:
        ``train_p@1`` … ``test_auc`` in percent; no figure of the test documents for a ranking that is ``train_only``.
        ``oov_p@1`` … of tags out of vocabulary where the collection sets some aside and the ranking can relate them.
    """
    ranker.fit(documents.subset(rows.train))
    figures = {}
    parts = {"train": rows.train} if getattr(ranker, "train_only", False) else vars(rows)
    for split, part in parts.items():
        measured = priming(ranker, documents, part, seed)
        figures.update({f"{split}_{name}": value for name, value in measured.items()})
    if documents.oov is not None and isinstance(ranker, OOVRanker):
        measured = oov_priming(ranker, documents.oov, seed)
        figures.update({f"oov_{name}": value for name, value in measured.items()})
    return figures


def priming(ranker: Ranker, documents: TagDocuments, rows: NDArray[np.int64], seed: int = 0) -> dict[str, float]:
    """Priming accuracy of a fitted ranking on the documents of ``rows``, in percent."""
    metric = PrimingMetric(seed)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        queries = Queries.of(documents.matrix_DT[block], tuple(documents.ids[row] for row in block))
        metric.add_documents(
            torch.tensor(block),
            torch.tensor(queries.document_Q),
            torch.tensor(queries.tag_Q),
            torch.tensor(ranker.rank(queries)),
            torch.tensor(queries.membership_DT),
        )
    return {name: float(value) for name, value in metric.compute().items()}


def oov_priming(ranker: OOVRanker, oov: OOVDocuments, seed: int = 0) -> dict[str, float]:
    """Priming accuracy of a fitted ranking with tags out of the vocabulary as queries, in percent."""
    metric = PrimingMetric(seed)
    ids_D, known_DT, unseen_DU = torch.arange(len(oov)), torch.tensor(oov.known_DT), torch.tensor(oov.unseen_DU)
    add_queries(metric, ids_D, known_DT, unseen_DU, torch.tensor(ranker.rank_oov(oov)))
    return {name: float(value) for name, value in metric.compute().items()}
