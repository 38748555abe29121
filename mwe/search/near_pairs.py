"""Pairs of near vectors of a library, found block by block, and groups that pairs link.

Shape suffixes: N tracks, D dimensions, Q rows of a block, K neighbours.
"""

import numpy as np

from mwe.search.exact import Search

_BLOCK = 256  # rows that are compared with all others together


def near_pairs(matrix_ND: np.ndarray, search: Search, neighbours: int, least: float) -> list[tuple[int, int]]:
    """Return the pairs of rows of which one is among the nearest of the other, lower row first, in order.

    Memory grows with the number of rows, not with its square.

    Args:
        matrix_ND: Unit vectors.
        search: Search in the same vectors.
        neighbours: Neighbours of each row.
        least: Least cosine.

    Examples:
        >>> from mwe.search.exact import ExactSearch
        >>> matrix_ND = np.array([[1, 0], [0, 1], [0.8, 0.6]], np.float32)
        >>> near_pairs(matrix_ND, ExactSearch(matrix_ND), neighbours=1, least=0.7)
        [(0, 2)]
    """
    pairs: set[tuple[int, int]] = set()
    for start in range(0, len(matrix_ND), _BLOCK):
        block_QD = np.asarray(matrix_ND[start : start + _BLOCK], dtype=np.float32)
        nearest = search.nearest(block_QD, neighbours + 1)
        near_QK = nearest.scores_QK >= least
        for query, rank in zip(*np.nonzero(near_QK), strict=True):
            row, other = start + int(query), int(nearest.rows_QK[query, rank])
            if row != other and other >= 0:
                pairs.add((min(row, other), max(row, other)))
    return sorted(pairs)


class Links:
    """Rows that are linked, directly or by others.

    Examples:
        >>> links = Links()
        >>> links.link(4, 2)
        >>> links.link(2, 7)
        >>> links.linked(7, 4), links.groups()
        (True, [[2, 4, 7]])
    """

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def _root(self, row: int) -> int:
        while (parent := self._parent.get(row, row)) != row:
            self._parent[row] = row = self._parent.get(parent, parent)
        return row

    def link(self, row: int, other: int) -> None:
        """Link two rows."""
        low, high = sorted((self._root(row), self._root(other)))
        self._parent[high] = self._parent[low] = low

    def linked(self, row: int, other: int) -> bool:
        """Return whether two rows are linked."""
        return self._root(row) == self._root(other)

    def groups(self) -> list[list[int]]:
        """Return the linked rows, each group in order, the groups by their first row."""
        members: dict[int, list[int]] = {}
        for row in sorted(self._parent):
            members.setdefault(self._root(row), []).append(row)
        return list(members.values())
