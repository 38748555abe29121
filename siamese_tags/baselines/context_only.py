"""Context only: all tags by their probability under the topics of the query's document. The paper has no such row."""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import Queries
from siamese_tags.documents import OOVDocuments, TagDocuments
from siamese_tags.features.topics import TopicContexts


class ContextOnlyRanker:
    """p(tag | topic posterior of the document), independent of the query.

    The context of a test document is inferred from all of its tags, including those to be ranked first. It leaks the
    answer, and this ranking shows how much: far more than the 10-dimensional embeddings of the network retain.

    Args:
        query_first: Rank the query first, as in a distance model; else P@1 is below 100.
        n_topics: Number of topics, as in the network.
        document_prior: Dirichlet prior of the topics of a document, as in the network.
        seed: Seed of the initial topics.
    """

    def __init__(
        self, query_first: bool = True, n_topics: int = 25, document_prior: float = 0.5, seed: int = 0
    ) -> None:
        self.query_first = query_first
        self.n_topics = n_topics
        self.document_prior = document_prior
        self.seed = seed

    def fit(self, documents: TagDocuments) -> None:
        """Fit the topic model."""
        self.topics = TopicContexts(documents.matrix_DT, self.n_topics, self.document_prior, seed=self.seed)

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Return the probability of each tag in the query's document."""
        scores_QT = self._probability(queries.membership_DT)[queries.document_Q]
        return queries.with_query_first(scores_QT) if self.query_first else scores_QT

    def rank_oov(self, oov: OOVDocuments) -> NDArray[np.float64]:
        """Return the probability of each known tag in the query's document."""
        return self._probability(oov.known_DT)[np.nonzero(oov.unseen_DU)[0]]

    def _probability(self, membership_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.asarray(self.topics.transform(membership_DT) @ self.topics.tags_CT)
