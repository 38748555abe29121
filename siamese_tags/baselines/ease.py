"""EASE: a closed-form linear model of co-occurring tags (Steck, 2019). The paper has no such row."""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import ContextFree
from siamese_tags.documents import TagDocuments


def ease_weights(together_TT: NDArray[np.float64], penalty: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Regress every tag on all others, with a zero diagonal: -P / diag(P), where P is the penalised inverse.

    Args:
        together_TT: Number of documents of every pair of tags.
        penalty: Weight of the squared size of the weights; one number, or one per tag.
    """
    precision_TT = np.linalg.inv(together_TT + penalty * np.eye(len(together_TT)))
    weight_TT = np.asarray(-precision_TT / np.diag(precision_TT))
    np.fill_diagonal(weight_TT, 0.0)
    return weight_TT


class EASERanker(ContextFree):
    """Weights with which a tag predicts every other tag, but not itself; the query is ranked first.

    Args:
        penalty: Weight of the squared size of the weights.

    Examples:
        Tags that *rock* predicts, best first:

        >>> from mwe.tracks import tracks_of
        >>> lists = {"a": ["loud", "rock"], "b": ["loud", "rock"], "c": ["calm", "piano"], "d": ["calm", "rock"]}
        >>> documents = TagDocuments.of(tracks_of("mine", lists))
        >>> ranker = EASERanker(penalty=1.0)
        >>> ranker.fit(documents)
        >>> [documents.tags[tag] for tag in np.argsort(-ranker.similarity_TT[documents.tags.index("rock")])]
        ['rock', 'loud', 'calm', 'piano']
    """

    def __init__(self, penalty: float = 200.0) -> None:
        self.penalty = penalty

    def fit(self, documents: TagDocuments) -> None:
        """Invert the regularised co-occurrence matrix. A row of the result scores all tags for one known tag."""
        matrix_DT = documents.matrix_DT.astype(np.float64)
        self.similarity_TT = ease_weights(matrix_DT.T @ matrix_DT, self.penalty)
        np.fill_diagonal(self.similarity_TT, np.inf)
