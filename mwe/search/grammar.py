"""Queries as text: words, tags, artists, tracks, files and playlists, added and subtracted, and conditions on tags.

``calm + 2*piano - drums`` has three terms. A term is plain words or begins with ``tag:``, ``artist:``, ``track:``,
``file:`` or ``playlist:``. Signs need spaces around them, so that ``hip-hop`` is one word. A name that contains a sign
needs quotation marks: ``artist:"Simon + Garfunkel"``.

``calm piano genre:jazz year:1990..1999`` has one term and two conditions, which tracks must meet. The value of a
condition is one word or in quotation marks. A minus before it leaves out those that meet it: ``calm - genre:rock``.
``artist:`` is a term where a term begins, the sound of the artist's tracks, and a condition after other words.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from mwe.core.errors import BadRequestError
from mwe.search.conditions import FIELDS, Condition

TermKind = Literal["words", "tag", "artist", "track", "file", "playlist"]
KINDS: tuple[TermKind, ...] = get_args(TermKind)
SYNTAX = 'Write terms as `calm + 2*piano - drums`, names with signs in them as `artist:"A + B"`.'

_FIELD = re.compile(r"([A-Za-z]\w+):(?!//)(.*)", re.DOTALL)
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
        name: Words, tag, artist, track or path of a file or playlist.
        weight: Weight of the term, negative if it is subtracted.
    """

    kind: TermKind
    name: str
    weight: float = 1.0

    def __str__(self) -> str:
        name = self.name if self.kind == "words" else f"{self.kind}:{self.name}"
        return name if self.weight == 1 else f"{self.weight:g}*{name}"


class ParsedQuery(NamedTuple):
    """A query.

    Attributes:
        terms: What to rank tracks by; empty if there are only conditions.
        conditions: What tracks must meet.
    """

    terms: list[Term]
    conditions: tuple[Condition, ...] = ()


def parse_query(text: str) -> ParsedQuery:
    """Return the terms and the conditions of a query.

    Raises:
        QueryError: There is no term and no condition, a term is empty, a quotation mark is not closed, a weight is 0, a
            field is unknown, or the value of a condition is malformed.

    Examples:
        >>> parse_query("calm + 2*piano - drums").terms[1:]
        [Term(kind='words', name='piano', weight=2.0), Term(kind='words', name='drums', weight=-1.0)]
        >>> [str(term) for term in parse_query('tag:"deep house" - artist:"Simon + Garfunkel"').terms]
        ['tag:deep house', '-1*artist:Simon + Garfunkel']
        >>> [str(condition) for condition in parse_query("calm year:1990..1999 - genre:rock").conditions]
        ['only year 1990..1999', 'without genre rock']
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
    terms: list[Term] = []
    conditions: list[Condition] = []
    for sign, group in groups:
        term, own_conditions = _term(text, sign, group)
        terms += [term] if term else []
        conditions += own_conditions
    return ParsedQuery(terms, tuple(conditions))


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


def _term(query: str, sign: float, pieces: Sequence[str]) -> tuple[Term | None, list[Condition]]:
    """Return what stands after one sign: a term, conditions, or both."""
    text, weight = " ".join(pieces), 1.0
    if weighted := _WEIGHT.fullmatch(text):
        weight, text = float(weighted[1]), weighted[2]
    kind, colon, _ = text.partition(":")
    known = next((known_kind for known_kind in KINDS if colon and kind.lower() == known_kind), None)
    names, conditions = [], []
    for position, piece in enumerate(_pieces(text)):
        begins_term = position == 0 and known is not None
        condition = None if begins_term else _condition(query, piece, known)
        if condition is None:
            names.append(piece)
            continue
        if position == 0 and weighted:
            raise QueryError(query, f"{piece} is a condition, which has no weight")
        conditions.append(condition._replace(excluded=position == 0 and sign < 0))
    if conditions and not names:
        return None, conditions
    if conditions and conditions[0].excluded:
        raise QueryError(query, f"words after {pieces[0]!r}: put a sign before them")
    name = " ".join(names)
    name = (name.partition(":")[2] if known else name).replace('"', "").strip()
    if not name:
        raise QueryError(query, f"a term is empty: {' '.join(pieces)!r}")
    if not weight:
        raise QueryError(query, f"a weight of 0 in {' '.join(pieces)!r}")
    return Term(known or "words", name, sign * weight), conditions


def _condition(query: str, piece: str, kind: TermKind | None) -> Condition | None:
    """Return the condition that a piece is, or None for a part of a name.

    Args:
        query: The whole query.
        piece: The piece.
        kind: What the term begins with; None for plain words, which contain no other field.
    """
    matched = _FIELD.fullmatch(piece)
    if matched is None:
        return None
    field, value = matched[1].lower(), matched[2].replace('"', "").strip()
    known = next((name for name in FIELDS if name == field), None)
    if known is None:
        if kind is not None or not value:
            return None
        if field in KINDS:
            raise QueryError(query, f"{piece} begins a term of its own: put a sign before it")
        what = f"unknown field {matched[1]!r} (there are {', '.join(dict.fromkeys((*KINDS[1:], *FIELDS)))})"
        raise QueryError(query, f"{what}; put plain words with a colon in quotation marks")
    if not value:
        if kind is not None:
            return None
        raise QueryError(query, f"{piece} has no value; write it without a space, as {piece}VALUE")
    condition = Condition(known, value)
    if problem := condition.problem():
        raise QueryError(query, problem)
    return condition
