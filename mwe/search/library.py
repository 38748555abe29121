"""A library of tracks, searched by words, tags, artists, tracks and audio; and the tags of audio files.

Shape suffixes: N tracks, D dimensions, T tags, K answers.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mwe.search.answers import Answer, Hit, Tagged, TagScore
from mwe.search.grammar import Term, parse_query
from mwe.search.reading import combined, meaning
from mwe.search.stored import Filters, Stored

WIDER = 4  # how much further down the ranking is looked when artists have used up their places


class Library(Stored):
    """Tracks in one embedding space, as ``mwe index`` writes them.

    Args:
        root: Folder of the library.
        approximate: Whether to search by the approximate index that ``mwe index-ann`` made.

    Raises:
        MissingDataError: The folder is no library.
        StaleArtefactError: Another version wrote it.
        BadFileError: One of its files is damaged.
    """

    @classmethod
    def open(cls, root: str | Path, approximate: bool = False) -> "Library":
        """The library in a folder; see the class."""
        return cls(root, approximate)

    def search(
        self,
        query: str | Sequence[Term],
        k: int = 10,
        filters: Filters = Filters(),  # noqa: B008 - frozen
        per_artist: int | None = None,
        context: Sequence[str] = (),
    ) -> Answer:
        """The tracks nearest to a query.

        Args:
            query: A query as ``mwe.search.grammar`` describes it, or its terms.
            k: At most so many tracks.
            filters: Which tracks may be answers.
            per_artist: At most so many tracks of one artist; those of unknown artists are not counted.
            context: Other tags, in whose company the words and tags of the query are meant: `guitar` among `acoustic`
                and `folk`. The library's model must have learnt from tags in context.

        Raises:
            QueryError: The query cannot be read.
            UnknownNameError: A word, tag, artist or track is not known.
            BadFileError: An audio file cannot be used.
        """
        terms = parse_query(query) if isinstance(query, str) else list(query)
        meanings = [meaning(self, term, context) for term in terms]
        allowed_N = self.allowed(filters)
        own = [row for one in meanings for row in one.rows]
        if own:
            allowed_N = np.ones(len(self), dtype=bool) if allowed_N is None else allowed_N
            allowed_N[own] = False
        rows, scores = self._ranked(combined(self, terms, meanings), k, allowed_N, per_artist)
        return Answer(
            tuple((term.weight, one.understood) for term, one in zip(terms, meanings, strict=True)),
            tuple(note for one in meanings for note in one.notes),
            tuple(self._hit(row, score) for row, score in zip(rows, scores, strict=True)),
        )

    def tag_files(self, paths: Sequence[Path], k: int = 5) -> list[Tagged]:
        """The best tags of audio files in every group.

        Args:
            paths: Files.
            k: At most so many tags a group.

        Raises:
            StaleArtefactError: The model has been trained anew since the library was made.
            MissingDataError: The model's run folder is gone.
        """
        from mwe.search.embed import embed_files  # see Stored.trained

        tagged = []
        for path, (row, _, embedding_D) in zip(paths, embed_files(self.trained, paths), strict=True):
            scores = () if embedding_D is None else tuple(self.tags_of_vector(embedding_D, k))
            tagged.append(Tagged(str(path), row.status, row.detail, scores))
        return tagged

    def tags_of_vector(self, vector_D: np.ndarray, k: int = 5) -> list[TagScore]:
        """The best tags of a track's unit vector: at most ``k`` of each group, groups in order of their names."""
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
        for group in sorted({one.group for one in scores}):
            own = sorted((one for one in scores if one.group == group), key=lambda one: (-one.score, one.tag))
            best += own[:k]
        return best

    def _ranked(
        self, vector_D: np.ndarray, k: int, allowed_N: np.ndarray | None, per_artist: int | None
    ) -> tuple[list[int], list[float]]:
        """Rows and scores, looking further down while artists have used up their places."""
        possible = len(self) if allowed_N is None else int(allowed_N.sum())
        if not possible or not vector_D.any():
            return [], []
        wanted = min(k, possible)
        while True:
            found = self.search_method.nearest(vector_D[None], wanted, allowed_N)
            kept = self._diverse(found.rows_QK[0], per_artist)[:k]
            if len(kept) == k or wanted >= possible:
                rows_K: np.ndarray = found.rows_QK[0][kept]
                self.vectors(rows_K)  # a damaged row can come out far up
                return rows_K.tolist(), found.scores_QK[0][kept].tolist()
            wanted = min(WIDER * wanted, possible)

    def _diverse(self, rows_K: np.ndarray, per_artist: int | None) -> list[int]:
        """Places in a ranking that stay when artists have at most so many."""
        places = [place for place, row in enumerate(rows_K.tolist()) if row >= 0]
        if per_artist is None:
            return places
        counts: dict[str, int] = {}
        kept = []
        for place in places:
            artist = self.artists[int(rows_K[place])].as_py()
            counts[artist] = counts.get(artist, 0) + 1
            if not artist or counts[artist] <= per_artist:
                kept.append(place)
        return kept

    def _hit(self, row: int, score: float) -> Hit:
        found = self.row(row)
        return Hit(found["track_id"], found["artist_id"], found["path"], score, tuple(found["tags"]))
