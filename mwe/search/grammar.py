"""Queries as text: words, tags, artists, tracks and audio files, added and subtracted.

``calm + 2*piano - drums`` has three terms. A term is plain words or begins with ``tag:``, ``artist:``, ``track:`` or
``file:``. Signs need spaces around them, so that ``hip-hop`` is one word. A name that contains a sign needs quotation
marks: ``artist:"Simon + Garfunkel"``.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from mwe.core.errors import BadRequestError

TermKind = Literal["words", "tag", "artist", "track", "file"]
KINDS: tuple[TermKind, ...] = get_args(TermKind)
SYNTAX = 'Write terms as `calm + 2*piano - drums`, names with signs in them as `artist:"A + B"`.'

_WEIGHT = re.compile(r"(\d+(?:\.\d+)?)\s*\*\s*(.*)", re.DOTALL)


class QueryError(BadRequestError):
    """A query is malformed.

    Args:
        query: The query.
        what: What is wrong with it.
    """

    def __init__(self, query: str, what: str) -> None:
        super().__init__(f"query {query!r}: {what}. {SYNTAX}")


class Term(NamedTuple):
    """One part of a query.

    Attributes:
        kind: Kind of the name; ``words`` are plain text.
        name: Words, tag, artist, track or path of a file.
        weight: Weight of the term, negative if it is subtracted.
    """

    kind: TermKind
    name: str
    weight: float = 1.0

    def __str__(self) -> str:
        name = self.name if self.kind == "words" else f"{self.kind}:{self.name}"
        return name if self.weight == 1 else f"{self.weight:g}*{name}"


def parse_query(text: str) -> list[Term]:
    """Return the terms of a query.

    Raises:
        QueryError: There is no term, a term is empty, a quotation mark is not closed, or a weight is 0.

    Examples:
        >>> parse_query("calm + 2*piano - drums")[1:]
        [Term(kind='words', name='piano', weight=2.0), Term(kind='words', name='drums', weight=-1.0)]
        >>> [str(term) for term in parse_query('tag:"deep house" - artist:"Simon + Garfunkel"')]
        ['tag:deep house', '-1*artist:Simon + Garfunkel']
        >>> parse_query("calm +")
        Traceback (most recent call last):
            ...
        mwe.search.grammar.QueryError: query 'calm +': nothing follows the last sign. Write terms as ...
    """
    if text.count('"') % 2:
        raise QueryError(text, "a quotation mark is not closed")
    pieces = _pieces(text)
    # a query without a leading sign begins with plus
    signed = pieces if pieces[:1] in (["+"], ["-"]) else ["+", *pieces]
    groups: list[tuple[float, list[str]]] = []
    for piece in signed:
        if piece not in ("+", "-"):
            groups[-1][1].append(piece)
        elif groups and not groups[-1][1]:
            raise QueryError(text, "two signs follow each other")
        else:
            groups.append((1.0 if piece == "+" else -1.0, []))
    if not groups[-1][1]:
        raise QueryError(text, "nothing follows the last sign" if pieces else "it is empty")
    return [_term(text, sign, group) for sign, group in groups]


def _pieces(text: str) -> list[str]:
    """Split at spaces outside quotation marks."""
    pieces, inside = [""], False
    for letter in text.strip():
        if letter == '"':
            inside = not inside
        if letter.isspace() and not inside:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece for piece in pieces if piece]


def _term(query: str, sign: float, pieces: Sequence[str]) -> Term:
    text, weight = " ".join(pieces), 1.0
    if weighted := _WEIGHT.fullmatch(text):
        weight, text = float(weighted[1]), weighted[2]
    kind, colon, name = text.partition(":")
    known = next((known_kind for known_kind in KINDS if colon and kind.lower() == known_kind), None)
    name = (name if known else text).replace('"', "").strip()
    if not name:
        raise QueryError(query, f"a term is empty: {' '.join(pieces)!r}")
    if not weight:
        raise QueryError(query, f"a weight of 0 in {' '.join(pieces)!r}")
    return Term(known or "words", name, sign * weight)
