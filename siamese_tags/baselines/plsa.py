"""Probabilistic latent semantic analysis as a ranking (Hofmann, 1999; supplement, Sect. D.1).

Shape suffixes: D documents, T tags, C topics.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import NMF

from siamese_tags.baselines.topicmodel import TopicRanker


class PLSARanker(TopicRanker):
    """Row "P-LSA" of Table 1: maximum likelihood topics, compared like those of LDA.

    The multiplicative updates of a non-negative factorisation under the Kullback-Leibler divergence are the expectation
    maximisation of P-LSA. The paper gives no number of topics; here it is that of LDA. Nine of ten p(tag | topic) are
    0, and over the collection MAP depends on the floor that keeps their logarithms finite (training documents of
    CAL500: 38 with 1e-3, 47 with 1e-6, 48 with 1e-9).

    Args:
        in_context: Weigh the topics by the posterior of the query's document, which depends on all of its tags.
        n_topics: Topics C.
        iterations: Updates.
        seed: Seed of the initial topics.
    """

    def __init__(self, in_context: bool = False, n_topics: int = 25, iterations: int = 200, seed: int = 0) -> None:
        super().__init__(in_context)
        # tolerance 0: always do all updates
        self.model = NMF(
            n_topics,
            init="random",
            solver="mu",
            beta_loss="kullback-leibler",
            max_iter=iterations,
            tol=0,
            random_state=seed,
        )

    def learn(self, matrix_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Factorise and return p(tag | topic), C × T."""
        self.model.fit(matrix_DT.astype(np.float64))
        return np.asarray(self.model.components_ / self._mass_C1())

    def posterior(self, matrix_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return p(topic | document) with fixed topics, D × C."""
        weights_DC = self.model.transform(matrix_DT.astype(np.float64)) * self._mass_C1().T
        return np.asarray(weights_DC / weights_DC.sum(axis=1, keepdims=True))

    def _mass_C1(self) -> NDArray[np.float64]:
        return np.asarray(self.model.components_.sum(axis=1, keepdims=True))
