"""Popularity: all tags by their number of training documents, whatever the query.

The paper has no such row, but any claim of priming has to pass it: on CAL500 it does as well as the Siamese network.
"""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.base import Queries
from siamese_tags.documents import OOVDocuments, TagDocuments


class PopularityRanker:
    """All tags by frequency.

    Args:
        query_first: Put the query first, as a distance model does by itself; else P@1 is below 100.
    """

    frequency_T: NDArray[np.float64]

    def __init__(self, query_first: bool = True) -> None:
        self.query_first = query_first

    def fit(self, documents: TagDocuments) -> None:
        """Count the documents of each tag."""
        self.frequency_T = documents.matrix_DT.sum(axis=0).astype(np.float64)

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """The same frequencies for every query."""
        scores_QT = np.tile(self.frequency_T, (len(queries.tag_Q), 1))
        return queries.with_query_first(scores_QT) if self.query_first else scores_QT

    def rank_oov(self, oov: OOVDocuments) -> NDArray[np.float64]:
        """The same frequencies for every query."""
        return np.tile(self.frequency_T, (int(oov.unseen_DU.sum()), 1))
