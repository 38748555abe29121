"""Rows of tables of captions that need no sound: chance, common words, word vectors, and text towers.

Shape suffixes: N texts, D dimensions.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mwe.core.files import sha256
from mwe.reproduce.zeroshot.rows import PairRow
from mwe.search.query_meaning import NothingKnownError, meaning_of_words
from mwe.search.unknown_words import UnknownWords
from mwe.tower_pairs.encoding import embed_texts
from mwe.words import WordVectors

CHANCE, OVERLAP = "chance", "common words (TF-IDF)"
WORDS = "words:"  # before the folder of word vectors
Vectors = tuple[np.ndarray, np.ndarray]


class TextRow(NamedTuple):
    """A row that encodes texts.

    Attributes:
        identity: Name of what encodes them.
        encode: Returns unit vectors of the texts of both sides, (N, D) each; zeros for what means nothing.
    """

    identity: str
    encode: Callable[[Sequence[str], Sequence[str]], Vectors]


def chance() -> TextRow:
    """Return the row to which no text means anything: all candidates are equal, so its figures are those of chance."""
    return TextRow(CHANCE, lambda first, second: (np.zeros((len(first), 1)), np.zeros((len(second), 1))))


def common_words() -> TextRow:
    """Return the row that compares texts by the words that they have in common, rare ones counting more."""

    def encode(first: Sequence[str], second: Sequence[str]) -> Vectors:
        from sklearn.feature_extraction.text import TfidfVectorizer

        every = TfidfVectorizer(dtype=np.float32).fit_transform([*first, *second])
        # a word of one text alone counts in its length, and adds to no product
        row_NW = every[:, np.bincount(every.indices, minlength=every.shape[1]) > 1].toarray()
        return row_NW[: len(first)], row_NW[len(first) :]

    return TextRow(OVERLAP, encode)


def text_tower(row: PairRow) -> TextRow:
    """Return the row of a pair's text tower, which reads texts as they are."""

    def encode(first: Sequence[str], second: Sequence[str]) -> Vectors:
        return embed_texts(row.pair, first), embed_texts(row.pair, second)

    return TextRow(row.model.space, encode)


def word_vectors(folder: Path) -> TextRow:
    """Return the row of word vectors: a text is the mean of its words and tags, as a query is.

    Raises:
        MissingDataError: There are no word vectors in the folder.
        BadFileError: They are damaged.
    """
    words = WordVectors.load(folder)
    unknown = UnknownWords(words)

    def vector(text: str) -> np.ndarray:
        try:
            return meaning_of_words(words, text, unknown).vector_D
        except NothingKnownError:
            return np.zeros(words.dim, np.float32)

    def encode(first: Sequence[str], second: Sequence[str]) -> Vectors:
        return np.stack([vector(text) for text in first]), np.stack([vector(text) for text in second])

    files = [sha256(folder / name) for name in ("vectors.npy", "vocabulary.json")]
    return TextRow(hashlib.sha256("".join(files).encode()).hexdigest()[:16], encode)
