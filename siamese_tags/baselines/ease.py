"""EASE: a closed-form linear model of co-occurring tags (Steck, 2019). The paper has no such row."""

import numpy as np

from siamese_tags.baselines.base import ContextFree
from siamese_tags.documents import TagDocuments


class EASERanker(ContextFree):
    """Weights by which a tag predicts every other, without a tag predicting itself; the query comes first.

    Args:
        penalty: Weight of the squared size of the weights.
    """

    def __init__(self, penalty: float = 200.0) -> None:
        self.penalty = penalty

    def fit(self, documents: TagDocuments) -> None:
        """Invert the regularised co-occurrence matrix; a row of the result scores all tags for one known tag."""
        matrix_DT = documents.matrix_DT.astype(np.float64)
        precision_TT = np.linalg.inv(matrix_DT.T @ matrix_DT + self.penalty * np.eye(len(documents.tags)))
        self.similarity_TT = -precision_TT / np.diag(precision_TT)
        np.fill_diagonal(self.similarity_TT, np.inf)
