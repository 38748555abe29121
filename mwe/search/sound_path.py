"""Paths through the sound of a library, from one track to another in small and even steps.

Shape suffixes: M candidates, D dimensions, P points, L lengths of a path.
"""

import numpy as np

from mwe.search.exact import Search

CANDIDATES = 1500  # tracks among which the path is found exactly; a library of fewer is searched whole
POINTS = 15  # points of the arc from the first to the last track, near which candidates are


def arc(first_D: np.ndarray, last_D: np.ndarray, points: int) -> np.ndarray:
    """Return points between two unit vectors, evenly spaced on the arc, (P, D) float32.

    Examples:
        >>> arc(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 3).round(2).tolist()
        [[1.0, 0.0], [0.7099999785423279, 0.7099999785423279], [0.0, 1.0]]
    """
    angle = float(np.arccos(np.clip(first_D @ last_D, -1, 1)))
    share_P1 = np.linspace(0, 1, points)[:, None]
    if np.sin(angle) < 1e-6:  # the same sound, or opposite ones, between which no arc is nearer
        point_PD = (1 - share_P1) * first_D + share_P1 * last_D
    else:
        point_PD = np.sin((1 - share_P1) * angle) * first_D + np.sin(share_P1 * angle) * last_D
    length_P1 = np.linalg.norm(point_PD, axis=1, keepdims=True)
    return np.asarray(point_PD / np.where(length_P1 > 0, length_P1, 1), dtype=np.float32)


def candidates(search: Search, first_D: np.ndarray, last_D: np.ndarray, allowed_N: np.ndarray) -> np.ndarray:
    """Return the rows near the arc between two unit vectors, int64 (M,), in ascending order."""
    possible = int(allowed_N.sum())
    if possible <= CANDIDATES:
        return np.flatnonzero(allowed_N)
    rows_PK = search.nearest(arc(first_D, last_D, POINTS), CANDIDATES // POINTS, allowed_N).rows_QK
    return np.unique(rows_PK[rows_PK >= 0])


def shortest_paths(
    vector_MD: np.ndarray, codes_M: np.ndarray | None, longest: int, least: float | None = None
) -> dict[int, list[int]]:
    """Return the best path of every length from the first to the last of some tracks.

    Every step leads on: nearer to the last track, and away from the first (by the difference of both cosines). Of all
    such paths of a length, the best has the least sum of squared angles between neighbours, so that its steps are
    small and even. It is found exactly, by dynamic programming over tracks and lengths.

    Args:
        vector_MD: Unit vectors; row 0 is the first track, row 1 the last one.
        codes_M: Artist of each; neighbours must differ. None if they need not.
        longest: Largest number of tracks of a path.
        least: Least cosine of neighbours.

    Returns:
        Rows of the best path by number of tracks. Lengths without a path are missing.

    Examples:
        >>> degrees = np.radians([0, 90, 50, 40, 120])
        >>> shortest_paths(np.stack([np.cos(degrees), np.sin(degrees)], axis=1), None, 4)
        {2: [0, 1], 3: [0, 3, 1], 4: [0, 3, 2, 1]}
    """
    vector_MD = vector_MD.astype(np.float64)
    progress_M = vector_MD @ vector_MD[1] - vector_MD @ vector_MD[0]
    between = np.flatnonzero((progress_M > progress_M[0]) & (progress_M < progress_M[1]))
    between = between[between > 1]
    rows_M = np.array([0, *between[np.argsort(progress_M[between], kind="stable")], 1])
    cosine_MM = np.clip(vector_MD[rows_M] @ vector_MD[rows_M].T, -1, 1)
    cost_MM = np.square(np.arccos(cosine_MM))
    cost_MM[np.tril_indices(len(rows_M))] = np.inf
    if codes_M is not None:
        cost_MM[codes_M[rows_M][:, None] == codes_M[rows_M]] = np.inf
    if least is not None:
        cost_MM[cosine_MM < least] = np.inf
    total_M = np.full(len(rows_M), np.inf)
    total_M[0] = 0
    before_LM: list[np.ndarray] = []
    paths = {}
    for length in range(2, min(longest, len(rows_M)) + 1):
        through_MM = total_M[:, None] + cost_MM
        before_LM.append(through_MM.argmin(axis=0))
        total_M = through_MM.min(axis=0)
        if np.isfinite(total_M[-1]):
            paths[length] = rows_M[_traced(before_LM, len(rows_M) - 1)].tolist()
    return paths


def _traced(before_LM: list[np.ndarray], end: int) -> list[int]:
    """Return the path that ends at a track, from the predecessors at every length."""
    path = [end]
    for before_M in reversed(before_LM):
        path.append(int(before_M[path[-1]]))
    return path[::-1]
