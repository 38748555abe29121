"""Popularity: all tags by their number of training documents, independent of the query.

The paper has no such row, but priming has to be better: on CAL500 this is as good as the Siamese network.
"""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import Queries
from siamese_tags.documents import OOVDocuments, TagDocuments


class PopularityRanker:
    """All tags by frequency.

    Args:
        query_first: Rank the query first, as in a distance model; else P@1 is below 100.

    Examples:
        >>> from mwe.tracks import tracks_of
        >>> documents = TagDocuments.of(tracks_of("mine", {"a": ["calm", "pop"], "b": ["pop"]}))
        >>> ranker = PopularityRanker()
        >>> ranker.fit(documents)
        >>> ranker.rank(Queries.of(documents.matrix_DT))  # calm in a, pop in a, pop in b
        array([[inf,  2.],
               [ 1., inf],
               [ 1., inf]])
    """

    frequency_T: NDArray[np.float64]

    def __init__(self, query_first: bool = True) -> None:
        self.query_first = query_first

    def fit(self, documents: TagDocuments) -> None:
        """Count the documents of each tag."""
        self.frequency_T = documents.matrix_DT.sum(axis=0).astype(np.float64)

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Return the same frequencies for every query."""
        scores_QT = np.tile(self.frequency_T, (len(queries.tag_Q), 1))
        return queries.with_query_first(scores_QT) if self.query_first else scores_QT

    def rank_oov(self, oov: OOVDocuments) -> NDArray[np.float64]:
        """Return the same frequencies for every query."""
        return np.tile(self.frequency_T, (int(oov.unseen_DU.sum()), 1))
