"""What every collection is read into: a binary documents × tags matrix with names.

Shape suffixes: D documents, T tags.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


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
        if not self.matrix_DT.any(axis=1).all():
            empty = self.ids[int(np.argmin(self.matrix_DT.any(axis=1)))]
            raise ValueError(f"{self.name}: document {empty!r} has no tag; leave it out")

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.ids)

    def __str__(self) -> str:
        """Sizes in one line, and what was left out."""
        left_out = "".join(f"; left out: {count:,} {reason}" for reason, count in self.skipped.items())
        per_document = self.matrix_DT.sum() / max(1, len(self))
        return f"{self.name}: {len(self):,} documents, {len(self.tags):,} tags, {per_document:.2f} a document{left_out}"

    def subset(self, rows: Sequence[int] | NDArray[np.int64]) -> "TagDocuments":
        """The documents of ``rows``, in that order, with the whole tag vocabulary and without an official split."""
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
