"""The protocol of the simple rules.

Shape suffixes: D documents, T tags.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Rule(Protocol):
    """A ranking of the tags of a document, given some of them."""

    query_only: bool
    """Whether the rule uses only the query instead of all revealed tags."""

    def fit(self, train_DT: Bools) -> None:
        """Learn from complete training documents."""

    def score(self, revealed_DT: Bools) -> Floats:
        """Score every tag by the revealed tags, D × T, finite, the highest first."""


def counts(train_DT: Bools) -> tuple[Floats, Floats]:
    """Return the number of documents of every pair of tags (T × T), and of every tag (T)."""
    documents_DT = train_DT.astype(np.float64)
    together_TT = documents_DT.T @ documents_DT
    return together_TT, np.diag(together_TT).copy()


def unit_rows(rows_DT: Floats) -> Floats:
    """Return the rows scaled to length 1; rows of zeros stay."""
    length_D1 = np.linalg.norm(rows_DT, axis=1, keepdims=True)
    return rows_DT / np.where(length_D1 > 0, length_D1, 1.0)
