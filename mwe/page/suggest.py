"""How a query that is being typed could go on: tags, artists and words of a library."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from heapq import nsmallest
from typing import Literal, NamedTuple

import numpy as np

from mwe.corpora.tokens import tag_token
from mwe.search import Library
from mwe.search.reading import LONGEST_TAG
from mwe.search.stopwords import STOP_WORDS

Kind = Literal["tag", "artist", "word"]
KINDS: tuple[Kind, ...] = ("tag", "artist", "word")  # the order in which they are offered

MOST_WORDS = 100_000  # that are offered: the vocabulary of a large corpus ends in millions of rarities

_QUOTED = re.compile(r'"[^"]*"?')
_SIGN = re.compile(r"(?:^|(?<=\s))[+-]\s+")
_WEIGHT = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*\*)?\s*")
_LAST = "\U0010ffff"  # no letter comes after it


class Suggestion(NamedTuple):
    """One way to go on.

    Attributes:
        name: The tag, artist or word.
        kind: Which of them.
        query: The whole query with it.
    """

    name: str
    kind: Kind
    query: str


class _Entry(NamedTuple):
    """A name as it can stand in a query: as plain words, or else behind ``tag:`` or ``artist:``."""

    name: str
    kind: Kind
    plain: bool

    @property
    def spelt(self) -> str:
        return self.name if self.plain else f"{self.kind}:{quoted(self.name)}"


class Suggester:
    """Completes queries by the beginnings of names, and of the words in names, whatever their case and accents.

    Args:
        library: The library; its tags, artists and words are listed once.
    """

    def __init__(self, library: Library) -> None:
        self._entries = [*_tags(library), *_artists(library), *_words(library)]
        starts = [(key, at > 0, place) for place, one in enumerate(self._entries) for at, key in _starts(one)]
        self._starts = sorted(starts)
        self._keys = [key for key, _, _ in self._starts]

    def complete(self, text: str, k: int = 8) -> list[Suggestion]:
        """At most ``k`` ways to go on; for an empty query, or behind a sign, the tags that most tracks have."""
        begin = _term_begin(text)
        typed = text[begin:]
        if not typed.strip():
            offered = [(begin, one) for one in self._entries[:k] if one.kind == "tag"]
        else:
            offered = list(self._offered(typed, begin, k))
        found: dict[str, Suggestion] = {}
        for at, entry in offered:
            query = text[:at] + (entry.spelt if at == begin else entry.name)
            if query != text.strip():
                found.setdefault(query, Suggestion(entry.name, entry.kind, query))
        return list(found.values())[:k]

    def _offered(self, typed: str, begin: int, k: int) -> Iterator[tuple[int, _Entry]]:
        """Entries, and from which letter of the text on they replace it: the whole term, or its last words."""
        kind, colon, name = typed.partition(":")
        if colon and kind in KINDS:
            yield from ((begin, one) for _, one in self._beginning(name.strip(' "'), k) if one.kind == kind)
            return
        for at in (0, *(space.end() for space in re.finditer(r"\s+", typed))):
            for inner, one in self._beginning(typed[at:], k):
                # behind other words only what can stand there, from its first word on
                if at == 0 or (one.plain and not inner):
                    yield begin + at, one

    def _beginning(self, typed: str, k: int) -> list[tuple[bool, _Entry]]:
        """Entries that begin so, whole names first, and those of which a further word does; with which is the case."""
        key = _folded(typed.lstrip())
        if not key:
            return []
        low, high = bisect_left(self._keys, key), bisect_right(self._keys, key + _LAST)
        near = nsmallest(2 * k, self._starts[low:high], key=lambda one: one[1:])
        return [(inner, self._entries[place]) for _, inner, place in near]


def quoted(name: str) -> str:
    """A name as a query takes it, in quotation marks where it holds signs or its spaces matter."""
    pieces = name.split()
    return f'"{name}"' if {"+", "-"} & set(pieces) or name != " ".join(pieces) else name


def _term_begin(text: str) -> int:
    """Where the last term of a query begins, behind its sign and its weight."""
    open_text = _QUOTED.sub(lambda found: "x" * len(found[0]), text)
    begin = max((found.end() for found in _SIGN.finditer(open_text)), default=0)
    weight = _WEIGHT.match(text, begin)
    return weight.end() if weight else begin


def _starts(entry: _Entry) -> Iterator[tuple[int, str]]:
    """Beginnings by which an entry is found: of the name and of each further word in it."""
    pieces = _folded(entry.name).split()
    yield from ((at, " ".join(pieces[at:])) for at in range(len(pieces)))


def _folded(text: str) -> str:
    """Without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _tags(library: Library) -> Iterator[_Entry]:
    """Tags that can be asked with, those of most tracks first."""
    known_T = library.prototypes[1]
    counts_T = np.bincount(library.column("tags").values.to_numpy(), minlength=len(library.tags))
    for tag in np.argsort(-counts_T, kind="stable").tolist():
        name = library.tags.tags[tag]
        if known_T[tag] and '"' not in name:
            yield _Entry(name, "tag", _plain(name, library))


def _plain(name: str, library: Library) -> bool:
    """Whether running text with the tag's words is understood as the tag."""
    pieces = name.split()
    odd = set(pieces) & {"+", "-"} or ":" in name or "*" in name or name != " ".join(pieces)
    return not odd and tag_token(name) in library.words and len(pieces) <= LONGEST_TAG and name not in STOP_WORDS


def _artists(library: Library) -> Iterator[_Entry]:
    names = library.artists.dictionary.to_pylist()
    return (_Entry(name, "artist", plain=False) for name in names if name and '"' not in name)


def _words(library: Library) -> Iterator[_Entry]:
    """Words in the order of the vocabulary, which is that of their frequency; those that are tags aside."""
    tags, words = {tag_token(tag) for tag in library.tags.tags}, library.words
    for token, kind in zip(words.tokens[:MOST_WORDS], words.kinds[:MOST_WORDS], strict=True):
        if kind == "word" and token not in tags and token not in STOP_WORDS and token[0].isalnum():
            yield _Entry(token, "word", plain=True)
