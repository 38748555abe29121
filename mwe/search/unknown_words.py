"""Words of queries that a library has no vector for: other spellings, inflections, approximations by subwords."""

import difflib
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mwe.core.errors import MissingDataError
from mwe.words import WordVectors
from mwe.words.approximation import LEAST, Approximator, plain_words
from mwe.words.english import EnglishWords
from mwe.words.spelling_variants import SpellingVariants

HINTS = 3


class WordReading(NamedTuple):
    """A word or a tag as it was read.

    Attributes:
        text: The word, or the known one that it was read as.
        vector_D: Its vector.
        note: What was done with it; empty if it is known.
        approximated: Whether the vector is approximate.
    """

    text: str
    vector_D: np.ndarray
    note: str = ""
    approximated: bool = False


class UnknownWords:
    """Reads words that word vectors lack. The subwords are loaded for the first word that needs them.

    Args:
        words: The word vectors.

    Examples:
        >>> words = WordVectors(["calm", "piano"], np.eye(2, dtype=np.float32))
        >>> unknown_words = UnknownWords(words)
        >>> unknown_words.read("pianos")
        WordReading(text='piano', vector_D=array([0., 1.], dtype=float32), note="'pianos' is read as 'piano'", ...)
        >>> unknown_words.read("blorf") is None, unknown_words.hint("pianno")
        (True, "unknown: 'pianno' (nearest: piano)")
    """

    def __init__(self, words: WordVectors) -> None:
        self._words = words
        self.variants = SpellingVariants(words)
        self._lacking = False

    def read(self, word: str) -> WordReading | None:
        """Return how a word is read: as a known one, or by an approximate vector if it is English; None if neither.

        Raises:
            BadFileError: The subwords in the cache are not the published ones.
        """
        if token := self.variants(word):
            known = token.replace("_", " ")
            return WordReading(known, self._words[token], f"{word!r} is read as {known!r}")
        approximator = self.approximator
        if approximator is None or word not in self.english:
            return None
        vector_D, near = approximator(word)
        note = f"{word!r} is approximated by its subwords (nearest: {', '.join(near)})"
        return WordReading(word, vector_D, note, approximated=True)

    def hint(self, word: str) -> str:
        """Return the note on a word that could not be read."""
        note = hint(word, near_spellings(word, self._words))
        return f"{note}; `mwe weights` fetches approximate meanings of English words" if self._lacking else note

    @cached_property
    def english(self) -> EnglishWords:
        """The English words.

        Raises:
            MissingDataError: The cache lacks them.
            BadFileError: They are not the published ones.
        """
        return EnglishWords.load()

    @cached_property
    def approximator(self) -> Approximator | None:
        """Approximate vectors; None if there are too few words to learn from, or if the cache lacks the subwords."""
        if len(plain_words(self._words)) < LEAST:
            return None
        try:
            return Approximator(self._words, self.english)
        except MissingDataError:
            self._lacking = True
            return None


def near_spellings(word: str, words: WordVectors) -> list[str]:
    """Return known words and tags with a similar spelling, among those of similar length and equal start or end."""
    near = [
        token
        for token, kind in zip(words.tokens, words.kinds, strict=True)
        if kind in ("word", "tag")
        and abs(len(token) - len(word)) <= 2
        and (token[0] == word[0] or token[-2:] == word[-2:])
    ]
    return difflib.get_close_matches(word, near, n=HINTS, cutoff=0.6)


def hint(word: str, near: Sequence[str]) -> str:
    """Return the note on a word that was not understood."""
    return f"unknown: {word!r}" + (f" (nearest: {', '.join(near)})" if near else "")
