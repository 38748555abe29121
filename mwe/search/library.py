"""A library of tracks: search by words, tags, artists, tracks and audio, and tagging of audio files.

Shape suffixes: N tracks, D dimensions, T tags, K answers.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mwe.audio.file_tags import FileTags
from mwe.audio.verdict import condition_in
from mwe.search.ann import ApproximateSearch
from mwe.search.answers import Answer, Hit, Tagged, TagScore
from mwe.search.asked import Asked, ask
from mwe.search.exact import ExactSearch, Search
from mwe.search.filters import Filters, allowed_tracks
from mwe.search.grammar import Term
from mwe.search.store import LibraryStore
from mwe.search.tag_table import TagTable
from mwe.words import WordVectors

WIDER = 4  # factor of answers to request when the limit per artist leaves too few


class Library:
    """Tracks in one embedding space, as ``mwe index`` writes them.

    Args:
        root: Folder of the library.
        approximate: Whether to use the approximate index made by ``mwe library ann``.

    Raises:
        MissingDataError: The folder is not a library.
        StaleArtefactError: Another version wrote it.
        BadFileError: One of its files is damaged.

    Examples:
        >>> from mwe import Library
        >>> library = Library.open("outputs/library")  # three tracks, as `mwe index` would write them
        >>> len(library), library.dim
        (3, 2)
        >>> [hit.track_id for hit in library.search("calm - drums", k=2).hits]
        ['lullaby', 'sonata']
    """

    def __init__(self, root: str | Path, approximate: bool = False) -> None:
        self.store = LibraryStore(root)
        self.search_method: Search = (
            ApproximateSearch.open(self.root, self.store.declared) if approximate else ExactSearch(self.matrix_ND)
        )

    @classmethod
    def open(cls, root: str | Path, approximate: bool = False) -> "Library":
        """Open the library in a folder; see the class."""
        return cls(root, approximate)

    def __len__(self) -> int:
        return len(self.store)

    @property
    def root(self) -> Path:
        """Folder of the library."""
        return self.store.root

    @property
    def space(self) -> str:
        """Name of the embedding space."""
        return self.store.space

    @property
    def dim(self) -> int:
        """Dimensions of the space."""
        return self.store.dim

    @property
    def matrix_ND(self) -> np.ndarray:
        """Unit vectors of the tracks, memory-mapped."""
        return self.store.matrix_ND

    @property
    def tracks(self) -> pa.Table:
        """IDs, artists, files and tags of all tracks, read on every access."""
        return self.store.tracks

    @property
    def tags(self) -> TagTable:
        """Tags of the model and of the tracks."""
        return self.store.tags

    @property
    def prototypes(self) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors of the tags, (T, D), and which tags have one, (T,)."""
        return self.store.prototypes

    @property
    def words(self) -> WordVectors:
        """Words, tags, artists and tracks of queries; their vectors are in the joint space."""
        return self.store.words

    def row(self, row: int) -> dict[str, Any]:
        """Return ID, artist, file and tag names of one track."""
        return self.store.row(row)

    def hit(self, row: int, score: float | None = None) -> Hit:
        """Return one track as in an answer, with the tags in its file."""
        track = self.row(row)
        tags = tuple(track["tags"])
        return Hit(track["track_id"], track["artist_id"], track["path"], score, tags, self.store.file_tags(row))

    def vectors(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the unit vectors of some tracks, (R, D) float32.

        Raises:
            BadFileError: A vector is not of length 1, so the file is damaged.
        """
        return self.store.vectors(rows)

    def row_of(self, track_id: str) -> int | None:
        """Return the row of a track, by its ID or else by a unique file name; None if there is none."""
        return self.store.row_of(track_id)

    def allowed(self, filters: Filters) -> np.ndarray | None:
        """Return which tracks pass the filters, boolean (N,); None if all do.

        Raises:
            UnknownNameError: A tag or artist to filter by is not in the library.
        """
        return allowed_tracks(self.store, filters)

    def search(
        self,
        query: str | Sequence[Term],
        k: int = 10,
        filters: Filters = Filters(),  # noqa: B008 - frozen
        per_artist: int | None = None,
        context: Sequence[str] = (),
    ) -> Answer:
        """Return the tracks nearest to a query.

        Args:
            query: A query in the syntax of ``mwe.search.grammar``, or its terms.
            k: Maximum number of tracks.
            filters: Which tracks may be answers.
            per_artist: Maximum number of tracks of one artist; unknown artists do not count.
            context: Other tags, as context of the words and tags of the query: `guitar` among `acoustic` and `folk`.
                The library's model must have been trained on tags in context.

        Raises:
            QueryError: The query is malformed.
            UnknownNameError: A word, tag, artist or track is not known.
            BadFileError: An audio file cannot be used.
            MissingDataError: There are conditions on tags in files, and the library has none.

        Examples:
            >>> from mwe import Library
            >>> answer = Library.open("outputs/library").search("2*calm + piano", k=2, per_artist=1)
            >>> answer.terms
            ((2.0, 'calm'), (1.0, 'piano'))
            >>> [(hit.track_id, hit.artist_id, round(hit.score, 2)) for hit in answer.hits]
            [('lullaby', 'nina', 0.98), ('march', 'gene', 0.21)]
        """
        return self.answer(ask(self.store, query, filters, context), k, per_artist)

    def answer(self, asked: Asked, k: int = 10, per_artist: int | None = None) -> Answer:
        """Return the tracks nearest to a query that is understood already; see ``search``."""
        if asked.vector_D is None:
            rows, scores = self._listed(k, asked.allowed_N, per_artist)
        else:
            rows, scores = self._ranked(asked.vector_D, k, asked.allowed_N, per_artist)
        hits = tuple(self.hit(row, score) for row, score in zip(rows, scores, strict=True))
        return Answer(asked.understood, asked.notes, hits, asked.approximated, asked.conditions)

    def tag_files(self, paths: Sequence[Path], k: int = 5, thorough: bool = False) -> list[Tagged]:
        """Return the best tags of audio files in every group.

        Args:
            paths: Files.
            k: Maximum number of tags per group.
            thorough: Whether to decode whole files instead of only the packets of their excerpts.

        Raises:
            StaleArtefactError: The model has been trained again since the library was made.
            MissingDataError: The model's run folder is missing.
        """
        from mwe.search.embed import embed_files  # see LibraryStore.trained

        tagged = []
        outcomes = embed_files(self.store.trained, paths, thorough)
        for path, (row, _, embedding_D, metadata) in zip(paths, outcomes, strict=True):
            usable = embedding_D is not None
            scores = () if embedding_D is None else tuple(self.tags_of_vector(embedding_D, k))
            status = condition_in(row.detail) if usable else row.status
            tagged.append(Tagged(str(path), status, row.detail, scores, metadata.tags or FileTags(), usable))
        return tagged

    def tags_of_vector(self, vector_D: np.ndarray, k: int = 5) -> list[TagScore]:
        """Return the best tags of a track's unit vector: at most ``k`` of each group, with groups sorted by name.

        Examples:
            >>> from mwe import Library
            >>> library = Library.open("outputs/library")
            >>> [(score.tag, round(score.cosine, 2)) for score in library.tags_of_vector(library.vectors([1])[0], k=2)]
            [('piano', 0.96), ('drums', 0.8)]
        """
        table, (prototype_TD, known_T) = self.tags, self.prototypes
        cosine_T = prototype_TD @ vector_D
        probability_T = table.probabilities(cosine_T[None])[0]
        scores = [
            TagScore(
                table.tags[tag],
                table.groups[tag],
                float(cosine_T[tag]),
                None if math.isnan(probability_T[tag]) else float(probability_T[tag]),
                table.seen[tag],
                table.calibrated_on[tag],
            )
            for tag in np.flatnonzero(known_T)
        ]
        best = []
        for group in sorted({score.group for score in scores}):
            in_group = [score for score in scores if score.group == group]
            best += sorted(in_group, key=lambda score: (-score.score, score.tag))[:k]
        return best

    def _listed(
        self, k: int, allowed_N: np.ndarray | None, per_artist: int | None
    ) -> tuple[list[int], Sequence[float | None]]:
        """Return the first rows that may be answers, in the order of the library, without scores."""
        rows_N = np.arange(len(self)) if allowed_N is None else np.flatnonzero(allowed_N)
        rows = rows_N[self._diverse(rows_N, per_artist)[:k]].tolist()
        return rows, [None] * len(rows)

    def _ranked(
        self, vector_D: np.ndarray, k: int, allowed_N: np.ndarray | None, per_artist: int | None
    ) -> tuple[list[int], Sequence[float | None]]:
        """Return rows and scores; request more answers while the limit per artist leaves too few."""
        possible = len(self) if allowed_N is None else int(allowed_N.sum())
        if not possible or not vector_D.any():
            return [], []
        requested = min(k, possible)
        while True:
            nearest = self.search_method.nearest(vector_D[None], requested, allowed_N)
            ranks = self._diverse(nearest.rows_QK[0], per_artist)[:k]
            if len(ranks) == k or requested >= possible:
                rows_K: np.ndarray = nearest.rows_QK[0][ranks]
                self.store.vectors(rows_K)  # checks the rows, since a damaged row can rank high
                return rows_K.tolist(), nearest.scores_QK[0][ranks].tolist()
            requested = min(WIDER * requested, possible)

    def _diverse(self, rows_K: np.ndarray, per_artist: int | None) -> list[int]:
        """Return the ranks that remain with the limit of tracks per artist."""
        ranks = [rank for rank, row in enumerate(rows_K.tolist()) if row >= 0]
        if per_artist is None:
            return ranks
        counts: dict[str, int] = {}
        remaining = []
        for rank in ranks:
            artist = self.store.artists[int(rows_K[rank])].as_py()
            counts[artist] = counts.get(artist, 0) + 1
            if not artist or counts[artist] <= per_artist:
                remaining.append(rank)
        return remaining
