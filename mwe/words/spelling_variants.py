"""Other spellings and inflections of the words of a vocabulary: ``color`` of ``colour``, ``pianos`` of ``piano``."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from mwe.core.tokens import tag_key
from mwe.words.vectors import WordVectors

BEGINNING = 3  # letters that a word and its inflections have in common
# what British and American spelling write differently
REGIONS = (
    *(("our", "or"), ("ise", "ize"), ("isi", "izi"), ("isa", "iza"), ("yse", "yze"), ("tre", "ter"), ("ogue", "og")),
    *(("ae", "e"), ("ey", "ay"), ("ll", "l"), ("mme", "m"), ("que", "ck"), ("sy", "zy")),
)


class SpellingVariants:
    """Finds the token that a word is another spelling or an inflection of.

    Args:
        words: Word vectors; their words and tags are searched.

    Examples:
        >>> import numpy as np
        >>> tokens = ["colour", "piano", "lo_fi", "universe", "university"]
        >>> variants = SpellingVariants(WordVectors(tokens, np.eye(5, dtype=np.float32)))
        >>> [variants(word) for word in ("color", "pianos", "lo-fi", "universities", "zither")]
        ['colour', 'piano', 'lo_fi', 'university', None]
    """

    def __init__(self, words: WordVectors) -> None:
        pairs = zip(words.tokens, words.kinds, strict=True)
        self._tokens = [token for token, kind in pairs if kind in ("word", "tag")]

    def __call__(self, word: str) -> str | None:
        """Return the token; None if there is none."""
        return self.spelt(word) or self._inflected(tag_key(word))

    def spelt(self, word: str) -> str | None:
        """Return the token that a word is another spelling of; None if there is none."""
        key = tag_key(word)
        keys = (key, *_other_regions(key)) if key else ()
        return next((self._by_key[other] for other in keys if other in self._by_key), None)

    @cached_property
    def _by_key(self) -> dict[str, str]:
        """Token by its letters and digits; of several the first."""
        return {tag_key(token): token for token in reversed(self._tokens)}

    @cached_property
    def _by_beginning(self) -> dict[str, list[str]]:
        beginnings = defaultdict(list)
        for token in self._tokens:
            if token.isalpha():
                beginnings[token[:BEGINNING]].append(token)
        return beginnings

    def _inflected(self, word: str) -> str | None:
        """Return the word with the same stem that has most letters in common; of several the shortest."""
        if not word.isalpha() or word[:BEGINNING] not in self._by_beginning:
            return None
        from gensim.parsing.porter import PorterStemmer  # takes a second, which queries of known words are spared

        stem = PorterStemmer().stem
        same = [token for token in self._by_beginning[word[:BEGINNING]] if stem(token) == stem(word)]
        shared = {token: _shared(token, word) for token in same}
        return min(same, key=lambda token: (-shared[token], len(token), token), default=None)


def _shared(first: str, second: str) -> int:
    """Return how many letters two words begin with in common."""
    same = [a == b for a, b in zip(first, second, strict=False)]
    return same.index(False) if False in same else len(same)


def _other_regions(word: str) -> Iterator[str]:
    for pair in REGIONS:
        for spelt, other in (pair, pair[::-1]):
            if spelt in word[1:]:
                yield word[0] + word[1:].replace(spelt, other)
