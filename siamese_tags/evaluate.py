"""Priming accuracy of any ranking on the training and the test documents of a fold.

Shape suffixes: Q queries, D documents, T tags.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import OOVRanker, Queries, Ranker
from siamese_tags.documents import Fold, OOVDocuments, TagDocuments
from siamese_tags.documents.folds import InnerFold
from siamese_tags.metrics import PrimingMetric
from siamese_tags.oov import add_queries

BLOCK = 64


def evaluate(ranker: Ranker, documents: TagDocuments, rows: Fold | InnerFold, seed: int = 0) -> dict[str, float]:
    """Fit a ranking on the training documents and measure it on training and test documents.

    Args:
        ranker: Ranking to measure.
        documents: The whole collection.
        rows: Rows of its training and test documents, or of those to train on and set aside.
        seed: Seed of the random order of tags with equal scores.

    Returns:
        ``train_p@1`` … ``test_auc``, or ``valid_auc``, in percent; no test figures for a ranking that
        is ``train_only``. Also ``oov_p@1`` … for out-of-vocabulary tags, if the collection sets some aside and the
        ranking supports them.

    Examples:
        >>> from mwe.tracks import tracks_of
        >>> from siamese_tags.baselines import PopularityRanker
        >>> from siamese_tags.documents import folds
        >>> lists = {f"song {n}": ["pop", "calm" if n % 2 else "loud"] for n in range(6)}
        >>> documents = TagDocuments.of(tracks_of("mine", lists))
        >>> figures = evaluate(PopularityRanker(), documents, folds(len(documents))[0])
        >>> figures["test_p@1"], figures["test_map"]
        (100.0, 93.75)
    """
    ranker.fit(documents.to_learn(rows.train))
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
    """Return the priming accuracy of a fitted ranking on the documents of ``rows``, in percent."""
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
    """Return the priming accuracy of a fitted ranking with out-of-vocabulary tags as queries, in percent."""
    metric = PrimingMetric(seed)
    ids_D, known_DT, unseen_DU = torch.arange(len(oov)), torch.tensor(oov.known_DT), torch.tensor(oov.unseen_DU)
    add_queries(metric, ids_D, known_DT, unseen_DU, torch.tensor(ranker.rank_oov(oov)))
    return {name: float(value) for name, value in metric.compute().items()}
