"""Principal components of tag relatedness (Lebret et al., 2013; supplement, Sect. D.1)."""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from siamese_tags.baselines.baseline import ContextFree
from siamese_tags.baselines.similarity import Measure, similarity
from siamese_tags.documents import OOVDocuments, TagDocuments
from siamese_tags.features.aggregation import Aggregation, aggregate
from siamese_tags.features.unseen import unseen_relatedness
from siamese_tags.features.weights import Weighting, weigh


class PCARanker(ContextFree):
    """Row "PCA" of Table 1: pointwise mutual information, dot product, 10 dimensions, Euclidean distance.

    These are the settings that the paper names for CAL500. They are 4 points of MAP below its own row.

    Args:
        weighting: Weights of the document-tag matrix: ``tf``, ``tfidf`` or ``pmi``.
        aggregation: Relatedness of two usage vectors: ``dot``, ``cosine``, ``kl``, ``hellinger``,
            ``mutual_information``.
        dimensions: Number of components.
        measure: Distance of two projected tags: ``cosine``, ``euclidean``.
    """

    def __init__(
        self,
        weighting: Weighting = "pmi",
        aggregation: Aggregation = "dot",
        dimensions: int = 10,
        measure: Measure = "euclidean",
    ) -> None:
        self.weighting = weighting
        self.aggregation = aggregation
        self.dimensions = dimensions
        self.measure = measure

    def fit(self, documents: TagDocuments) -> None:
        """Project the rows of the relatedness matrix and compare them."""
        relatedness_TT = aggregate(weigh(documents.matrix_DT, self.weighting), self.aggregation)
        dimensions = min(self.dimensions, len(documents.tags))
        self.training_NT = documents.matrix_DT
        self.projection = PCA(dimensions, svd_solver="full").fit(relatedness_TT)
        self.projected_TK = self.projection.transform(relatedness_TT)
        self.similarity_TT = similarity(self.projected_TK, self.measure)

    def rank_oov(self, oov: OOVDocuments) -> NDArray[np.float64]:
        """Return the similarity of the known tags to the OOV tag, with its relatedness projected like theirs."""
        relatedness_UT = unseen_relatedness(self.training_NT, oov, self.weighting, self.aggregation)
        all_tags = np.vstack([self.projected_TK, self.projection.transform(relatedness_UT)])
        n_known = len(self.projected_TK)
        return similarity(all_tags, self.measure)[n_known:, :n_known][np.nonzero(oov.unseen_DU)[1]]
