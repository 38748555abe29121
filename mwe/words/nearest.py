"""Nearest rows of a large matrix by cosine, in blocks: float32, never rows times rows."""

import numpy as np

ROWS = 16_384  # read at a time; 20 MB of 300 dimensions


def norms_of(vectors_VD: np.ndarray) -> np.ndarray:
    """Length of every row, float32 (V)."""
    norms_V = np.empty(len(vectors_VD), dtype=np.float32)
    for at in range(0, len(vectors_VD), ROWS):
        norms_V[at : at + ROWS] = np.linalg.norm(np.asarray(vectors_VD[at : at + ROWS]), axis=1)
    return norms_V


def nearest_rows(
    queries_QD: np.ndarray, vectors_VD: np.ndarray, norms_V: np.ndarray, among_N: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The K rows most similar to each query, best first; among equals the lower row comes first.

    A vector of zeros is similar to nothing: its cosine counts as 0.

    Args:
        queries_QD: Queries, float32.
        vectors_VD: All rows, maybe memory-mapped.
        norms_V: Their lengths.
        among_N: Rows to look among, ascending.
        k: How many; all of ``among_N`` where it has fewer.

    Returns:
        Rows, int64 (Q, K), and cosines, float32 (Q, K).
    """
    queries_QD = np.asarray(queries_QD, dtype=np.float32)
    if queries_QD.ndim != 2 or queries_QD.shape[1] != vectors_VD.shape[1]:
        raise ValueError(f"queries of shape {queries_QD.shape} do not fit {vectors_VD.shape[1]} dimensions")
    if k < 1:
        raise ValueError(f"k is {k}, not 1 or more")
    lengths_Q1 = np.linalg.norm(queries_QD, axis=1, keepdims=True)
    unit_QD = queries_QD / np.where(lengths_Q1 > 0, lengths_Q1, 1)
    best_rows = np.empty((len(unit_QD), 0), dtype=np.int64)
    best = np.empty((len(unit_QD), 0), dtype=np.float32)
    for at in range(0, len(among_N), ROWS):
        rows_R = among_N[at : at + ROWS]
        own_R = norms_V[rows_R]
        cosine_QR = (unit_QD @ np.asarray(vectors_VD[rows_R]).T) / np.where(own_R > 0, own_R, 1)
        best = np.concatenate([best, cosine_QR], axis=1)
        best_rows = np.concatenate([best_rows, np.broadcast_to(rows_R, cosine_QR.shape)], axis=1)
        kept_QK = np.argsort(-best, axis=1, kind="stable")[:, :k]
        best, best_rows = np.take_along_axis(best, kept_QK, axis=1), np.take_along_axis(best_rows, kept_QK, axis=1)
    return best_rows, best
