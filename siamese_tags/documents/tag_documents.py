"""Tag documents: a binary documents × tags matrix with names, the view of a collection in the Siamese paper.

Shape suffixes: D documents, T tags.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from mwe.core.split_rows import SplitRows, Train, to_train
from mwe.tracks import TrackTags


@dataclass(frozen=True, eq=False)
class OOVDocuments:
    """Documents set aside with out-of-vocabulary (OOV) tags. All documents of these tags are here.

    Shape suffixes: U OOV tags.

    Args:
        ids: D document IDs.
        tags: U tag names.
        known_DT: Boolean; the tags of the vocabulary that each document has, at least one.
        unseen_DU: Boolean; the OOV tags that each document has, at least one.

    Raises:
        ValueError: Shapes do not fit, or a document lacks a tag of one of the two kinds.
    """

    ids: tuple[str, ...]
    tags: tuple[str, ...]
    known_DT: NDArray[np.bool_]
    unseen_DU: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check shapes, and that every document has a query and a related tag."""
        if self.unseen_DU.shape != (len(self.ids), len(self.tags)) or len(self.known_DT) != len(self.ids):
            shapes = f"{self.known_DT.shape} and {self.unseen_DU.shape}"
            raise ValueError(f"{len(self.ids)} ids, {len(self.tags)} tags out of vocabulary, matrices {shapes}")
        if not (self.known_DT.any(axis=1) & self.unseen_DU.any(axis=1)).all():
            raise ValueError("a document set aside has no known tag or no OOV tag. Leave it out")

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.ids)

    @property
    def counts_UT(self) -> NDArray[np.int64]:
        """Number of documents that each OOV tag shares with each tag of the vocabulary, U × T."""
        return self.unseen_DU.T.astype(np.int64) @ self.known_DT.astype(np.int64)


