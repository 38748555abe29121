"""The protocol of rankings.

Shape suffixes: Q queries, D documents, T tags.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from siamese_tags.documents import OOVDocuments, TagDocuments


@dataclass(frozen=True, eq=False)
class Queries:
    """Every tag of some documents as a query.

    Args:
        membership_DT: Boolean; the tags of the documents.
        document_Q: Row of each query's document.
        tag_Q: Tag of each query.
        ids: IDs of the documents, for rankings that know each training document.
    """

    membership_DT: NDArray[np.bool_]
    document_Q: NDArray[np.int64]
    tag_Q: NDArray[np.int64]
    ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, membership_DT: NDArray[np.bool_], ids: tuple[str, ...] = ()) -> "Queries":
        """Return all queries of documents, document by document.

        Examples:
            >>> queries = Queries.of(np.array([[True, False, True], [False, True, False]]))
            >>> queries.document_Q, queries.tag_Q
            (array([0, 0, 1]), array([0, 2, 1]))
        """
        document_Q, tag_Q = np.nonzero(membership_DT)
        return cls(membership_DT, document_Q, tag_Q, ids)

    def with_query_first(self, scores_QT: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return scores with the tag of each query above all others, as in a distance model."""
        first = scores_QT.copy()
        first[np.arange(len(self.tag_Q)), self.tag_Q] = np.inf
        return first


class Ranker(Protocol):
    """A ranking of all tags for a tag in a document.

    A ranking that works only on the documents that it was fitted on sets ``train_only`` to true.
    """

    def fit(self, documents: TagDocuments) -> None:
        """Learn from the training documents."""

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Score every tag for every query, Q × T, the highest first; equal scores are ranked at random."""


@runtime_checkable
class OOVRanker(Protocol):
    """A ranking that can also rank the known tags for an out-of-vocabulary tag."""

    def rank_oov(self, oov: OOVDocuments) -> NDArray[np.float64]:
        """Score every known tag, Q × T, the highest first, for every OOV tag in each of its documents.

        Args:
            oov: Documents set aside; the Q queries are in the order of ``nonzero`` of ``unseen_DU``.
        """


class ContextFree:
    """A ranking that ignores the document: one relatedness of all tags, the same in every document."""

    similarity_TT: NDArray[np.float64]

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Return the similarity to the query, the same in every document."""
        return self.similarity_TT[queries.tag_Q]
