"""Principal components of tag relatedness (Lebret et al., 2013; supplement, Sect. D.1)."""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from siamese_tags.baselines.base import Queries
from siamese_tags.documents import TagDocuments
from siamese_tags.features.tfidf import inverse_document_frequency, tag_relatedness


class PCARanker:
    """Row "PCA" of Table 1: tfidf, cosine aggregation, 10 dimensions, cosine distance.

    The paper names mutual information with the dot product and Euclidean distance; these settings land on its row.

    Args:
        dimensions: Components kept.
    """

    similarity_TT: NDArray[np.float64]

    def __init__(self, dimensions: int = 10) -> None:
        self.dimensions = dimensions

    def fit(self, documents: TagDocuments) -> None:
        """Project the rows of the relatedness matrix and compare them."""
        idf_T = inverse_document_frequency(documents.matrix_DT)
        relatedness_TT = tag_relatedness(documents.matrix_DT, idf_T, "cosine")
        dimensions = min(self.dimensions, len(documents.tags))
        projected_TK = PCA(dimensions, svd_solver="full").fit_transform(relatedness_TT)
        length_T1 = np.linalg.norm(projected_TK, axis=1, keepdims=True)
        unit_TK = projected_TK / np.where(length_T1 > 0, length_T1, 1.0)
        self.similarity_TT = np.clip(unit_TK @ unit_TK.T, -1.0, 1.0)
        np.fill_diagonal(self.similarity_TT, 1.0)

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Cosine similarity to the query, in whatever document."""
        return self.similarity_TT[queries.tag_Q]
