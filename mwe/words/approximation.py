"""Approximate vectors of words that a vocabulary lacks, by their subwords.

Vectors of subwords are mapped into the space of the vocabulary in two ways, and both are added: a ridge regression on
the known words, and the mean of those known words whose subwords are nearest.

Shape suffixes: N words, V known words, S dimensions of a subword vector, D dimensions of a word vector, K neighbours.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from mwe.words.vectors import WordVectors

PENALTY = 10.0  # of the ridge regression, for vectors of length 1
NEAREST = 10  # known words in the mean
NAMED = 3  # known words that an answer names
LEAST = 2_000  # known words; with fewer there is nothing to learn from
PLAIN = re.compile(r"[a-z]{3,}")  # words that the maps are fitted on


class Approximation(NamedTuple):
    """An approximate vector.

    Attributes:
        vector_D: float32, as long as those of the vocabulary typically are.
        near: Known words whose vectors are nearest to it.
    """

    vector_D: np.ndarray
    near: tuple[str, ...]


class SubwordVectors(Protocol):
    """Vectors of words by their subwords, float32 (N, S)."""

    def embed(self, words: Sequence[str]) -> np.ndarray:
        """Return the vectors of words."""

    def embed_once(self, words: Sequence[str]) -> np.ndarray:
        """Return the vectors of a vocabulary, which are asked for again and again."""


class Approximator:
    """Gives approximate vectors to words that a vocabulary lacks.

    Both maps are in closed form and have no chance in them: the same vocabulary gives the same vectors.

    Args:
        words: Word vectors; at least ``LEAST`` of them must be plain words.
        english: Subwords.
        left_out: Tokens that the maps may not see, for measuring on them.

    Raises:
        ValueError: There are too few plain words.
    """

    def __init__(self, words: WordVectors, english: SubwordVectors, left_out: Sequence[str] = ()) -> None:
        hidden = set(left_out)
        rows = [row for row in plain_words(words) if words.tokens[row] not in hidden]
        if len(rows) < LEAST:
            raise ValueError(f"{len(rows):,} plain words, expected {LEAST:,} or more")
        self.tokens, self._english = [words.tokens[row] for row in rows], english
        vector_VD = np.asarray(words.vectors[rows], dtype=np.float32)
        length_V = np.linalg.norm(vector_VD, axis=1)
        unit_VD = vector_VD / np.maximum(length_V, np.finfo(np.float32).tiny)[:, None]
        self._length, self._mean_D = float(np.median(length_V)), unit_VD.mean(axis=0)
        difference_VD = unit_VD - self._mean_D
        self._reach = float(np.linalg.norm(difference_VD, axis=1).mean())
        self._target_VD = _unit(difference_VD)
        subword_VS = english.embed_once(self.tokens)
        self._centre_S = subword_VS.mean(axis=0)
        self._subword_VS = subword_VS - self._centre_S
        gram_SS = self._subword_VS.T @ self._subword_VS + PENALTY * np.eye(subword_VS.shape[1], dtype=np.float32)
        self._map_SD = np.linalg.solve(gram_SS, self._subword_VS.T @ self._target_VD)
        self._subword_VS = _unit(self._subword_VS)

    def __call__(self, word: str) -> Approximation:
        """Return the approximate vector of a word, and its known neighbours."""
        direction_D = self.directions([word])[0]
        nearest_K = np.argsort(-(self._target_VD @ direction_D), kind="stable")[:NAMED]
        vector_D = self._length * _unit((self._mean_D + self._reach * direction_D)[None])[0]
        return Approximation(vector_D.astype(np.float32), tuple(self.tokens[row] for row in nearest_K.tolist()))

    def directions(self, words: Sequence[str]) -> np.ndarray:
        """Return unit vectors from the mean of the known words towards the words, float32 (N, D)."""
        subword_NS = self.centred(words)
        return _unit(self.by_regression(subword_NS) + self.by_neighbours(subword_NS))

    def centred(self, words: Sequence[str]) -> np.ndarray:
        """Return unit vectors from the mean of the subwords of known words towards those of words, float32 (N, S)."""
        return _unit(self._english.embed(words) - self._centre_S)

    def by_regression(self, subword_NS: np.ndarray) -> np.ndarray:
        """Return where the ridge regression takes centred vectors of subwords, as unit vectors (N, D)."""
        return _unit(subword_NS @ self._map_SD)

    def by_neighbours(self, subword_NS: np.ndarray) -> np.ndarray:
        """Return the weighted mean of the known words whose subwords are nearest, as unit vectors (N, D)."""
        likeness_NV = subword_NS @ self._subword_VS.T
        nearest_NK = np.argpartition(-likeness_NV, NEAREST, axis=1)[:, :NEAREST]
        weight_NK = np.clip(np.take_along_axis(likeness_NV, nearest_NK, axis=1), 0, None) ** 2
        return _unit(np.einsum("nk,nkd->nd", weight_NK, self._target_VD[nearest_NK]))

    def known_directions(self, words: WordVectors, tokens: Sequence[str]) -> np.ndarray:
        """Return the same for words that the vocabulary has, from their own vectors."""
        vector_ND = np.stack([words[token] for token in tokens])
        return _unit(_unit(vector_ND) - self._mean_D)


def plain_words(words: WordVectors) -> list[int]:
    """Return the rows of the words and tags that are plain English spelling.

    Examples:
        >>> plain_words(WordVectors(["calm", "lo_fi", "80s"], np.eye(3, dtype=np.float32)))
        [0]
    """
    pairs = zip(words.tokens, words.kinds, strict=True)
    return [row for row, (token, kind) in enumerate(pairs) if kind in ("word", "tag") and PLAIN.fullmatch(token)]


def _unit(row_ND: np.ndarray) -> np.ndarray:
    """Return rows at length 1; a row of zeros stays one."""
    length_N1 = np.linalg.norm(row_ND, axis=1, keepdims=True)
    unit_ND: np.ndarray = row_ND / np.where(length_N1 > 0, length_N1, 1)
    return unit_ND
