"""Tags in context, from a trained run without its data set: what is near `guitar` in acoustic folk?

Shape suffixes: N contexts, T tags, E embedding dimensions.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mwe.core.errors import UnknownNameError
from siamese_tags.contextual.spaces import Space, load_space

Cooccurring = Sequence[str] | Mapping[str, float]
DOCUMENTS_A_BLOCK = 64


class UnknownTagError(UnknownNameError):
    """A tag is not in the vocabulary. The message names the nearest tags, and those that contain it.

    Args:
        name: The unknown tag.
        tags: The vocabulary.
        remedy: Further advice to append.
    """

    def __init__(self, name: str, tags: Sequence[str], remedy: str = "") -> None:
        super().__init__("tag", name, tags)
        word = name.casefold().replace(" ", "_")
        matches = [tag for tag in tags if word in tag.casefold().replace(" ", "_")][:5]
        hint = f"; containing it: {', '.join(map(repr, matches))}" if matches else ""
        self.args = (f"{self.args[0]}{hint}{remedy}",)


class ContextualTags:
    """Contextual embeddings of tags, by a Siamese stage (``single_ce``, ``siamese_ce``) or a context encoder.

    A context is the tags of a document. As in the paper, the query is one of them, so it always belongs to its context,
    even if it is not listed. An empty context is a document with the query as its only tag.

    An out-of-vocabulary tag can be embedded from the known tags that it occurs with. A context encoder treats it like
    any other tag of the context. The topic model of a Siamese stage does not know it, so it does not belong to the
    context; an empty context is replaced by the tags that it occurs with.

    Args:
        tags: The vocabulary.
        space: Embedding space of the tags.

    Examples:
        ``ContextualTags.load("outputs/…")`` loads a run. Here the weights are random, so distances mean nothing:

        >>> from siamese_tags.contextual.spaces import EncoderSpace
        >>> from siamese_tags.masked.encoder import ContextEncoder
        >>> encoder = ContextEncoder(n_tags=4, width=8)
        >>> saved = {"encoder": encoder.settings, "together_TT": torch.eye(4), "n_documents": 10}
        >>> tags = ContextualTags(["rock", "guitar", "calm", "piano"], EncoderSpace(saved, encoder.state_dict()))
        >>> sorted(tag for tag, distance in tags.related("guitar", context=["rock"]))
        ['calm', 'piano']
        >>> tags.embed("guitar", context=["rock"]).shape, tags.embed_all(["rock", "calm"]).shape
        ((9,), (4, 9))

        The embedding of a tag depends on its context, and that of an out-of-vocabulary tag on its co-occurring tags:

        >>> bool((tags.embed("guitar", ["rock"]) == tags.embed("guitar", ["calm"])).all())
        False
        >>> len(tags.related("ukulele", cooccurring=["guitar", "calm"], k=2))
        2
    """

    def __init__(self, tags: Sequence[str], space: Space) -> None:
        self.tags = tuple(tags)
        self.space = space
        self._row = {tag: row for row, tag in enumerate(self.tags)}

    @classmethod
    def load(cls, run: str | Path) -> "ContextualTags":
        """Load a run without its data set.

        Args:
            run: Run folder or checkpoint of a Siamese stage or a context encoder.

        Raises:
            MissingDataError: There is no checkpoint.
            StaleArtefactError: The file is not a checkpoint, or another version wrote it.
        """
        space, tags = load_space(run)
        return cls(tags, space)

    def __repr__(self) -> str:
        """Return the kind of space and the size of the vocabulary."""
        return f"ContextualTags({type(self.space).__name__}, {len(self.tags):,} tags)"

    @torch.inference_mode()
    def embed(self, tag: str, context: Iterable[str] = (), cooccurring: Cooccurring = ()) -> NDArray[np.float32]:
        """Return the embedding of a tag in a context.

        Args:
            tag: The tag.
            context: Other tags of the document, all in the vocabulary.
            cooccurring: For an out-of-vocabulary tag: known tags that it occurs with, or the number of documents that
                it shares with each.

        Returns:
            A vector of E numbers.

        Raises:
            UnknownNameError: A tag is not in the vocabulary.
            ValueError: ``cooccurring`` was given for a tag of the vocabulary, or a number of documents is not positive.
        """
        bag_1T = self._bag(tag, context, cooccurring)
        if tag in self._row:
            return np.asarray(self.space.tag(bag_1T, self._row[tag])[0])
        return np.asarray(self.space.unseen(bag_1T, self._counts(cooccurring))[0][0])

    @torch.inference_mode()
    def instances(self, tag: str, contexts: Sequence[Iterable[str]]) -> NDArray[np.float32]:
        """Return the embeddings of one known tag in many contexts, N × E; errors as for :meth:`embed`."""
        bags_NT = np.concatenate(
            [np.zeros((0, len(self.tags)), np.bool_), *(self._bag(tag, context) for context in contexts)]
        )
        blocks = range(0, len(bags_NT), DOCUMENTS_A_BLOCK)
        embedded = [self.space.tag(bags_NT[start : start + DOCUMENTS_A_BLOCK], self._row[tag]) for start in blocks]
        return np.concatenate([block.numpy() for block in embedded] or [np.zeros((0, 0), np.float32)])

    @torch.inference_mode()
    def embed_all(self, context: Iterable[str]) -> NDArray[np.float32]:
        """Return the embeddings of all tags in one context, T × E.

        Raises:
            UnknownNameError: A tag of the context is not in the vocabulary.
            ValueError: The context is empty.
        """
        rows = self._rows(context)
        if not rows:
            raise ValueError("the context is empty; name at least one tag")
        return np.asarray(self.space.all_tags(self._bag_of(rows))[0])

    @torch.inference_mode()
    def related(
        self,
        tag: str,
        context: Iterable[str] = (),
        k: int = 10,
        cooccurring: Cooccurring = (),
        with_context: bool = False,
    ) -> list[tuple[str, float]]:
        """Return the tags nearest to a tag in a context, by the Euclidean distance of their embeddings in it.

        Args:
            tag: The query.
            context: Other tags of the document, all in the vocabulary.
            k: Number of tags to return.
            cooccurring: For an out-of-vocabulary query, as in :meth:`embed`.
            with_context: Whether to list the tags of the context too, as the priming test does.

        Returns:
            Tags and distances, the nearest first, without the query and, unless ``with_context``, the tags of the
            context.

        Raises:
            UnknownNameError: A tag is not in the vocabulary.
            ValueError: k is below 1; or as in :meth:`embed`.
        """
        if k < 1:
            raise ValueError(f"k={k}: give 1 or more")
        context = list(context)
        bag_1T = self._bag(tag, context, cooccurring)
        if tag in self._row:
            embedded_1TE = self.space.all_tags(bag_1T)
            query_1E = embedded_1TE[:, self._row[tag]]
        else:
            query_1E, embedded_1TE = self.space.unseen(bag_1T, self._counts(cooccurring))
        # no matrix products, since they round small distances to zero; the same as in the test of a stage
        distance_T = torch.cdist(query_1E, embedded_1TE[0], compute_mode="donot_use_mm_for_euclid_dist")[0]
        left_out = {tag} if with_context else {tag, *context}
        order = distance_T.argsort(stable=True).tolist()
        nearest = [(self.tags[row], float(distance_T[row])) for row in order if self.tags[row] not in left_out]
        return nearest[:k]

    def _bag(self, tag: str, context: Iterable[str], cooccurring: Cooccurring = ()) -> NDArray[np.bool_]:
        rows = self._rows(context)
        if tag in self._row:
            if cooccurring:
                raise ValueError(f"{tag!r} is in the vocabulary; `cooccurring` is for tags that are not")
            return self._bag_of([*rows, self._row[tag]])
        if not cooccurring:
            raise UnknownTagError(tag, self.tags, ". An out-of-vocabulary tag needs `cooccurring` tags")
        return self._bag_of(rows)

    def _bag_of(self, rows: Sequence[int]) -> NDArray[np.bool_]:
        bag_1T = np.zeros((1, len(self.tags)), dtype=np.bool_)
        bag_1T[0, rows] = True
        return bag_1T

    def _counts(self, cooccurring: Cooccurring) -> NDArray[np.float64]:
        counts = cooccurring if isinstance(cooccurring, Mapping) else dict.fromkeys(cooccurring, 1.0)
        if invalid := {name: count for name, count in counts.items() if not 0 < count < np.inf}:
            raise ValueError(f"numbers of shared documents must be positive: {invalid}")
        counts_T = np.zeros(len(self.tags))
        counts_T[self._rows(counts)] = list(counts.values())
        return counts_T

    def _rows(self, names: Iterable[str]) -> list[int]:
        tags = list(names)
        for name in tags:
            if name not in self._row:
                raise UnknownTagError(name, self.tags)
        return [self._row[name] for name in tags]
