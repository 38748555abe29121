"""Reserve tags, with all their documents, as out of vocabulary (Sect. 5.2; supplement, B.2)."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from siamese_tags.documents.collections import Collection
from siamese_tags.documents.tag_documents import OOVDocuments, TagDocuments


class Reserved(Collection):
    r"""A collection that sets aside random tags, and every document that has one of them.

    The documents set aside are the out-of-vocabulary (OOV) test; the other documents and their tags are divided into
    folds. The paper reserves 22 of the 136 tags of MagTag5K and keeps 3,826 of its 5,259 documents. Drawing frequent
    tags would leave too few documents, so the draw can be limited to tags with few documents.

    Args:
        collection: The whole collection.
        n_tags: Number of tags to reserve.
        seed: Seed of the draw, uniform without replacement over the tags that qualify.
        least_documents: Tags of fewer documents do not qualify.
        most_documents: Tags of more documents do not qualify; no limit if not given.
        least_left: Minimum number of documents that must remain.

    Examples:
        >>> from pathlib import Path
        >>> from siamese_tags.documents import TsvDocuments
        >>> lines = ["a\trock", "b\trock", "b\tloud", "c\trock", "d\tloud", "d\tdub", "d\trock"]
        >>> _ = Path("tags.tsv").write_text("\n".join(lines))
        >>> documents = Reserved(TsvDocuments("tags.tsv"), n_tags=1, most_documents=2, least_left=2).read()
        >>> documents.oov.tags, documents.oov.ids
        (('loud',), ('b', 'd'))
        >>> documents.tags, documents.ids  # no other document has *dub*
        (('rock',), ('a', 'c'))
    """

    def __init__(
        self,
        collection: Collection,
        n_tags: int = 22,
        seed: int = 0,
        least_documents: int = 1,
        most_documents: int | None = None,
        least_left: int = 3,
    ) -> None:
        self.collection = collection
        self.n_tags = n_tags
        self.seed = seed
        self.least_documents = least_documents
        self.most_documents = most_documents
        self.least_left = least_left

    def read(self) -> TagDocuments:
        """Read the collection, draw the tags and set their documents aside.

        Documents set aside without a tag of the vocabulary, and tags without a remaining document, are left out and
        counted.

        Raises:
            ValueError: Fewer than ``n_tags`` tags qualify, or fewer than ``least_left`` documents remain.
        """
        collection = self.collection.read()
        drawn_U = self._draw(collection)
        aside_D = np.asarray(collection.matrix_DT[:, drawn_U].any(axis=1))
        if (left := int((~aside_D).sum())) < self.least_left:
            raise ValueError(
                f"{collection.name}: {left} of {len(collection)} documents have none of the {self.n_tags} reserved "
                f"tags, but {self.least_left} must remain. Reserve fewer tags or lower `most_documents`"
            )
        known_T = np.setdiff1d(np.flatnonzero(collection.matrix_DT[~aside_D].any(axis=0)), drawn_U)
        remaining = collection.subset(np.flatnonzero(~aside_D))
        oov = _set_aside(collection, aside_D, known_T, drawn_U)
        counted = {
            "set aside without a known tag": int(aside_D.sum()) - len(oov),
            "tags of reserved documents only": len(collection.tags) - self.n_tags - len(known_T),
        }
        return replace(
            remaining,
            tags=tuple(collection.tags[tag] for tag in known_T),
            # numpy stores a selection of columns column by column, but tensors made from it are read row by row
            matrix_DT=np.ascontiguousarray(remaining.matrix_DT[:, known_T]),
            skipped={**collection.skipped, **{reason: count for reason, count in counted.items() if count}},
            oov=oov,
        )

    def _draw(self, documents: TagDocuments) -> NDArray[np.int64]:
        documents_T = documents.matrix_DT.sum(axis=0)
        max_documents = len(documents) if self.most_documents is None else self.most_documents
        qualified = np.flatnonzero((documents_T >= self.least_documents) & (documents_T <= max_documents))
        if not 1 <= self.n_tags <= len(qualified):
            raise ValueError(
                f"{documents.name}: n_tags={self.n_tags}, but {len(qualified)} of {len(documents.tags)} tags have "
                f"{self.least_documents} to {max_documents} documents and can be reserved"
            )
        return np.sort(np.random.default_rng(self.seed).choice(qualified, self.n_tags, replace=False))


def _set_aside(
    documents: TagDocuments, aside_D: NDArray[np.bool_], known_T: NDArray[np.int64], drawn_U: NDArray[np.int64]
) -> OOVDocuments:
    rows = np.flatnonzero(aside_D & documents.matrix_DT[:, known_T].any(axis=1))
    return OOVDocuments(
        ids=tuple(documents.ids[row] for row in rows),
        tags=tuple(documents.tags[tag] for tag in drawn_U),
        known_DT=documents.matrix_DT[np.ix_(rows, known_T)],
        unseen_DU=documents.matrix_DT[np.ix_(rows, drawn_U)],
    )
