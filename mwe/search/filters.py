"""Filters of the tracks of a library that may be answers.

Shape suffixes: N tracks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mwe.core.errors import UnknownNameError
from mwe.search.conditions import Condition, meeting
from mwe.search.store import LibraryStore


@dataclass(frozen=True)
class Filters:
    """Conditions on the tracks that may be answers.

    Args:
        tags: Tags that a track must have, all of them.
        without_tags: Tags that it must not have.
        artists: Artists, one of whom it must be by.
        without_artists: Artists whom it must not be by.
        conditions: Conditions on the tags in its file, all of them.

    Examples:
        >>> from mwe import Library
        >>> library = Library.open("outputs/library")
        >>> library.allowed(Filters(without_tags=["drums"])).tolist()
        [True, True, False]
    """

    tags: Sequence[str] = ()
    without_tags: Sequence[str] = ()
    artists: Sequence[str] = ()
    without_artists: Sequence[str] = ()
    conditions: Sequence[Condition] = ()

    def __bool__(self) -> bool:
        return bool(self.tags or self.without_tags or self.artists or self.without_artists or self.conditions)


def allowed_tracks(store: LibraryStore, filters: Filters) -> np.ndarray | None:
    """Return which tracks pass the filters, boolean (N,); None if all do.

    Raises:
        UnknownNameError: A tag or artist to filter by is not in the library.
        MissingDataError: There are conditions, and the library has no tags of files.
    """
    if not filters:
        return None
    allowed_N = np.ones(len(store), dtype=bool)
    for tag in filters.tags:
        allowed_N &= _mask(store, store.rows_of_tag(tag))
    for tag in filters.without_tags:
        allowed_N[store.rows_of_tag(tag)] = False
    if filters.artists:
        allowed_N &= _mask(store, np.concatenate([_rows_of_artist(store, artist) for artist in filters.artists]))
    for artist in filters.without_artists:
        allowed_N[_rows_of_artist(store, artist)] = False
    for condition in filters.conditions:
        allowed_N &= meeting(store, condition) != condition.excluded
    return allowed_N


def _mask(store: LibraryStore, rows: np.ndarray) -> np.ndarray:
    mask_N = np.zeros(len(store), dtype=bool)
    mask_N[rows] = True
    return mask_N


def _rows_of_artist(store: LibraryStore, artist: str) -> np.ndarray:
    rows = store.rows_of_artist(artist)
    if not len(rows):
        raise UnknownNameError("artist", artist, [name for name in store.artists.dictionary.to_pylist() if name])
    return rows
