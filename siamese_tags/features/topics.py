"""Local context of a document: its topic posterior under latent Dirichlet allocation (Sect. 3, eq. 2).

Shape suffixes: D documents, T tags, C topics.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import LatentDirichletAllocation

Learning = Literal["batch", "online"]
ONLINE_BATCH = 256


class TopicContexts:
    """Topic model fitted on training documents by variational Bayes.

    The document prior is the most important setting that the paper does not give. With the customary 1/C the
    posteriors are peaked, all contexts are far apart, and the Siamese stage lowers the figures; with 0.5 it raises
    them.

    Args:
        documents_DT: Training documents.
        n_topics: Number of topics; the paper found 25 for CAL500.
        document_prior: Dirichlet prior of the topics of a document.
        topic_prior: Dirichlet prior of the tags of a topic; 1/C if not given.
        iterations: Passes over the documents.
        floor: Lower bound of the posteriors, which keeps the divergence of two contexts finite.
        seed: Seed of the initial topics.
        learning: ``batch``, or ``online``, which needs far fewer passes over thousands of documents.

    Examples:
        Two kinds of documents, and one with tags of both:

        >>> documents_DT = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 10, dtype=bool)
        >>> topics = TopicContexts(documents_DT, n_topics=2)
        >>> topics.transform(np.array([[1, 1, 0, 0], [0, 1, 1, 0]], dtype=bool)).round(2)
        array([[0.83, 0.17],
               [0.5 , 0.5 ]])
    """

    def __init__(
        self,
        documents_DT: NDArray[np.bool_],
        n_topics: int = 25,
        document_prior: float = 0.5,
        topic_prior: float | None = None,
        iterations: int = 60,
        floor: float = 1e-6,
        seed: int = 0,
        learning: Learning = "batch",
    ) -> None:
        self.floor = floor
        # one job: several jobs would sum documents in another order, and the matrices are small
        self.model = LatentDirichletAllocation(
            n_topics,
            doc_topic_prior=document_prior,
            topic_word_prior=1.0 / n_topics if topic_prior is None else topic_prior,
            learning_method=learning,
            batch_size=ONLINE_BATCH,
            max_iter=iterations,
            random_state=seed,
            n_jobs=1,
        ).fit(documents_DT.astype(np.float64))

    def transform(self, documents_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the context l(d) of documents from their tags, D × C, each row a distribution clamped at the floor."""
        return np.asarray(np.maximum(self.model.transform(documents_DT.astype(np.float64)), self.floor))

    @property
    def tags_CT(self) -> NDArray[np.float64]:
        """p(tag | topic), C × T."""
        weights_CT = self.model.components_
        return np.asarray(weights_CT / weights_CT.sum(axis=1, keepdims=True))
