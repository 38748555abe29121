"""Orders of tracks in which no artist follows itself.

Shape suffixes: N tracks.
"""

from collections.abc import Sequence

import numpy as np

from mwe.search.conditions import folded


def artist_codes(names: Sequence[str]) -> np.ndarray:
    """Return a number for the artist of each track, int64 (N,).

    Names that differ only in case and accents are one artist. A track of an unknown artist has a number of its own.

    Examples:
        >>> artist_codes(["Air", "Björk", "AIR", "", ""]).tolist()
        [0, 1, 0, 2, 3]
    """
    codes: dict[str, int] = {}
    unnamed = (f"\n{position}" for position in range(len(names)))  # no name has a line break
    keys = (" ".join(folded(name).split()) or other for name, other in zip(names, unnamed, strict=True))
    return np.array([codes.setdefault(key, len(codes)) for key in keys], dtype=np.int64)


def spaced(codes_N: np.ndarray, count: int) -> list[int]:
    """Return the first order in which no artist follows itself.

    Of all such orders of as many tracks as asked for, or else of as many as can be, it is the one whose first track
    ranks best; of those with that track, the one whose second ranks best; and so on.

    Args:
        codes_N: Artist of each track, the best track first, as ``artist_codes`` returns them.
        count: Number of tracks.

    Returns:
        Ranks of the tracks.

    Examples:
        >>> spaced(np.array([0, 0, 0, 1, 2]), 4)
        [0, 3, 1, 4]
        >>> spaced(np.array([1, 0, 0]), 3)  # beginning with the best, there would be two
        [1, 0, 2]
    """
    left_A = np.bincount(codes_N)
    size = min(count, _longest(left_A, None))
    remaining, order = list(range(len(codes_N))), list[int]()
    while len(order) < size:
        last = int(codes_N[order[-1]]) if order else None
        refused = {last}
        for position, rank in enumerate(remaining):
            artist = int(codes_N[rank])
            if artist in refused:
                continue
            left_A[artist] -= 1
            if len(order) + 1 + _longest(left_A, artist) >= size:
                order.append(rank)
                del remaining[position]
                break
            left_A[artist] += 1
            refused.add(artist)
    return order


def _longest(left_A: np.ndarray, last: int | None) -> int:
    """Return how many tracks can follow a track of the last artist, given how many each artist has left.

    An artist can have every second place. One that was last cannot begin.
    """
    total = int(left_A.sum())
    most = 2 * (total - int(left_A.max(initial=0))) + 1
    return min(total, most, total if last is None else 2 * (total - int(left_A[last])))
