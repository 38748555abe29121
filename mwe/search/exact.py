"""Exact search over a memory-mapped matrix by blocked matrix products.

Shape suffixes: N rows of the library, D dimensions, Q queries, K answers, R rows of a block.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

ROWS = 65_536  # of a block; 26 MB of 100 dimensions in float32
FEW = 0.05  # share of the rows below which they are gathered instead of all being multiplied


class Found(NamedTuple):
    """Answers to several queries, best first.

    Attributes:
        rows_QK: Rows of the library, int64; -1 where there are fewer than K.
        scores_QK: Cosines, float32; -infinity where there are fewer than K.
    """

    rows_QK: np.ndarray
    scores_QK: np.ndarray


class Search(Protocol):
    """A way to find the rows most similar to queries."""

    def nearest(self, query_QD: np.ndarray, k: int, allowed_N: np.ndarray | None = None) -> Found:
        """The ``k`` rows with the largest products with each query.

        Args:
            query_QD: Queries, float32.
            k: Answers a query.
            allowed_N: Rows that may be answers, boolean; by default all.
        """


class ExactSearch:
    """Looks at every row; among equals the lower row comes first.

    Memory is bounded by a block of rows and its scores, whatever the size of the matrix.

    Args:
        matrix_ND: float16 or float32, maybe memory-mapped.
    """

    def __init__(self, matrix_ND: np.ndarray) -> None:
        self.matrix_ND = matrix_ND

    def nearest(self, query_QD: np.ndarray, k: int, allowed_N: np.ndarray | None = None) -> Found:
        """See ``Search``."""
        query_QD = checked_queries(query_QD, self.matrix_ND.shape[1], k)
        best = [(np.zeros(0, np.int64), np.zeros(0, np.float32)) for _ in query_QD]
        for rows_R, score_QR in self._scored(query_QD, allowed_N):
            for place, score_R in enumerate(score_QR):
                near = top(score_R, k)
                rows = np.concatenate([best[place][0], rows_R[near]])
                scores = np.concatenate([best[place][1], score_R[near]])
                near = top(scores, k)  # earlier blocks stand first, so the lower row stays before its equals
                best[place] = rows[near], scores[near]
        return _filled(best, k)

    def _scored(self, query_QD: np.ndarray, allowed_N: np.ndarray | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows that may be answers and their products with the queries, (Q, R), block by block."""
        count = len(self.matrix_ND)
        if allowed_N is not None and allowed_N.sum() < FEW * count:
            chosen = np.flatnonzero(allowed_N)
            for at in range(0, len(chosen), ROWS):
                rows_R = chosen[at : at + ROWS]
                yield rows_R, _products(query_QD, self.matrix_ND[rows_R])
            return
        for at in range(0, count, ROWS):
            score_QR = _products(query_QD, self.matrix_ND[at : at + ROWS])
            rows_R = np.arange(at, at + score_QR.shape[1])
            if allowed_N is None:
                yield rows_R, score_QR
            else:
                own_R = allowed_N[at : at + ROWS]
                yield rows_R[own_R], score_QR[:, own_R]


def _products(query_QD: np.ndarray, row_RD: np.ndarray) -> np.ndarray:
    """Products in float32; those of rows that are no unit vectors may be infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        score_QR: np.ndarray = query_QD @ _single(row_RD).T
    return score_QR


def _single(row_RD: np.ndarray) -> np.ndarray:
    """Rows in float32."""
    if row_RD.dtype == np.float32:
        return row_RD
    import torch  # converts twice as fast as NumPy; a library in float32 is searched without loading it

    return torch.from_numpy(row_RD).float().numpy()


def checked_queries(query_QD: np.ndarray, dim: int, k: int) -> np.ndarray:
    """Queries in float32.

    Raises:
        ValueError: They have another number of dimensions, or ``k`` is below 1.
    """
    query_QD = np.ascontiguousarray(query_QD, dtype=np.float32)
    if query_QD.ndim != 2 or query_QD.shape[1] != dim:
        raise ValueError(f"queries of shape {query_QD.shape} do not fit {dim} dimensions")
    if k < 1:
        raise ValueError(f"k is {k}, not 1 or more")
    return query_QD


def top(score_R: np.ndarray, k: int) -> np.ndarray:
    """Places of the ``k`` largest scores, best first; among equals the earlier place comes first."""
    if k < len(score_R):
        bound = np.partition(score_R, len(score_R) - k)[len(score_R) - k]
        places = np.flatnonzero(score_R >= bound)
    else:
        places = np.arange(len(score_R))
    return places[np.argsort(-score_R[places], kind="stable")][:k]


def _filled(best: list[tuple[np.ndarray, np.ndarray]], k: int) -> Found:
    """Answers of unequal number as rows of equal length."""
    width = min(k, max((len(rows) for rows, _ in best), default=0))
    rows_QK = np.full((len(best), width), -1, dtype=np.int64)
    scores_QK = np.full((len(best), width), -np.inf, dtype=np.float32)
    for place, (rows, scores) in enumerate(best):
        rows_QK[place, : len(rows)], scores_QK[place, : len(rows)] = rows, scores
    return Found(rows_QK, scores_QK)
