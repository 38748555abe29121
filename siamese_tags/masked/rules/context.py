"""Context only: tags by their probability under the topics inferred from the revealed tags."""

import numpy as np
from sklearn.decomposition import LatentDirichletAllocation

from siamese_tags.masked.rules.rule import Bools, Floats

SMALL = 1000


class TopicContext:
    """Row "Context only (LDA)": sum over topics of posterior(revealed tags) · p(tag given topic).

    Args:
        n_topics: Number of topics.
        document_prior: Dirichlet prior of the topics of a document.
        seed: Seed of the initial topics.
    """

    query_only = False
    tags_CT: Floats

    def __init__(self, n_topics: int = 25, document_prior: float = 0.2, seed: int = 0) -> None:
        self.n_topics = n_topics
        self.document_prior = document_prior
        self.seed = seed

    def fit(self, train_DT: Bools) -> None:
        """Fit the topics by variational Bayes: batch on small collections, else six online passes."""
        small = len(train_DT) < SMALL
        self.model = LatentDirichletAllocation(
            self.n_topics,
            doc_topic_prior=self.document_prior,
            topic_word_prior=1.0 / self.n_topics,
            learning_method="batch" if small else "online",
            max_iter=60 if small else 6,
            batch_size=256,
            random_state=self.seed,
            n_jobs=1,
        ).fit(train_DT.astype(np.float64))
        components_CT = np.asarray(self.model.components_)
        self.tags_CT = components_CT / components_CT.sum(axis=1, keepdims=True)

    def score(self, revealed_DT: Bools) -> Floats:
        """Return the mixture of the topics."""
        posterior_DC = np.asarray(self.model.transform(revealed_DT.astype(np.float64)))
        scores_DT: Floats = posterior_DC @ self.tags_CT
        return scores_DT
