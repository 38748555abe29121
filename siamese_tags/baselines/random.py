"""Random ranking: the query first, then all other tags in random order (supplement, Sect. D.1)."""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import Queries
from siamese_tags.documents import OOVDocuments, TagDocuments


class RandomRanker:
    """Row "Random" of Table 1.

    Args:
        seed: Seed of the random order.
    """

    def __init__(self, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)

    def fit(self, documents: TagDocuments) -> None:
        """Learn nothing."""

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Return uniform scores, with the query first."""
        return queries.with_query_first(self.random.random((len(queries.tag_Q), queries.membership_DT.shape[1])))

    def rank_oov(self, oov: OOVDocuments) -> NDArray[np.float64]:
        """Return uniform scores of the known tags."""
        return self.random.random((int(oov.unseen_DU.sum()), oov.known_DT.shape[1]))
