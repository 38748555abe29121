"""Popularity: all tags by their number of training documents, whatever the query.

The paper has no such row, but any claim of priming has to pass it: on CAL500 it does as well as the Siamese network.
"""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.base import Queries
from siamese_tags.documents import TagDocuments


class PopularityRanker:
    """The query first, then all other tags by frequency."""

    frequency_T: NDArray[np.float64]

    def fit(self, documents: TagDocuments) -> None:
        """Count the documents of each tag."""
        self.frequency_T = documents.matrix_DT.sum(axis=0).astype(np.float64)

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """The same frequencies for every query, the query first."""
        return queries.with_query_first(np.tile(self.frequency_T, (len(queries.tag_Q), 1)))
