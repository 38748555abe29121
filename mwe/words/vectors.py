"""Word vectors on disk and in memory: NumPy and JSON, memory-mapped, no pickle.

A folder holds ``vectors.npy`` (float32, one row a token) and ``vocabulary.json`` (tokens, their kinds, how made).
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
from mwe.corpora.tokens import artist_token, tag_token, tag_words, text_tokens, track_token
from mwe.words.nearest import nearest_rows, norms_of

Kind = Literal["word", "tag", "artist", "track"]
BLOCK = 16_384  # vectors copied at once
VOCABULARY, NAMES = "vocabulary.json", "names.json"  # names: what imported artists and tracks are called


class Lookup(NamedTuple):
    """Vectors of several names.

    Args:
        vectors: float32 (names, dimensions); zero where unknown.
        known: Whether each name has a vector.
    """

    vectors: np.ndarray
    known: np.ndarray


class Neighbour(NamedTuple):
    """A token near a query.

    Args:
        token: The token.
        kind: ``word``, ``tag``, ``artist`` or ``track``.
        similarity: Cosine, -1 to 1.
    """

    token: str
    kind: str
    similarity: float


class Query(NamedTuple):
    """A query in words.

    Args:
        vector: float32 (dimensions), the mean of the known words.
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
        vectors: float32 (V, dimensions).
        kinds: ``word``, ``tag``, ``artist`` or ``track`` for each token; default all ``word``.
        made: How they were made: settings, corpus, versions.
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
            raise ValueError("a token stands in the vocabulary more than once")
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
        """Vector of a token.

        Raises:
            UnknownNameError: It has none; the nearest spellings are named.
        """
        if token not in self._row:
            raise UnknownNameError("word", token, self.tokens)
        return np.asarray(self.vectors[self._row[token]], dtype=np.float32)

    def save(self, folder: str | Path) -> Path:
        """Write the folder; the vocabulary comes last, so that a folder with one is complete."""
        with written_together(folder, VOCABULARY, [NAMES]) as staging:
            blocks = (self.vectors[at : at + BLOCK] for at in range(0, len(self), BLOCK))
            write_rows(staging / "vectors.npy", np.float32, self.vectors.shape, blocks)
            write_vocabulary(staging, self.tokens, self.kinds, self.made)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> "WordVectors":
        """Read a folder; the vectors stay on disk until used.

        Raises:
            MissingDataError: There are no vectors in the folder.
            BadFileError: The files are damaged or do not fit each other.
        """
        folder = Path(folder)
        if not (folder / VOCABULARY).is_file():
            raise MissingDataError(
                f"no word vectors in {folder}. Train them with `mwe words --corpus CORPUS --out {folder}`, or import "
                f"published ones with `mwe words-import FILE --out {folder}`."
            )
        remedy = "Train or import the word vectors anew."
        listed = read_json(folder / VOCABULARY)
        vectors = read_array(folder / "vectors.npy", remedy, mapped=True)
        with expecting(folder / VOCABULARY, "cannot be used with vectors.npy", remedy):
            if vectors.dtype != np.float32 or not set(listed["kinds"]) <= set(get_args(Kind)):
                raise TypeError(f"vectors are {vectors.dtype}, or a kind is unknown")
            return cls([_text(token) for token in listed["tokens"]], vectors, listed["kinds"], dict(listed["made"]))

    def of_tags(self, tags: Sequence[str]) -> Lookup:
        """Vectors of tags: the tag's own token, else the mean of those of its words that are known."""
        return self._lookup([[tag_token(tag)] if tag_token(tag) in self else tag_words(tag) for tag in tags])

    def of_artists(self, artist_ids: Sequence[str]) -> Lookup:
        """Vectors of artist IDs."""
        return self._of_tokens(map(artist_token, artist_ids))

    def of_tracks(self, track_ids: Sequence[str]) -> Lookup:
        """Vectors of track IDs."""
        return self._of_tokens(map(track_token, track_ids))

    def of_query(self, text: str) -> Query:
        """The mean of the vectors of a text's known words, stop words included (section VII-B, Table X).

        Raises:
            UnknownNameError: None of the words is known.
        """
        words = text_tokens(text)
        known = tuple(word for word in words if word in self)
        if not known:
            raise UnknownNameError("query", text, self.tokens)
        return Query(self._lookup([known]).vectors[0], known, tuple(word for word in words if word not in self))

    def nearest(
        self, vectors_QD: np.ndarray, k: int = 10, kind: Kind | None = None, leave_out: Sequence[str] = ()
    ) -> list[list[Neighbour]]:
        """The tokens most similar to each of several vectors, by cosine; best first.

        Vectors are read from disk in blocks, so that memory grows with neither the vocabulary nor its square.

        Args:
            vectors_QD: Queries, float32 (Q, dimensions).
            k: Tokens a query; fewer where there are not so many.
            kind: Which tokens to look among; by default all.
            leave_out: Tokens that are no answer, such as the query itself.
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
        """Vectors of tokens that stand for themselves; those of hundreds of thousands are never held twice."""
        row_N = np.fromiter((self._row.get(token, -1) for token in tokens), dtype=np.int64)
        known_N = row_N >= 0
        vectors = np.zeros((len(row_N), self.dim), dtype=np.float32)
        places = np.flatnonzero(known_N)
        for start in range(0, len(places), BLOCK):
            part = places[start : start + BLOCK]
            vectors[part] = self.vectors[row_N[part]]
            _give_back(self.vectors)
        return Lookup(vectors, known_N)

    def _lookup(self, spelt: Sequence[Sequence[str]]) -> Lookup:
        rows = [[self._row[token] for token in tokens if token in self._row] for tokens in spelt]
        known = np.array([bool(own) for own in rows], dtype=bool)
        vectors = np.zeros((len(rows), self.dim), dtype=np.float32)
        single = np.array([len(own) == 1 for own in rows], dtype=bool)
        vectors[single] = self.vectors[[own[0] for own in rows if len(own) == 1]]
        for place in np.flatnonzero(known & ~single):
            vectors[place] = np.mean(self.vectors[rows[place]], axis=0)
        return Lookup(vectors, known)


def _give_back(array: np.ndarray) -> None:
    """Let go of what was read of a memory-mapped file, which would count as memory of this process for good."""
    if isinstance(array.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.base.madvise(mmap.MADV_DONTNEED)


def _text(token: Any) -> str:
    if not isinstance(token, str):
        raise TypeError(f"the token {token!r} is no text")
    return token


def saved_before(folder: Path) -> WordVectors | None:
    """The word vectors in a folder; nothing where there are none, or damaged ones."""
    try:
        return WordVectors.load(folder)
    except (MissingDataError, BadFileError):
        return None


def write_vocabulary(folder: Path, tokens: Sequence[str], kinds: Sequence[str], made: dict[str, Any]) -> None:
    """Write ``vocabulary.json``, without line breaks: millions of tokens are encoded in seconds so."""
    told = json.dumps({"kinds": list(kinds), "made": made, "tokens": list(tokens)}, ensure_ascii=False)
    write_text(folder / VOCABULARY, told + "\n")
