"""Relatedness of tags under a topic model (supplement, Sect. D.1), for P-LSA and LDA.

Shape suffixes: Q queries, D documents, T tags, C topics.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import ContextFree, Queries
from siamese_tags.documents import TagDocuments
from siamese_tags.features.aggregation import FLOOR, symmetric_divergence


def divergence_in_context(
    tags_CT: NDArray[np.float64], topics_QC: NDArray[np.float64], tag_Q: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the divergence of every tag from the query under the topics of its document (D.1, last line), Q × T.

    This is the sum over topics c of p(c) (p(query|c) - p(tag|c)) (log p(query|c) - log p(tag|c)), by matrix
    products. The prior p(tag) is assumed equal for all tags, does not change the ranking and is left out.

    Args:
        tags_CT: p(tag | topic), above 0.
        topics_QC: p(topic) of each query.
        tag_Q: The queries.
    """
    log_CT = np.log(tags_CT)
    query_QC, log_query_QC = tags_CT[:, tag_Q].T, log_CT[:, tag_Q].T
    query_Q1 = (topics_QC * query_QC * log_query_QC).sum(axis=1, keepdims=True)
    divergence_QT = query_Q1 + topics_QC @ (tags_CT * log_CT)
    divergence_QT -= (topics_QC * query_QC) @ log_CT + (topics_QC * log_query_QC) @ tags_CT
    return np.asarray(np.maximum(divergence_QT, 0.0))


class TopicRanker(ContextFree, ABC):
    """Ranks tags by their divergence from the query. The query is not forced first, but has divergence 0.

    Args:
        in_context: Weigh the topics by the posterior of the query's document, which depends on all of its tags; else
            compare p(topic | tag) over all training documents, independent of the document.
    """

    tags_CT: NDArray[np.float64]

    def __init__(self, in_context: bool) -> None:
        self.in_context = in_context

    @abstractmethod
    def learn(self, matrix_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Fit the topics to training documents and return p(tag | topic), C × T."""

    @abstractmethod
    def posterior(self, matrix_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return p(topic | document) of documents from their tags, D × C."""

    def fit(self, documents: TagDocuments) -> None:
        """Fit the topics, and compare all tags under their share in the whole collection."""
        matrix_DT = documents.matrix_DT
        self.tags_CT = np.maximum(self.learn(matrix_DT), FLOOR)
        if not self.in_context:
            joint_TC = (self.posterior(matrix_DT).mean(axis=0)[:, None] * self.tags_CT).T
            self.similarity_TT = -symmetric_divergence(joint_TC / joint_TC.sum(axis=1, keepdims=True))

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Return minus the divergence from the query."""
        if not self.in_context:
            return super().rank(queries)
        topics_DC = self.posterior(queries.membership_DT)
        return -divergence_in_context(self.tags_CT, topics_DC[queries.document_Q], queries.tag_Q)