@dataclass(frozen=True, eq=False)
class TagDocuments:
    """A collection of tag documents.

    Args:
        name: Name of the collection in tables.
        ids: D document IDs.
        tags: T tag names.
        matrix_DT: Boolean; whether each document has each tag.
        skipped: Number of documents that the reader left out, by reason.
        artists: Artist of each document; empty if unknown.
        parts: Rows of ``train``, ``valid`` and ``test`` of an official split; empty without one.
        oov: Documents set aside with OOV tags; by default none.

    Raises:
        ValueError: Shapes do not fit, a name occurs twice, or a document has no tag.
    """

    name: str
    ids: tuple[str, ...]
    tags: tuple[str, ...]
    matrix_DT: NDArray[np.bool_]
    skipped: Mapping[str, int] = field(default_factory=dict)
    artists: tuple[str, ...] = ()
    parts: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    oov: OOVDocuments | None = None

    def __post_init__(self) -> None:
        """Check shapes and names."""
        if self.matrix_DT.shape != (len(self.ids), len(self.tags)):
            raise ValueError(f"{self.name}: {len(self.ids)} ids, {len(self.tags)} tags, matrix {self.matrix_DT.shape}")
        if self.artists and len(self.artists) != len(self.ids):
            raise ValueError(f"{self.name}: {len(self.ids)} ids, {len(self.artists)} artists")
        for kind, names in (("document", self.ids), ("tag", self.tags)):
            if len(set(names)) != len(names):
                twice = sorted({name for name in names if names.count(name) > 1})
                raise ValueError(f"{self.name}: {kind} {twice[0]!r} occurs more than once")
        if self.oov is not None and self.oov.known_DT.shape[1] != len(self.tags):
            raise ValueError(f"{self.name}: {len(self.tags)} tags, but documents set aside {self.oov.known_DT.shape}")
        if not self.matrix_DT.any(axis=1).all():
            empty = self.ids[int(np.argmin(self.matrix_DT.any(axis=1)))]
            raise ValueError(f"{self.name}: document {empty!r} has no tag; leave it out")

    @classmethod
    def of(cls, tracks: TrackTags, name: str | None = None) -> "TagDocuments":
        """Return the tracks as documents, in order, without tracks that have no tag and tags that have no track.

        The splits are an official split if there are tracks for validation or test.

        Args:
            tracks: Tracks from a reader of ``mwe.tracks``.
            name: Name of the collection; by default that of the tracks.

        Examples:
            >>> from mwe.tracks import tracks_of
            >>> documents = TagDocuments.of(tracks_of("mine", {"a": ["rock", "calm"], "b": ["rock"]}))
            >>> documents.tags
            ('calm', 'rock')
            >>> documents.matrix_DT.astype(int)
            array([[1, 1],
                   [0, 1]])
        """
        matrix_DT = tracks.matrix.toarray()
        tagged_D, used_T = np.atleast_1d(matrix_DT.any(axis=1)), np.atleast_1d(matrix_DT.any(axis=0))
        row_D = np.cumsum(tagged_D) - 1
        parts = {part: row_D[rows[tagged_D[rows]]] for part, rows in tracks.splits.items() if len(rows)}
        left_out = {"tracks without a tag": int((~tagged_D).sum())} if not tagged_D.all() else {}
        artists = tuple(compress(tracks.artist_ids, tagged_D))
        return cls(
            name=name or tracks.name,
            ids=tuple(compress(tracks.track_ids, tagged_D)),
            tags=tuple(compress(tracks.tags, used_T)),
            matrix_DT=matrix_DT[np.ix_(tagged_D, used_T)],
            skipped={**tracks.skipped, **left_out},
            artists=artists if any(artists) else (),
            parts=parts if parts.keys() - {"train"} else {},
        )

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.ids)

    def __str__(self) -> str:
        """Return sizes, and counts of what was left out, in one line."""
        left_out = "".join(f"; left out: {count:,} {reason}" for reason, count in self.skipped.items())
        mean = self.matrix_DT.sum() / max(1, len(self))
        sizes = f"{self.name}: {len(self):,} documents, {len(self.tags):,} tags, {mean:.2f} a document{left_out}"
        if self.oov is None:
            return sizes
        return f"{sizes}; set aside: {len(self.oov):,} documents with {len(self.oov.tags)} tags out of vocabulary"

    def to_learn(self, rows: SplitRows[Train]) -> "TagDocuments":
        """Return the documents that a model may learn from.

        Raises:
            WrongSplitError: The rows are not those of training documents.
        """
        return self.subset(to_train(rows))

    def subset(self, rows: Sequence[int] | NDArray[np.int64]) -> "TagDocuments":
        """Return the documents of ``rows``, in that order, with the whole tag vocabulary.

        The result has no official split and no documents set aside.
        """
        picked = np.asarray(rows, dtype=np.int64)
        ids = tuple(self.ids[row] for row in picked)
        artists = tuple(self.artists[row] for row in picked) if self.artists else ()
        return TagDocuments(self.name, ids, self.tags, self.matrix_DT[picked], artists=artists)

    def with_at_least(self, n_tags: int) -> "TagDocuments":
        """Return the documents with at least ``n_tags`` tags; the others are counted under ``skipped``.

        Examples:
            >>> from mwe.tracks import tracks_of
            >>> documents = TagDocuments.of(tracks_of("mine", {"a": ["rock", "calm"], "b": ["rock"]}))
            >>> print(documents.with_at_least(2))
            mine: 1 documents, 2 tags, 2.00 a document; left out: 1 with fewer than 2 tags
        """
        enough_D = self.matrix_DT.sum(axis=1) >= n_tags
        row_D = np.cumsum(enough_D) - 1
        left_out = int((~enough_D).sum())
        return replace(
            self.subset(np.flatnonzero(enough_D)),
            skipped={**self.skipped, **({f"with fewer than {n_tags} tags": left_out} if left_out else {})},
            parts={name: row_D[rows[enough_D[rows]]] for name, rows in self.parts.items()},
        )
