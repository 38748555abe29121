"""The order of a library's tags where only some can be shown.

Shape suffixes: T tags.
"""

import numpy as np

from mwe.core.tokens import tag_token
from mwe.search import Library


def ranked_tags(library: Library) -> np.ndarray:
    """Return the numbers of the tags, int64 (T,): those of the most tracks first, then the commonest words.

    Examples:
        >>> from mwe import Library
        >>> library = Library.open("outputs/library")
        >>> [library.tags.tags[tag] for tag in ranked_tags(library)]
        ['calm', 'piano', 'drums']
    """
    counts_T = np.bincount(library.store.column("tags").values.to_numpy(), minlength=len(library.tags))
    position = {token: index for index, token in enumerate(library.words.tokens)}  # sorted by frequency
    rank_T = np.array([position.get(tag_token(tag), len(position)) for tag in library.tags.tags], dtype=np.int64)
    return np.lexsort((np.where(counts_T > 0, 0, rank_T), -counts_T))
