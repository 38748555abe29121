"""Reservation of tags that are to stay out of the vocabulary, with all their documents (Sect. 5.2; supplement, B.2)."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from siamese_tags.documents.base import Collection, OOVDocuments, TagDocuments


class Reserved(Collection):
    """A collection of which random tags and every document that has one of them are set aside.

    The documents set aside are the out-of-vocabulary (OOV) test; the others, and the tags that they have, are divided
    into folds. The paper reserves 22 of the 136 tags of MagTag5K and keeps 3,826 of its 5,259 documents. Where frequent
    tags are drawn too few documents remain, so that the draw can be limited to tags with few documents.

    Args:
        collection: The whole collection.
        n_tags: Tags to reserve.
        seed: Of the draw, uniform without replacement over the tags that qualify.
        least_documents: Tags of fewer documents do not qualify.
        most_documents: Tags of more documents do not qualify; no limit if not given.
        least_left: Documents that have to remain, at least.
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

        Documents set aside that have no tag of the vocabulary, and tags that no remaining document has, are left out
        and counted.

        Raises:
            ValueError: Fewer tags qualify than are to be reserved, or fewer documents remain than wanted.
        """
        whole = self.collection.read()
        drawn_U = self._draw(whole)
        aside_D = np.asarray(whole.matrix_DT[:, drawn_U].any(axis=1))
        if (left := int((~aside_D).sum())) < self.least_left:
            raise ValueError(
                f"{whole.name}: {left} of {len(whole)} documents have none of the {self.n_tags} reserved tags, but "
                f"{self.least_left} are wanted. Reserve fewer tags or lower `most_documents`"
            )
        known_T = np.setdiff1d(np.flatnonzero(whole.matrix_DT[~aside_D].any(axis=0)), drawn_U)
        kept = whole.subset(np.flatnonzero(~aside_D))
        oov = _set_aside(whole, aside_D, known_T, drawn_U)
        counted = {
            "set aside without a known tag": int(aside_D.sum()) - len(oov),
            "tags of reserved documents only": len(whole.tags) - self.n_tags - len(known_T),
        }
        return replace(
            kept,
            tags=tuple(whole.tags[tag] for tag in known_T),
            # numpy lays a selection of columns out column by column; tensors made of it are read row by row
            matrix_DT=np.ascontiguousarray(kept.matrix_DT[:, known_T]),
            skipped={**whole.skipped, **{reason: count for reason, count in counted.items() if count}},
            oov=oov,
        )

    def _draw(self, whole: TagDocuments) -> NDArray[np.int64]:
        documents_T = whole.matrix_DT.sum(axis=0)
        most = len(whole) if self.most_documents is None else self.most_documents
        qualified = np.flatnonzero((documents_T >= self.least_documents) & (documents_T <= most))
        if not 1 <= self.n_tags <= len(qualified):
            raise ValueError(
                f"{whole.name}: n_tags={self.n_tags}, but {len(qualified)} of {len(whole.tags)} tags have "
                f"{self.least_documents} to {most} documents and can be reserved"
            )
        return np.sort(np.random.default_rng(self.seed).choice(qualified, self.n_tags, replace=False))


def _set_aside(
    whole: TagDocuments, aside_D: NDArray[np.bool_], known_T: NDArray[np.int64], drawn_U: NDArray[np.int64]
) -> OOVDocuments:
    rows = np.flatnonzero(aside_D & whole.matrix_DT[:, known_T].any(axis=1))
    return OOVDocuments(
        ids=tuple(whole.ids[row] for row in rows),
        tags=tuple(whole.tags[tag] for tag in drawn_U),
        known_DT=whole.matrix_DT[np.ix_(rows, known_T)],
        unseen_DU=whole.matrix_DT[np.ix_(rows, drawn_U)],
    )
