"""Exact search over a memory-mapped matrix by blocked matrix products.

Shape suffixes: N rows of the library, D dimensions, Q queries, K answers, R rows of a block.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

ROWS = 65_536  # per block; 26 MB for 100 dimensions in float32
FEW = 0.05  # share of allowed rows below which these are gathered instead of multiplying all rows


class NearestRows(NamedTuple):
    """Answers to several queries, best first.

    Attributes:
        rows_QK: Rows of the library, int64; -1 if there are fewer than K.
        scores_QK: Cosines, float32; -infinity if there are fewer than K.
    """

    rows_QK: np.ndarray
    scores_QK: np.ndarray


class Search(Protocol):
    """A method to find the rows most similar to queries."""

    def nearest(self, query_QD: np.ndarray, k: int, allowed_N: np.ndarray | None = None) -> NearestRows:
        """Return the ``k`` rows with the largest products with each query.

        Args:
            query_QD: Queries, float32.
            k: Answers per query.
            allowed_N: Rows that may be answers, boolean; by default all.
        """


class ExactSearch:
    """Compares every row. Of equal scores, the lower row ranks first.

    Memory is bounded by a block of rows and its scores, independent of the size of the matrix.

    Args:
        matrix_ND: Matrix, float16 or float32, optionally memory-mapped.

    Examples:
        >>> search = ExactSearch(np.eye(3, dtype=np.float32))
        >>> nearest = search.nearest(np.array([[0.6, 0.8, 0.0]]), k=2)
        >>> nearest.rows_QK, nearest.scores_QK
        (array([[1, 0]]), array([[0.8, 0.6]], dtype=float32))
        >>> search.nearest(np.array([[0.6, 0.8, 0.0]]), k=1, allowed_N=np.array([True, False, True])).rows_QK.tolist()
        [[0]]
    """

    def __init__(self, matrix_ND: np.ndarray) -> None:
        self.matrix_ND = matrix_ND

    def nearest(self, query_QD: np.ndarray, k: int, allowed_N: np.ndarray | None = None) -> NearestRows:
        """See ``Search``."""
        query_QD = checked_queries(query_QD, self.matrix_ND.shape[1], k)
        best = [(np.zeros(0, np.int64), np.zeros(0, np.float32)) for _ in query_QD]
        for rows_R, score_QR in self._scored(query_QD, allowed_N):
            for query, score_R in enumerate(score_QR):
                near = top(score_R, k)
                rows = np.concatenate([best[query][0], rows_R[near]])
                scores = np.concatenate([best[query][1], score_R[near]])
                near = top(scores, k)  # earlier blocks are first, so that the lower row ranks before its equals
                best[query] = rows[near], scores[near]
        return _filled(best, k)

    def _scored(self, query_QD: np.ndarray, allowed_N: np.ndarray | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield rows that may be answers and their products with the queries, (Q, R), block by block."""
        count = len(self.matrix_ND)
        if allowed_N is not None and allowed_N.sum() < FEW * count:
            chosen = np.flatnonzero(allowed_N)
            for start in range(0, len(chosen), ROWS):
                rows_R = chosen[start : start + ROWS]
                yield rows_R, _products(query_QD, self.matrix_ND[rows_R])
            return
        for start in range(0, count, ROWS):
            score_QR = _products(query_QD, self.matrix_ND[start : start + ROWS])
            rows_R = np.arange(start, start + score_QR.shape[1])
            if allowed_N is None:
                yield rows_R, score_QR
            else:
                allowed_R = allowed_N[start : start + ROWS]
                yield rows_R[allowed_R], score_QR[:, allowed_R]


def _products(query_QD: np.ndarray, row_RD: np.ndarray) -> np.ndarray:
    """Return products in float32; those of rows that are not unit vectors may be infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        score_QR: np.ndarray = query_QD @ _single(row_RD).T
    return score_QR


def _single(row_RD: np.ndarray) -> np.ndarray:
    """Return rows in float32."""
    if row_RD.dtype == np.float32:
        return row_RD
    import torch  # converts twice as fast as NumPy; not imported for a library in float32

    return torch.from_numpy(row_RD).float().numpy()


def checked_queries(query_QD: np.ndarray, dim: int, k: int) -> np.ndarray:
    """Return queries in float32.

    Raises:
        ValueError: The queries have a wrong number of dimensions, or ``k`` is below 1.
    """
    query_QD = np.ascontiguousarray(query_QD, dtype=np.float32)
    if query_QD.ndim != 2 or query_QD.shape[1] != dim:
        raise ValueError(f"queries of shape {query_QD.shape} do not fit {dim} dimensions")
    if k < 1:
        raise ValueError(f"k is {k}; give 1 or more")
    return query_QD


def top(score_R: np.ndarray, k: int) -> np.ndarray:
    """Return the indices of the ``k`` largest scores, best first. Of equal scores, the lower index is first.

    Examples:
        >>> top(np.array([0.2, 0.9, 0.9, 0.1]), k=2).tolist()
        [1, 2]
    """
    if k < len(score_R):
        bound = np.partition(score_R, len(score_R) - k)[len(score_R) - k]
        indices = np.flatnonzero(score_R >= bound)
    else:
        indices = np.arange(len(score_R))
    return indices[np.argsort(-score_R[indices], kind="stable")][:k]


def _filled(best: list[tuple[np.ndarray, np.ndarray]], k: int) -> NearestRows:
    """Return answers of different numbers as rows of equal length."""
    width = min(k, max((len(rows) for rows, _ in best), default=0))
    rows_QK = np.full((len(best), width), -1, dtype=np.int64)
    scores_QK = np.full((len(best), width), -np.inf, dtype=np.float32)
    for query, (rows, scores) in enumerate(best):
        rows_QK[query, : len(rows)], scores_QK[query, : len(rows)] = rows, scores
    return NearestRows(rows_QK, scores_QK)
