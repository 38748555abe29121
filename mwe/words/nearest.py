"""Nearest rows of a large matrix by cosine, in float32 and in blocks: never a rows x rows matrix."""

import numpy as np

ROWS = 16_384  # read at a time; 20 MB of 300 dimensions


def norms_of(vectors_VD: np.ndarray) -> np.ndarray:
    """Return the length of every row, float32 (V,)."""
    norms_V = np.empty(len(vectors_VD), dtype=np.float32)
    for start in range(0, len(vectors_VD), ROWS):
        norms_V[start : start + ROWS] = np.linalg.norm(
            np.asarray(vectors_VD[start : start + ROWS], dtype=np.float32), axis=1
        )
    return norms_V


def nearest_rows(
    queries_QD: np.ndarray, vectors_VD: np.ndarray, norms_V: np.ndarray, among_N: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the K rows most similar to each query, best first; ties are broken by row number.

    The cosine of a vector of zeros counts as 0.

    Args:
        queries_QD: Queries, float32.
        vectors_VD: All rows, possibly memory-mapped.
        norms_V: Their lengths.
        among_N: Candidate rows, ascending.
        k: Number of results; all of ``among_N`` if it has fewer.

    Returns:
        Rows, int64 (Q, K), and cosines, float32 (Q, K).

    Examples:
        >>> vectors = np.array([[1, 0], [0, 2], [3, 3]], dtype=np.float32)
        >>> rows, cosines = nearest_rows(vectors[:1], vectors, norms_of(vectors), np.arange(3), k=2)
        >>> rows, cosines
        (array([[0, 2]]), array([[1.       , 0.7071068]], dtype=float32))
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
    for start in range(0, len(among_N), ROWS):
        rows_R = among_N[start : start + ROWS]
        norm_R = norms_V[rows_R]
        cosine_QR = (unit_QD @ np.asarray(vectors_VD[rows_R], dtype=np.float32).T) / np.where(norm_R > 0, norm_R, 1)
        best = np.concatenate([best, cosine_QR], axis=1)
        best_rows = np.concatenate([best_rows, np.broadcast_to(rows_R, cosine_QR.shape)], axis=1)
        best_QK = np.argsort(-best, axis=1, kind="stable")[:, :k]
        best, best_rows = np.take_along_axis(best, best_QK, axis=1), np.take_along_axis(best_rows, best_QK, axis=1)
    return best_rows, best
