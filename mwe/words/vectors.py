"""Word vectors on disk and in memory: NumPy and JSON, memory-mapped, no pickle.

A folder holds ``vectors.npy`` (float32 or float16, one row per token) and ``vocabulary.json`` (tokens, their kinds,
provenance).
"""

import json
import mmap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from mwe.core.arrays import read_array, write_rows
from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError, expecting
from mwe.core.files import read_json, write_text, written_together
from mwe.core.tokens import artist_token, tag_token, tag_words, text_tokens, track_token
from mwe.words.nearest import nearest_rows, norms_of

Kind = Literal["word", "tag", "artist", "track"]
BLOCK = 16_384  # vectors copied at once
STORED = (np.float32, np.float16)
VOCABULARY, NAMES = "vocabulary.json", "names.json"  # names: display names of imported artists and tracks


class Lookup(NamedTuple):
    """Vectors of several names.

    Attributes:
        vectors: float32 (names, dimensions); zero where unknown.
        known: Whether each name has a vector.
    """

    vectors: np.ndarray
    known: np.ndarray


class Neighbour(NamedTuple):
    """A token near a query.

    Attributes:
        token: The token.
        kind: ``word``, ``tag``, ``artist`` or ``track``.
        similarity: Cosine, -1 to 1.
    """

    token: str
    kind: str
    similarity: float


class Query(NamedTuple):
    """A query in words.

    Attributes:
        vector: float32 (dimensions,), the mean of the vectors of the known words.
        known: Words that have a vector.
        unknown: Words that have none.
    """

    vector: np.ndarray
    known: tuple[str, ...]
    unknown: tuple[str, ...]


