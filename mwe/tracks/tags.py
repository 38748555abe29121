"""What every collection is read into: tracks, artists, tags, groups of tags, splits."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import sparse

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class TrackTags:
    """Tracks with their tags and artists.

    Args:
        name: What the collection and its split are called in results.
        track_ids: Track ids, N of them.
        artist_ids: Artist of each track; empty where unknown.
        tags: Tag names, T of them.
        matrix: Sparse boolean (N, T): which track has which tag.
        groups: Group of each tag, such as ``genre``; empty where unknown.
        unseen: Whether each tag is held back from training on audio.
        splits: Positions of the tracks of ``train``, ``valid`` and ``test``.
        audio: Audio file of each track; empty where the collection has none.
        reviews: Texts by track id.
        skipped: What the reader left out, reason to number.
    """

    name: str
    track_ids: tuple[str, ...]
    artist_ids: tuple[str, ...]
    tags: tuple[str, ...]
    matrix: sparse.csr_array
    groups: tuple[str, ...]
    unseen: np.ndarray
    splits: Mapping[str, np.ndarray]
    audio: tuple[Path, ...] = ()
    reviews: Mapping[str, Sequence[str]] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tracks, tags = len(self.track_ids), len(self.tags)
        if self.matrix.shape != (tracks, tags) or len(self.artist_ids) != tracks or len(self.groups) != tags:
            raise ValueError(
                f"{self.name}: {tracks} tracks, {len(self.artist_ids)} artists, {tags} tags, {len(self.groups)} groups "
                f"and a matrix of shape {self.matrix.shape} do not fit"
            )
        if len(set(self.track_ids)) != tracks:
            twice = Counter(self.track_ids).most_common(1)[0][0]
            raise ValueError(f"{self.name}: track {twice!r} is listed more than once")

    def of_track(self, row: int) -> list[str]:
        """Tag names of the track at a position."""
        start, stop = self.matrix.indptr[row : row + 2]
        return [self.tags[column] for column in self.matrix.indices[start:stop]]

    def summary(self) -> str:
        """One line of counts."""
        sizes = ", ".join(f"{name} {len(rows):,}" for name, rows in self.splits.items())
        mean = self.matrix.nnz / max(1, len(self.track_ids))
        return (
            f"{self.name}: {len(self.track_ids):,} tracks, {len(set(self.artist_ids) - {''}):,} artists, "
            f"{len(self.tags):,} tags ({int(self.unseen.sum())} unseen), {mean:.2f} tags a track; {sizes}"
            f"{''.join(f'; left out: {count:,} {reason}' for reason, count in self.skipped.items())}"
        )


def tag_matrix(tag_lists: Sequence[Sequence[str]], tags: Sequence[str]) -> sparse.csr_array:
    """Sparse boolean (tracks, tags) matrix; tags that are not listed are ignored, repeats count once."""
    place = {tag: column for column, tag in enumerate(tags)}
    columns = [sorted({place[tag] for tag in own if tag in place}) for own in tag_lists]
    indptr = np.concatenate([[0], np.cumsum([len(own) for own in columns])]).astype(np.int64)
    indices = np.fromiter((column for own in columns for column in own), dtype=np.int64, count=int(indptr[-1]))
    return sparse.csr_array((np.ones(len(indices), dtype=bool), indices, indptr), shape=(len(tag_lists), len(tags)))


class TrackReader(ABC):
    """A collection on disk; sub-classes are named in configurations by class path."""

    @abstractmethod
    def read(self) -> TrackTags:
        """Read the collection."""
