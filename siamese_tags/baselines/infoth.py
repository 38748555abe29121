"""Information-theoretic smoothing of tag relatedness (Mandel et al., 2011; supplement, Sect. D.1).

Shape suffixes: T tags, K neighbours.
"""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import ContextFree
from siamese_tags.baselines.similarity import Measure, similarity
from siamese_tags.documents import TagDocuments
from siamese_tags.features.aggregation import Aggregation, aggregate
from siamese_tags.features.weights import Weighting, weigh


def smooth_rows(vectors_TT: NDArray[np.float64], neighbours: int, share: float) -> NDArray[np.float64]:
    """Mix each row with the mean of its nearest rows: (1 - share) · row + share · mean.

    Args:
        vectors_TT: One row per tag.
        neighbours: Number of nearest other rows, by Euclidean distance.
        share: Weight of their mean.
    """
    nearness_TT = similarity(vectors_TT, "euclidean").copy()
    np.fill_diagonal(nearness_TT, -np.inf)
    nearest_TK = np.argsort(-nearness_TT, axis=1, kind="stable")[:, : min(neighbours, len(vectors_TT) - 1)]
    return np.asarray((1.0 - share) * vectors_TT + share * vectors_TT[nearest_TK].mean(axis=1))


class InfoThRanker(ContextFree):
    """Row "InfoTh" of Table 1: smoothed rows of relatedness in all dimensions, compared by mutual information.

    The settings are those that the paper names for CAL500: tfidf, dot product, 9 neighbours, share 0.1. It does not
    define "mutual information distance"; here it is that of
    :func:`siamese_tags.features.aggregation.mutual_information`. With it, dot product and cosine give the same result.

    Args:
        weighting: Weights of the document-tag matrix: ``tf``, ``tfidf`` or ``pmi``.
        aggregation: Relatedness of two usage vectors: ``dot``, ``cosine``, ``kl``, ``hellinger``,
            ``mutual_information``.
        neighbours: Rows that smooth a row.
        share: Their weight.
        measure: Distance of two smoothed rows: ``cosine``, ``euclidean``, ``mutual_information``.
    """

    def __init__(
        self,
        weighting: Weighting = "tfidf",
        aggregation: Aggregation = "dot",
        neighbours: int = 9,
        share: float = 0.1,
        measure: Measure = "mutual_information",
    ) -> None:
        self.weighting = weighting
        self.aggregation = aggregation
        self.neighbours = neighbours
        self.share = share
        self.measure = measure

    def fit(self, documents: TagDocuments) -> None:
        """Relate all tags, smooth, and compare."""
        relatedness_TT = aggregate(weigh(documents.matrix_DT, self.weighting), self.aggregation)
        self.similarity_TT = similarity(smooth_rows(relatedness_TT, self.neighbours, self.share), self.measure)
