"""EASE: a closed-form linear model of co-occurring tags (Steck, 2019). The paper has no such row."""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.base import ContextFree
from siamese_tags.documents import TagDocuments


def ease_weights(together_TT: NDArray[np.float64], penalty: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Ridge regression of every tag on all others, zero on the diagonal: -P / diag(P), P the penalised inverse.

    Args:
        together_TT: Documents of every pair of tags.
        penalty: Weight of the squared size of the weights; one number, or one a tag.
    """
    precision_TT = np.linalg.inv(together_TT + penalty * np.eye(len(together_TT)))
    weight_TT = np.asarray(-precision_TT / np.diag(precision_TT))
    np.fill_diagonal(weight_TT, 0.0)
    return weight_TT


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
        self.similarity_TT = ease_weights(matrix_DT.T @ matrix_DT, self.penalty)
        np.fill_diagonal(self.similarity_TT, np.inf)
