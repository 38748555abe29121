"""What a query asks of a library: the direction to rank tracks by, and the tracks that may be answers.

Shape suffixes: N tracks, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mwe.search.filters import Filters, allowed_tracks
from mwe.search.grammar import ParsedQuery, Term, parse_query
from mwe.search.meaning import Meaning
from mwe.search.query_meaning import combined, meaning
from mwe.search.store import LibraryStore


class Asked(NamedTuple):
    """A query as a library understands it.

    Attributes:
        terms: Its terms.
        meanings: Their meanings, in the same order.
        filters: What tracks must meet, with the conditions of the query.
        allowed_N: Which tracks may be answers, boolean; None if all may.
        vector_D: Unit vector to rank by; None if there are only conditions.
    """

    terms: tuple[Term, ...]
    meanings: tuple[Meaning, ...]
    filters: Filters
    allowed_N: np.ndarray | None
    vector_D: np.ndarray | None

    @property
    def understood(self) -> tuple[tuple[float, str], ...]:
        """Weight of each term, and how it was understood."""
        return tuple((term.weight, vector.understood) for term, vector in zip(self.terms, self.meanings, strict=True))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes about parts of the query that were left out or not understood."""
        return tuple(note for vector in self.meanings for note in vector.notes)

    @property
    def approximated(self) -> tuple[str, ...]:
        """Words whose vectors are approximate."""
        return tuple(word for vector in self.meanings for word in vector.approximated)

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions as understood."""
        return tuple(map(str, self.filters.conditions))


def ask(store: LibraryStore, query: str | Sequence[Term], filters: Filters, context: Sequence[str] = ()) -> Asked:
    """Return what a query asks. Tracks that are the query itself may not be answers.

    Args:
        store: Files of the library.
        query: A query in the syntax of ``mwe.search.grammar``, or its terms.
        filters: Which tracks may be answers.
        context: Other tags, as context of the words and tags of the query.

    Raises:
        QueryError: The query is malformed.
        UnknownNameError: A word, tag, artist or track is not known.
        BadFileError: An audio file or a playlist cannot be used.
        MissingDataError: There are conditions on tags in files, and the library has none.
    """
    terms, conditions = parse_query(query) if isinstance(query, str) else ParsedQuery(list(query))
    filters = replace(filters, conditions=(*filters.conditions, *conditions))
    meanings = [meaning(store, term, context) for term in terms]
    allowed_N = allowed_tracks(store, filters)
    query_rows = [row for term_meaning in meanings for row in term_meaning.rows]
    if query_rows:
        allowed_N = np.ones(len(store), dtype=bool) if allowed_N is None else allowed_N
        allowed_N[query_rows] = False
    vector_D = combined(store, terms, meanings) if terms else None
    return Asked(tuple(terms), tuple(meanings), filters, allowed_N, vector_D)
