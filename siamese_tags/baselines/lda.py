"""Latent Dirichlet allocation as a ranking (Law et al., 2010; supplement, Sect. D.1).

Shape suffixes: D documents, T tags, C topics.
"""

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.topicmodel import TopicRanker
from siamese_tags.features.topics import TopicContexts


class LDARanker(TopicRanker):
    """Row "LDA" of Table 1: symmetric divergence of two tags over the topics.

    The paper's formula is "under a specific topic distribution", without saying which. With that of the query's
    document, training figures are above test figures, as in the paper; that posterior depends on all tags of the
    document. With that of the collection, the two are nearly equal. The paper names no prior: the default is the
    customary 1/C.

    Args:
        in_context: Weigh the topics by the posterior of the query's document, which depends on all of its tags.
        n_topics: Topics C.
        document_prior: Dirichlet prior of the topics of a document; 1/C if not given.
        seed: Seed of the initial topics.
    """

    def __init__(
        self, in_context: bool = False, n_topics: int = 25, document_prior: float | None = None, seed: int = 0
    ) -> None:
        super().__init__(in_context)
        self.n_topics = n_topics
        self.document_prior = 1.0 / n_topics if document_prior is None else document_prior
        self.seed = seed

    def learn(self, matrix_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Fit by variational Bayes and return p(tag | topic), C × T."""
        self.topics = TopicContexts(matrix_DT, self.n_topics, self.document_prior, seed=self.seed)
        return self.topics.tags_CT

    def posterior(self, matrix_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return p(topic | document), D × C."""
        return self.topics.transform(matrix_DT)
