"""What every collection is read into: a binary documents × tags matrix with names.

Shape suffixes: D documents, T tags.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class OOVDocuments:
    """Documents set aside with the tags that are out of vocabulary (OOV), all of whose documents are here.

    Shape suffixes: U tags out of the vocabulary.

    Args:
        ids: D document ids.
        tags: U tag names.
        known_DT: Boolean; the tags of the vocabulary that each document has, at least one.
        unseen_DU: Boolean; the OOV tags that each document has, at least one.

    Raises:
        ValueError: Shapes do not fit, or a document has no tag of one of the two kinds.
    """

    ids: tuple[str, ...]
    tags: tuple[str, ...]
    known_DT: NDArray[np.bool_]
    unseen_DU: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check shapes and that every document has a query and something to find."""
        if self.unseen_DU.shape != (len(self.ids), len(self.tags)) or len(self.known_DT) != len(self.ids):
            shapes = f"{self.known_DT.shape} and {self.unseen_DU.shape}"
            raise ValueError(f"{len(self.ids)} ids, {len(self.tags)} tags out of vocabulary, matrices {shapes}")
        if not (self.known_DT.any(axis=1) & self.unseen_DU.any(axis=1)).all():
            raise ValueError("a document set aside has no tag of the vocabulary, or none out of it; leave it out")

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.ids)

    @property
    def counts_UT(self) -> NDArray[np.int64]:
        """Number of documents that an OOV tag shares with each tag of the vocabulary, U × T."""
        return self.unseen_DU.T.astype(np.int64) @ self.known_DT.astype(np.int64)


@dataclass(frozen=True, eq=False)
class TagDocuments:
    """A collection of tag documents.

    Args:
        name: Name of the collection, as tables print it.
        ids: D document ids.
        tags: T tag names.
        matrix_DT: Boolean; True where the tag is in the document.
        skipped: Reason to number of documents that the reader left out.
        artists: Artist of each document; empty where the collection does not tell.
        parts: Rows of each part of an official split; empty where there is none.
        oov: Documents set aside with tags that are not in the vocabulary; none if not given.

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

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.ids)

    def __str__(self) -> str:
        """Sizes in one line, and what was left out."""
        left_out = "".join(f"; left out: {count:,} {reason}" for reason, count in self.skipped.items())
        mean = self.matrix_DT.sum() / max(1, len(self))
        sizes = f"{self.name}: {len(self):,} documents, {len(self.tags):,} tags, {mean:.2f} a document{left_out}"
        if self.oov is None:
            return sizes
        return f"{sizes}; set aside: {len(self.oov):,} documents with {len(self.oov.tags)} tags out of vocabulary"

    def subset(self, rows: Sequence[int] | NDArray[np.int64]) -> "TagDocuments":
        """The documents of ``rows``, in that order, with the whole tag vocabulary.

        Neither an official split nor documents set aside are handed on.
        """
        picked = np.asarray(rows, dtype=np.int64)
        ids = tuple(self.ids[row] for row in picked)
        artists = tuple(self.artists[row] for row in picked) if self.artists else ()
        return TagDocuments(self.name, ids, self.tags, self.matrix_DT[picked], artists=artists)

    def with_at_least(self, n_tags: int) -> "TagDocuments":
        """The documents with ``n_tags`` tags or more; the others are counted under ``skipped``."""
        enough_D = self.matrix_DT.sum(axis=1) >= n_tags
        place_D = np.cumsum(enough_D) - 1
        left_out = int((~enough_D).sum())
        return replace(
            self.subset(np.flatnonzero(enough_D)),
            skipped={**self.skipped, **({f"with fewer than {n_tags} tags": left_out} if left_out else {})},
            parts={name: place_D[rows[enough_D[rows]]] for name, rows in self.parts.items()},
        )


def from_tag_lists(name: str, tags_of: Mapping[str, Iterable[str]], drop_tags: Sequence[str] = ()) -> TagDocuments:
    """Build tag documents from document id to tags; documents left without a tag are skipped and counted.

    Args:
        name: Name of the collection.
        tags_of: Document id to its tags, each counted once.
        drop_tags: Prefixes of tags to leave out.
    """
    kept = {
        document: {tag for tag in tags if not tag.startswith(tuple(drop_tags))} for document, tags in tags_of.items()
    }
    ids = [document for document, tags in kept.items() if tags]
    vocabulary = sorted(set().union(*kept.values())) if kept else []
    column = {tag: place for place, tag in enumerate(vocabulary)}
    matrix_DT = np.zeros((len(ids), len(vocabulary)), dtype=np.bool_)
    for row, document in enumerate(ids):
        matrix_DT[row, [column[tag] for tag in kept[document]]] = True
    empty = len(kept) - len(ids)
    return TagDocuments(name, tuple(ids), tuple(vocabulary), matrix_DT, {"without tags": empty} if empty else {})


class Collection(ABC):
    """Where tag documents come from; a configuration names one by class path."""

    @abstractmethod
    def read(self) -> TagDocuments:
        """Read the whole collection."""
