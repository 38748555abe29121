"""Tags in context as supervision and as queries: a tag means what its companions say.

Shape suffixes: N tracks, T tags, P pairs of a tag and a context, W dimensions of their vectors.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from mwe.tracks import TrackTags
from mwe.tracks.tags import tag_matrix
from mwe.words import WordVectors
from mwe.words.context import ContextSource, ContextVectors, MeanOfWords, Pair

# numbers of the random draws of each purpose
DRAW_PAIRS, DRAW_QUERIES = 0, 1


class TrackQuery(NamedTuple):
    """A query made of the tags of a track.

    Attributes:
        track: Position of the track whose tags they are.
        pair: A tag and other tags of the track.
    """

    track: int
    pair: Pair


class TagsInContext:
    """Pairs of a tag and a context of other tags, drawn from the tags of tracks.

    A training track gives ``a_track`` pairs: a tag of it, and between none and ``most`` other tags of it. Every track
    that has all tags of a pair is a positive of it, every other one a negative: also one that has the tag and lacks its
    context. A pair holds no more than what a query may name, so nothing of a track is told beyond it.

    Args:
        vectors: Folder of contextual embeddings, as ``siamese-tags export-context`` writes it; without one the mean of
            the word vectors of tag and context stands for a pair.
        a_track: Pairs that are drawn from each track.
        most: Most tags of a context.
        queries: Queries of the test that are drawn from each test track; 0 for none. Their contexts have between one
            and ``most`` tags.
        seed: Seed of the draws.
    """

    def __init__(
        self, vectors: str | None = None, a_track: int = 20, most: int = 3, queries: int = 3, seed: int = 0
    ) -> None:
        if a_track < 1 or most < 1 or queries < 0:
            raise ValueError(f"a_track {a_track} and most {most} must be 1 or more, queries {queries} 0 or more")
        self.vectors, self.a_track, self.most, self.queries, self.seed = vectors, a_track, most, queries, seed

    def source(self, words: WordVectors) -> ContextSource:
        """What gives the vectors of pairs.

        Raises:
            MissingDataError: There are no contextual embeddings in the folder.
            BadFileError: They cannot be used.
        """
        return ContextVectors(self.vectors) if self.vectors else MeanOfWords(words)


class PairsOfTracks:
    """The pairs of a collection's tracks.

    Args:
        settings: How they are drawn.
        tracks: The collection.
        words: Word vectors.
    """

    def __init__(self, settings: TagsInContext, tracks: TrackTags, words: WordVectors) -> None:
        self.settings, self.tracks, self.words = settings, tracks, words
        self.source = settings.source(words)
        self._spelt = {tag: self.source.spelt(tag) for tag in tracks.tags}

    @cached_property
    def known_T(self) -> np.ndarray:
        """Which tags of the collection the source knows."""
        return np.array([self._spelt[tag] is not None for tag in self.tracks.tags], dtype=bool)

    def alone(self) -> np.ndarray:
        """Vectors of the collection's tags without a context, (T, W); zero where unknown."""
        vectors_TW = np.zeros((len(self.known_T), self.source.dim), dtype=np.float32)
        tags = [tag for tag, known in zip(self.tracks.tags, self.known_T, strict=True) if known]
        vectors_TW[self.known_T] = self.embed([Pair(tag) for tag in tags])
        return vectors_TW

    def embed(self, pairs: Sequence[Pair]) -> np.ndarray:
        """Vectors of pairs of the collection's tags, (P, W).

        Raises:
            UnknownNameError: The source does not know a tag.
        """
        return self.source.embed(
            [
                Pair(self._spelt[one.tag] or one.tag, tuple(self._spelt[tag] or tag for tag in one.context))
                for one in pairs
            ]
        )

    def drawn(self, places: Iterable[int]) -> list[Pair]:
        """Distinct pairs of some tracks, of seen tags that the source knows."""
        draw = np.random.default_rng([self.settings.seed, DRAW_PAIRS])
        pairs = [
            _drawn(draw, own, int(draw.integers(0, self.settings.most + 1)))
            for place in places
            if (own := self._own_tags(place, self.known_T))
            for _ in range(self.settings.a_track)
        ]
        return list(dict.fromkeys(pairs))

    def queries(self, places: Iterable[int]) -> list[TrackQuery]:
        """Queries of some tracks: a tag and at least one other, each pair once.

        Only tags are taken that the source knows and that have a word vector, so that all ways to ask can be compared.
        """
        draw = np.random.default_rng([self.settings.seed, DRAW_QUERIES])
        usable_T = self.known_T & self.words.of_tags(self.tracks.tags).known
        found: dict[Pair, int] = {}
        for place in places:
            own = self._own_tags(place, usable_T)
            for _ in range(self.settings.queries if len(own) > 1 else 0):
                found.setdefault(_drawn(draw, own, int(draw.integers(1, self.settings.most + 1))), int(place))
        return [TrackQuery(place, pair) for pair, place in found.items()]

    def _own_tags(self, place: int, usable_T: np.ndarray) -> list[str]:
        start, stop = self.tracks.matrix.indptr[place : place + 2]
        own = self.tracks.matrix.indices[start:stop]
        return [self.tracks.tags[tag] for tag in own if usable_T[tag] and not self.tracks.unseen[tag]]


def shares(tracks: TrackTags, pairs: Sequence[Pair]) -> sparse.csr_array:
    """The share of the tags of each pair that each track has, sparse float32 (N, P)."""
    set_PT = tag_matrix([(one.tag, *one.context) for one in pairs], tracks.tags).astype(np.float32)
    common_NP = sparse.csr_array(tracks.matrix.astype(np.float32) @ set_PT.T)
    common_NP.data /= set_PT.sum(axis=1)[common_NP.indices]
    return common_NP


def has_all(tracks: TrackTags, pairs: Sequence[Pair]) -> sparse.csr_array:
    """Which tracks have all tags of each pair, sparse boolean (N, P)."""
    share_NP = shares(tracks, pairs)
    share_NP.data = share_NP.data == 1
    share_NP.eliminate_zeros()
    return share_NP.astype(bool)


def _drawn(draw: np.random.Generator, own: Sequence[str], others: int) -> Pair:
    """A tag and so many others of a track, or as many as it has."""
    order = draw.permutation(len(own))[: 1 + others].tolist()
    return Pair(own[order[0]], tuple(sorted(own[place] for place in order[1:])))
