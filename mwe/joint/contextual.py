"""Tags in context as supervision and as queries: a tag, and other tags of the same track that tell what it means.

Shape suffixes: N tracks, T tags, P pairs of a tag and a context, W dimensions of their vectors.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from mwe.tracks import TrackTags, tag_matrix
from mwe.words import WordVectors
from mwe.words.context_vectors import ContextSource, ContextVectors, MeanOfWords, Pair

# seeds of the random generators, one for each purpose
DRAW_PAIRS, DRAW_QUERIES = 0, 1


class TrackQuery(NamedTuple):
    """A query made of the tags of a track.

    Attributes:
        track: Position of the track.
        pair: A tag and other tags of the track.
    """

    track: int
    pair: Pair


class TagsInContext:
    """Pairs of a tag and a context of other tags, drawn from the tags of tracks.

    Each training track gives ``a_track`` pairs: one of its tags, with between none and ``most`` of its other tags. The
    positives of a pair are the tracks that have all of its tags. All other tracks are negatives, even those that have
    the tag but not its context. A pair holds only what a query may name, so it reveals nothing else of the track.

    Args:
        vectors: Folder of contextual embeddings that ``siamese-tags export-context`` wrote. By default a pair is
            represented by the mean of the word vectors of tag and context.
        a_track: Pairs drawn from each track.
        most: Largest number of tags in a context.
        queries: Test queries drawn from each test track; 0 for none. Their contexts have between one and ``most`` tags.
        seed: Seed of the draws.
    """

    def __init__(
        self, vectors: str | None = None, a_track: int = 20, most: int = 3, queries: int = 3, seed: int = 0
    ) -> None:
        if a_track < 1 or most < 1 or queries < 0:
            raise ValueError(f"a_track {a_track} and most {most} must be 1 or more, queries {queries} 0 or more")
        self.vectors, self.a_track, self.most, self.queries, self.seed = vectors, a_track, most, queries, seed

    def source(self, words: WordVectors) -> ContextSource:
        """Return the source of the vectors of pairs.

        Raises:
            MissingDataError: There are no contextual embeddings in the folder.
            BadFileError: They are damaged.
        """
        return ContextVectors(self.vectors) if self.vectors else MeanOfWords(words)


class PairsOfTracks:
    """Draws pairs of a tag and a context from the tracks of a collection, and looks up their vectors.

    Args:
        settings: Settings of the draws.
        tracks: The collection.
        words: Word vectors.
    """

    def __init__(self, settings: TagsInContext, tracks: TrackTags, words: WordVectors) -> None:
        self.settings, self.tracks, self.words = settings, tracks, words
        self.source = settings.source(words)
        self._spelt = {tag: self.source.spelt(tag) for tag in tracks.tags}

    @cached_property
    def known_T(self) -> np.ndarray:
        """Which tags of the collection the source knows, boolean (T,)."""
        return np.array([self._spelt[tag] is not None for tag in self.tracks.tags], dtype=bool)

    def alone(self) -> np.ndarray:
        """Return the vectors of the collection's tags without a context, (T, W); zero where unknown."""
        vectors_TW = np.zeros((len(self.known_T), self.source.dim), dtype=np.float32)
        tags = [tag for tag, known in zip(self.tracks.tags, self.known_T, strict=True) if known]
        vectors_TW[self.known_T] = self.embed([Pair(tag) for tag in tags])
        return vectors_TW

    def embed(self, pairs: Sequence[Pair]) -> np.ndarray:
        """Return the vectors of pairs of the collection's tags, (P, W).

        Raises:
            UnknownNameError: The source does not know a tag.
        """
        return self.source.embed(
            [
                Pair(self._spelt[pair.tag] or pair.tag, tuple(self._spelt[tag] or tag for tag in pair.context))
                for pair in pairs
            ]
        )

    def drawn(self, tracks: Iterable[int]) -> list[Pair]:
        """Draw distinct pairs from some tracks, of seen tags that the source knows."""
        draw = np.random.default_rng([self.settings.seed, DRAW_PAIRS])
        pairs = [
            _drawn(draw, tags, int(draw.integers(0, self.settings.most + 1)))
            for track in tracks
            if (tags := self._own_tags(track, self.known_T))
            for _ in range(self.settings.a_track)
        ]
        return list(dict.fromkeys(pairs))

    def queries(self, tracks: Iterable[int]) -> list[TrackQuery]:
        """Draw queries from some tracks: a tag and at least one other, each pair once.

        Only tags that the source knows and that have a word vector are used, so that all ways can be compared.
        """
        draw = np.random.default_rng([self.settings.seed, DRAW_QUERIES])
        usable_T = self.known_T & self.words.of_tags(self.tracks.tags).known
        first_track: dict[Pair, int] = {}
        for track in tracks:
            tags = self._own_tags(track, usable_T)
            for _ in range(self.settings.queries if len(tags) > 1 else 0):
                first_track.setdefault(_drawn(draw, tags, int(draw.integers(1, self.settings.most + 1))), int(track))
        return [TrackQuery(track, pair) for pair, track in first_track.items()]

    def _own_tags(self, track: int, usable_T: np.ndarray) -> list[str]:
        start, stop = self.tracks.matrix.indptr[track : track + 2]
        columns = self.tracks.matrix.indices[start:stop]
        return [self.tracks.tags[tag] for tag in columns if usable_T[tag] and not self.tracks.unseen[tag]]


def shares(tracks: TrackTags, pairs: Sequence[Pair]) -> sparse.csr_array:
    """Return the share of the tags of each pair that each track has, sparse float32 (N, P)."""
    set_PT = tag_matrix([(pair.tag, *pair.context) for pair in pairs], tracks.tags).astype(np.float32)
    common_NP = sparse.csr_array(tracks.matrix.astype(np.float32) @ set_PT.T)
    common_NP.data /= set_PT.sum(axis=1)[common_NP.indices]
    return common_NP


def has_all(tracks: TrackTags, pairs: Sequence[Pair]) -> sparse.csr_array:
    """Return which tracks have all tags of each pair, sparse boolean (N, P)."""
    share_NP = shares(tracks, pairs)
    share_NP.data = share_NP.data == 1
    share_NP.eliminate_zeros()
    return share_NP.astype(bool)


def _drawn(draw: np.random.Generator, tags: Sequence[str], companions: int) -> Pair:
    """Draw a tag and ``companions`` other tags of a track, or as many as it has."""
    order = draw.permutation(len(tags))[: 1 + companions].tolist()
    return Pair(tags[order[0]], tuple(sorted(tags[index] for index in order[1:])))
