"""Document nearest neighbours: the tags of the training documents most similar to the revealed tags."""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.masked.rules.rule import Bools, Floats, unit_rows


class DocumentNeighbours:
    """Row "document-kNN".

    Args:
        neighbours: Number of training documents that vote.
        power: The weight of a vote is the cosine to this power.
    """

    query_only = False
    documents_DT: NDArray[np.float32]
    unit_DT: NDArray[np.float32]

    def __init__(self, neighbours: int = 30, power: float = 3.0) -> None:
        self.neighbours = neighbours
        self.power = power

    def fit(self, train_DT: Bools) -> None:
        """Store the training documents."""
        self.documents_DT = train_DT.astype(np.float32)
        self.unit_DT = unit_rows(train_DT.astype(np.float64)).astype(np.float32)

    def score(self, revealed_DT: Bools) -> Floats:
        """Return the weighted votes of the nearest training documents."""
        # single precision, since this is by far the largest product of all rules
        cosine_DN = unit_rows(revealed_DT.astype(np.float64)).astype(np.float32) @ self.unit_DT.T
        if self.neighbours < cosine_DN.shape[1]:
            threshold_D1 = np.partition(cosine_DN, -self.neighbours, axis=1)[:, [-self.neighbours]]
            cosine_DN[cosine_DN < threshold_D1] = 0.0
        return (cosine_DN**self.power @ self.documents_DT).astype(np.float64)
