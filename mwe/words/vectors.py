"""Word vectors on disk and in memory: NumPy and JSON, memory-mapped, no pickle.

A folder holds ``vectors.npy`` (float32, one row a token) and ``vocabulary.json`` (tokens, their kinds, how made).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.core.files import atomic_write, read_json, write_json
from mwe.corpora.tokens import artist_token, tag_token, text_tokens, track_token


class Lookup(NamedTuple):
    """Vectors of several names.

    Args:
        vectors: float32 (names, dimensions); zero where unknown.
        known: Whether each name has a vector.
    """

    vectors: np.ndarray
    known: np.ndarray


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
        if len(self._row) != len(self.tokens):
            raise ValueError("a token stands in the vocabulary more than once")

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
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocabulary.json").unlink(missing_ok=True)
        with atomic_write(folder / "vectors.npy") as temporary:
            np.save(temporary, np.asarray(self.vectors, dtype=np.float32), allow_pickle=False)
        write_json(folder / "vocabulary.json", {"tokens": self.tokens, "kinds": self.kinds, "made": self.made})
        return folder

    @classmethod
    def load(cls, folder: str | Path) -> "WordVectors":
        """Read a folder; the vectors stay on disk until used.

        Raises:
            MissingDataError: There are no vectors in the folder.
            BadFileError: The files are damaged or do not fit each other.
        """
        folder = Path(folder)
        if not (folder / "vocabulary.json").is_file():
            raise MissingDataError(f"no word vectors in {folder}. Train them with `mwe words train --out {folder}`.")
        remedy = "Train or import the word vectors anew."
        listed = read_json(folder / "vocabulary.json")
        try:
            vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
            return cls(listed["tokens"], vectors, listed["kinds"], listed["made"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadFileError(folder / "vectors.npy", f"cannot be used ({error})", remedy) from error

    def of_tags(self, tags: Sequence[str]) -> Lookup:
        """Vectors of tags: the tag's own token, else the mean of those of its words that are known."""
        return self._lookup([[tag_token(tag)] if tag_token(tag) in self else text_tokens(tag) for tag in tags])

    def of_artists(self, artist_ids: Sequence[str]) -> Lookup:
        """Vectors of artist IDs."""
        return self._lookup([[artist_token(artist)] for artist in artist_ids])

    def of_tracks(self, track_ids: Sequence[str]) -> Lookup:
        """Vectors of track IDs."""
        return self._lookup([[track_token(track)] for track in track_ids])

    def _lookup(self, spelt: Sequence[Sequence[str]]) -> Lookup:
        rows = [[self._row[token] for token in tokens if token in self._row] for tokens in spelt]
        known = np.array([bool(own) for own in rows], dtype=bool)
        vectors = np.zeros((len(rows), self.dim), dtype=np.float32)
        single = np.array([len(own) == 1 for own in rows], dtype=bool)
        vectors[single] = self.vectors[[own[0] for own in rows if len(own) == 1]]
        for place in np.flatnonzero(known & ~single):
            vectors[place] = np.mean(self.vectors[rows[place]], axis=0)
        return Lookup(vectors, known)
