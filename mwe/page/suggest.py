"""Completion of a query while it is typed: tags, artists and words of a library."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from heapq import nsmallest
from typing import Literal, NamedTuple

from mwe.core.tokens import tag_token
from mwe.page.tag_order import ranked_tags
from mwe.search import Library
from mwe.search.conditions import folded
from mwe.search.query_meaning import LONGEST_TAG
from mwe.search.stopwords import STOP_WORDS

Kind = Literal["tag", "artist", "word"]
KINDS: tuple[Kind, ...] = ("tag", "artist", "word")  # in the order of suggestions

MAX_WORDS = 100_000  # suggested words: the vocabulary of a large corpus ends in millions of rare words

_QUOTED = re.compile(r'"[^"]*"?')
_SIGN = re.compile(r"(?:^|(?<=\s))[+-]\s+")
_WEIGHT = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*\*)?\s*")
_LAST = "\U0010ffff"  # sorts after every letter


class Suggestion(NamedTuple):
    """A suggested completion.

    Attributes:
        name: The tag, artist or word.
        kind: Its kind.
        query: The complete query with it.
    """

    name: str
    kind: Kind
    query: str


class _Entry(NamedTuple):
    """A name in a query: as plain words if possible, else after ``tag:`` or ``artist:``."""

    name: str
    kind: Kind
    plain: bool

    @property
    def spelt(self) -> str:
        return self.name if self.plain else f"{self.kind}:{quoted(self.name)}"


class Suggester:
    """Completes queries by prefixes of names, and of words in names, ignoring case and accents.

    Args:
        library: The library; its tags, artists and words are listed once.
    """

    def __init__(self, library: Library) -> None:
        self._entries = [*_tags(library), *_artists(library), *_words(library)]
        starts = [(key, word > 0, index) for index, entry in enumerate(self._entries) for word, key in _starts(entry)]
        self._starts = sorted(starts)
        self._keys = [key for key, _, _ in self._starts]

    def complete(self, text: str, k: int = 8) -> list[Suggestion]:
        """Return at most ``k`` completions; for an empty query, or after a sign, the most frequent tags."""
        begin = _term_begin(text)
        typed = text[begin:]
        if not typed.strip():
            matches = [(begin, entry) for entry in self._entries[:k] if entry.kind == "tag"]
        else:
            matches = list(self._matches(typed, begin, k))
        suggestions: dict[str, Suggestion] = {}
        for start, entry in matches:
            query = text[:start] + (entry.spelt if start == begin else entry.name)
            if query != text.strip():
                suggestions.setdefault(query, Suggestion(entry.name, entry.kind, query))
        return list(suggestions.values())[:k]

    def _matches(self, typed: str, begin: int, k: int) -> Iterator[tuple[int, _Entry]]:
        """Yield entries, and the start of the text that they replace: the whole term, or its last words."""
        kind, colon, name = typed.partition(":")
        if colon and kind in KINDS:
            yield from ((begin, entry) for _, entry in self._with_prefix(name.strip(' "'), k) if entry.kind == kind)
            return
        for start in (0, *(space.end() for space in re.finditer(r"\s+", typed))):
            for inner, entry in self._with_prefix(typed[start:], k):
                # after other words only plain names, from their first word
                if start == 0 or (entry.plain and not inner):
                    yield begin + start, entry

    def _with_prefix(self, typed: str, k: int) -> list[tuple[bool, _Entry]]:
        """Return entries with a prefix, whole names first, and whether the prefix is that of a later word."""
        key = folded(typed.lstrip())
        if not key:
            return []
        low, high = bisect_left(self._keys, key), bisect_right(self._keys, key + _LAST)
        near = nsmallest(2 * k, self._starts[low:high], key=lambda start: start[1:])
        return [(inner, self._entries[index]) for _, inner, index in near]


def quoted(name: str) -> str:
    """Return a name for a query, in quotation marks if it has signs, colons or irregular spaces."""
    pieces = name.split()
    return f'"{name}"' if {"+", "-"} & set(pieces) or ":" in name or name != " ".join(pieces) else name


def _term_begin(text: str) -> int:
    """Return the start of the last term of a query, after its sign and its weight."""
    open_text = _QUOTED.sub(lambda match: "x" * len(match[0]), text)
    begin = max((match.end() for match in _SIGN.finditer(open_text)), default=0)
    weight = _WEIGHT.match(text, begin)
    return weight.end() if weight else begin


def _starts(entry: _Entry) -> Iterator[tuple[int, str]]:
    """Yield the keys of an entry: its name, and its name from every later word."""
    pieces = folded(entry.name).split()
    yield from ((word, " ".join(pieces[word:])) for word in range(len(pieces)))


def _tags(library: Library) -> Iterator[_Entry]:
    """Yield the tags with a vector, the most frequent first."""
    known_T = library.prototypes[1]
    for tag in ranked_tags(library).tolist():
        name = library.tags.tags[tag]
        if known_T[tag] and '"' not in name:
            yield _Entry(name, "tag", _plain(name, library))


def _plain(name: str, library: Library) -> bool:
    """Return whether the tag's words in running text are understood as the tag."""
    pieces = name.split()
    odd = set(pieces) & {"+", "-"} or ":" in name or "*" in name or name != " ".join(pieces)
    return not odd and tag_token(name) in library.words and len(pieces) <= LONGEST_TAG and name not in STOP_WORDS


def _artists(library: Library) -> Iterator[_Entry]:
    names = library.store.artists.dictionary.to_pylist()
    return (_Entry(name, "artist", plain=False) for name in names if name and '"' not in name)


def _words(library: Library) -> Iterator[_Entry]:
    """Yield the words in the order of the vocabulary, which is sorted by frequency, without those that are tags."""
    tags, words = {tag_token(tag) for tag in library.tags.tags}, library.words
    for token, kind in zip(words.tokens[:MAX_WORDS], words.kinds[:MAX_WORDS], strict=True):
        if kind == "word" and token not in tags and token not in STOP_WORDS and token[0].isalnum():
            yield _Entry(token, "word", plain=True)