class WordVectors:
    """Vectors of tokens.

    Args:
        tokens: V distinct tokens.
        vectors: float32 (V, dimensions); float16 to save space, which lookups turn into float32.
        kinds: ``word``, ``tag``, ``artist`` or ``track`` for each token; by default all ``word``.
        made: Provenance: settings, corpus, versions.

    Examples:
        >>> words = WordVectors(["calm", "piano", "drums"], np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32))
        >>> words["piano"]
        array([0.8, 0.6], dtype=float32)
        >>> "drums" in words, len(words), words.dim
        (True, 3, 2)
        >>> words["pianno"]
        Traceback (most recent call last):
            ...
        mwe.core.errors.UnknownNameError: unknown word 'pianno' (3 known; nearest: 'piano')
    """

    def __init__(
        self,
        tokens: Sequence[str],
        vectors: np.ndarray,
        kinds: Sequence[str] | None = None,
        made: dict[str, Any] | None = None,
    ) -> None:
        if vectors.ndim != 2 or len(tokens) != len(vectors):
            raise ValueError(f"{len(tokens)} tokens do not fit vectors of shape {vectors.shape}")
        self.tokens = list(tokens)
        self.vectors = vectors
        self.kinds = list(kinds) if kinds is not None else ["word"] * len(self.tokens)
        self.made = made or {}
        self._row = {token: row for row, token in enumerate(self.tokens)}
        self._norms: np.ndarray | None = None
        if len(self._row) != len(self.tokens):
            raise ValueError("a token occurs in the vocabulary more than once")
        if len(self.kinds) != len(self.tokens):
            raise ValueError(f"{len(self.kinds)} kinds do not fit {len(self.tokens)} tokens")

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._row

    def __getitem__(self, token: str) -> np.ndarray:
        """Return the vector of a token.

        Raises:
            UnknownNameError: The token has no vector. The message names the nearest spellings.
        """
        if token not in self._row:
            raise UnknownNameError("word", token, self.tokens)
        return np.asarray(self.vectors[self._row[token]], dtype=np.float32)

    def save(self, folder: str | Path) -> Path:
        """Write the folder. The vocabulary is written last, so that a folder with one is complete.

        Examples:
            >>> _ = WordVectors(["calm"], np.ones((1, 2), dtype=np.float32)).save("words")
            >>> WordVectors.load("words")["calm"]
            array([1., 1.], dtype=float32)
        """
        with written_together(folder, VOCABULARY, [NAMES]) as staging:
            blocks = (self.vectors[start : start + BLOCK] for start in range(0, len(self), BLOCK))
            stored = np.float16 if self.vectors.dtype == np.float16 else np.float32
            write_rows(staging / "vectors.npy", stored, self.vectors.shape, blocks)
            write_vocabulary(staging, self.tokens, self.kinds, self.made)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> "WordVectors":
        """Read a folder; the vectors stay on disk until used.

        Raises:
            MissingDataError: There are no vectors in the folder.
            BadFileError: The files are damaged or do not match each other.
        """
        folder = Path(folder)
        if not (folder / VOCABULARY).is_file():
            raise MissingDataError(
                f"no word vectors in {folder}. Train them with `mwe words train --corpus CORPUS --out {folder}`, or "
                f"import published ones with `mwe words import FILE --out {folder}`."
            )
        remedy = "Train or import the word vectors again."
        listed = read_json(folder / VOCABULARY)
        vectors = read_array(folder / "vectors.npy", remedy, mapped=True)
        with expecting(folder / VOCABULARY, "cannot be used with vectors.npy", remedy):
            if vectors.dtype not in STORED or not set(listed["kinds"]) <= set(get_args(Kind)):
                raise TypeError(f"vectors are {vectors.dtype}, or a kind is unknown")
            return cls([_text(token) for token in listed["tokens"]], vectors, listed["kinds"], dict(listed["made"]))

    def of_tags(self, tags: Sequence[str]) -> Lookup:
        """Look up vectors of tags: that of the tag's token, else the mean over its known words.

        Examples:
            >>> kinds = ["word", "word", "tag"]
            >>> words = WordVectors(["deep", "house", "deep_house"], np.eye(3, dtype=np.float32), kinds)
            >>> lookup = words.of_tags(["Deep House", "deep calm", "loud"])  # a token; a known word; nothing
            >>> lookup.vectors.tolist(), lookup.known.tolist()
            ([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [True, True, False])
        """
        return self._lookup([[tag_token(tag)] if tag_token(tag) in self else tag_words(tag) for tag in tags])

    def of_artists(self, artist_ids: Sequence[str]) -> Lookup:
        """Look up vectors of artist IDs."""
        return self._of_tokens(map(artist_token, artist_ids))

    def of_tracks(self, track_ids: Sequence[str]) -> Lookup:
        """Look up vectors of track IDs."""
        return self._of_tokens(map(track_token, track_ids))

    def of_query(self, text: str) -> Query:
        """Average the vectors of a text's known words, stop words included (section VII-B, Table X).

        Raises:
            UnknownNameError: None of the words is known.

        Examples:
            >>> words = WordVectors(["deep", "house"], np.eye(2, dtype=np.float32))
            >>> words.of_query("deep house in miami")
            Query(vector=array([0.5, 0.5], dtype=float32), known=('deep', 'house'), unknown=('in', 'miami'))
        """
        words = text_tokens(text)
        known = tuple(word for word in words if word in self)
        if not known:
            raise UnknownNameError("query", text, self.tokens)
        return Query(self._lookup([known]).vectors[0], known, tuple(word for word in words if word not in self))

    def nearest(
        self, vectors_QD: np.ndarray, k: int = 10, kind: Kind | None = None, leave_out: Sequence[str] = ()
    ) -> list[list[Neighbour]]:
        """Find the tokens most similar to each of several vectors, by cosine, best first.

        Vectors are read from disk in blocks, so memory does not grow with the vocabulary.

        Args:
            vectors_QD: Queries, float32 (Q, dimensions).
            k: Results per query; fewer if there are not enough tokens.
            kind: Kind of token to search; by default all.
            leave_out: Tokens to leave out, such as the query itself.

        Examples:
            >>> vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
            >>> words = WordVectors(["calm", "piano", "drums"], vectors)
            >>> [neighbour.token for neighbour in words.nearest(words["calm"][None], k=2, leave_out=["calm"])[0]]
            ['piano', 'drums']
        """
        among = np.arange(len(self)) if kind is None else np.flatnonzero(np.array(self.kinds) == kind)
        among = np.setdiff1d(among, [self._row[token] for token in leave_out if token in self._row])
        if self._norms is None:
            self._norms = norms_of(self.vectors)
        rows_QK, similarity_QK = nearest_rows(vectors_QD, self.vectors, self._norms, among, k)
        return [
            [Neighbour(self.tokens[row], self.kinds[row], value) for row, value in zip(rows, values, strict=True)]
            for rows, values in zip(rows_QK.tolist(), similarity_QK.tolist(), strict=True)
        ]

    def _of_tokens(self, tokens: Iterable[str]) -> Lookup:
        """Look up tokens as they are, in blocks, so that the vectors are never held in memory twice."""
        row_N = np.fromiter((self._row.get(token, -1) for token in tokens), dtype=np.int64)
        known_N = row_N >= 0
        vectors = np.zeros((len(row_N), self.dim), dtype=np.float32)
        known_rows = np.flatnonzero(known_N)
        for start in range(0, len(known_rows), BLOCK):
            part = known_rows[start : start + BLOCK]
            vectors[part] = self.vectors[row_N[part]]
            _give_back(self.vectors)
        return Lookup(vectors, known_N)

    def _lookup(self, spelt: Sequence[Sequence[str]]) -> Lookup:
        rows = [[self._row[token] for token in tokens if token in self._row] for tokens in spelt]
        known = np.array([bool(token_rows) for token_rows in rows], dtype=bool)
        vectors = np.zeros((len(rows), self.dim), dtype=np.float32)
        single = np.array([len(token_rows) == 1 for token_rows in rows], dtype=bool)
        vectors[single] = self.vectors[[token_rows[0] for token_rows in rows if len(token_rows) == 1]]
        for row in np.flatnonzero(known & ~single):
            vectors[row] = np.mean(self.vectors[rows[row]], axis=0, dtype=np.float32)
        return Lookup(vectors, known)


def _give_back(array: np.ndarray) -> None:
    """Release the pages read from a memory-mapped file, which would otherwise count as memory of this process."""
    if isinstance(array.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.base.madvise(mmap.MADV_DONTNEED)


def _text(token: Any) -> str:
    if not isinstance(token, str):
        raise TypeError(f"the token {token!r} is not text")
    return token


def saved_before(folder: Path) -> WordVectors | None:
    """Load the word vectors of a folder; None if there are none or they are damaged."""
    try:
        return WordVectors.load(folder)
    except (MissingDataError, BadFileError):
        return None


def write_vocabulary(folder: Path, tokens: Sequence[str], kinds: Sequence[str], made: dict[str, Any]) -> None:
    """Write ``vocabulary.json`` without line breaks, which encodes millions of tokens in seconds."""
    text = json.dumps({"kinds": list(kinds), "made": made, "tokens": list(tokens)}, ensure_ascii=False)
    write_text(folder / VOCABULARY, text + "\n")
