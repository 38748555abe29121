"""The common form of every collection: tracks, artists, tags, groups of tags, splits."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import sparse

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class TrackTags:
    """Tracks with their tags and artists.

    Args:
        name: Name of the collection and its split in results.
        track_ids: Track IDs, N of them.
        artist_ids: Artist of each track; empty where unknown.
        tags: Tag names, T of them.
        matrix: Sparse boolean (N, T): which track has which tag.
        groups: Group of each tag, such as ``genre``; empty where unknown.
        unseen: Whether each tag is left out of training on audio.
        splits: Positions of the tracks of ``train``, ``valid`` and ``test``.
        audio: Audio file of each track; empty if the collection has none.
        reviews: Texts by track ID.
        skipped: Number of entries that the reader left out, by reason.
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
        """Return the tag names of the track in a row.

        Examples:
            >>> tracks = tracks_of("mine", {"a": ["rock", "calm"], "b": ["rock"]})
            >>> tracks.of_track(0)
            ['calm', 'rock']
        """
        start, stop = self.matrix.indptr[row : row + 2]
        return [self.tags[column] for column in self.matrix.indices[start:stop]]

    def summary(self) -> str:
        """Return one line of counts."""
        sizes = ", ".join(f"{name} {len(rows):,}" for name, rows in self.splits.items())
        mean = self.matrix.nnz / max(1, len(self.track_ids))
        return (
            f"{self.name}: {len(self.track_ids):,} tracks, {len(set(self.artist_ids) - {''}):,} artists, "
            f"{len(self.tags):,} tags ({int(self.unseen.sum())} unseen), {mean:.2f} tags a track; {sizes}"
            f"{''.join(f'; left out: {count:,} {reason}' for reason, count in self.skipped.items())}"
        )


def tag_matrix(tag_lists: Sequence[Sequence[str]], tags: Sequence[str]) -> sparse.csr_array:
    """Return the sparse boolean (tracks, tags) matrix. Tags that are not listed are ignored; repeats count once.

    Examples:
        >>> tag_matrix([["rock"], ["calm", "rock", "unlisted"]], ["calm", "rock"]).toarray().astype(int)
        array([[0, 1],
               [1, 1]])
    """
    column_of = {tag: column for column, tag in enumerate(tags)}
    columns = [sorted({column_of[tag] for tag in row if tag in column_of}) for row in tag_lists]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in columns])]).astype(np.int64)
    indices = np.fromiter((column for row in columns for column in row), dtype=np.int64, count=int(indptr[-1]))
    return sparse.csr_array((np.ones(len(indices), dtype=bool), indices, indptr), shape=(len(tag_lists), len(tags)))


def tracks_of(
    name: str,
    tags_of: Mapping[str, Iterable[str]],
    artist_of: Mapping[str, str] | None = None,
    group_of: Mapping[str, str] | None = None,
    splits: Mapping[str, Sequence[str]] | None = None,
    min_tracks: int = 1,
) -> TrackTags:
    """Build a collection from the tags of each track.

    Args:
        name: Name in results.
        tags_of: Tags by track, in the order of the tracks.
        artist_of: Artists by track; unknown ones are left empty.
        group_of: Group of each tag.
        splits: Tracks of ``train``, ``valid`` and ``test``; by default all are train.
        min_tracks: Leave out and count tags of fewer tracks, and tracks left without a tag.

    Raises:
        TypeError: A tag is not text.
        ValueError: A track is listed more than once in the splits.

    Examples:
        A tag of a single track is left out, and so is a track that has no other tag:

        >>> tags_of = {"a": ["rock", "calm"], "b": ["rock"], "c": ["dub"]}
        >>> tracks = tracks_of("mine", tags_of, {"a": "Air"}, splits={"train": ["a"], "test": ["b", "c"]}, min_tracks=2)
        >>> tracks.track_ids, tracks.tags, tracks.artist_ids
        (('a', 'b'), ('rock',), ('Air', ''))
        >>> tracks.skipped
        {'tracks without a tag': 1, 'tags of fewer than 2 tracks': 2}
    """
    counts = Counter(tag for listed_tags in tags_of.values() for tag in dict.fromkeys(listed_tags))
    if invalid := [tag for tag in counts if not isinstance(tag, str)]:
        raise TypeError(f"the tag {invalid[0]!r} is not text")
    listed = Counter(track for tracks in (splits or {}).values() for track in tracks)
    if listed and (twice := listed.most_common(1)[0])[1] > 1:
        raise ValueError(f"track {twice[0]!r} is listed more than once in the splits")
    tags = sorted(tag for tag, count in counts.items() if count >= min_tracks)
    known = set(tags)
    known_tags = {track: [tag for tag in listed_tags if tag in known] for track, listed_tags in tags_of.items()}
    tagged = {track: track_tags for track, track_tags in known_tags.items() if track_tags}
    row_of = {track: row for row, track in enumerate(tagged)}
    parts = splits or {"train": list(tagged)}
    rows = {part: [row_of[track] for track in parts.get(part, ()) if track in row_of] for part in SPLITS}
    skipped = {
        "tracks without a tag": len(tags_of) - len(tagged),
        f"tags of fewer than {min_tracks} tracks": len(counts) - len(tags),
        "tracks of the split that have no entry": sum(track not in tags_of for track in listed),
    }
    return TrackTags(
        name=name,
        track_ids=tuple(tagged),
        artist_ids=tuple((artist_of or {}).get(track, "") for track in tagged),
        tags=tuple(tags),
        matrix=tag_matrix(list(tagged.values()), tags),
        groups=tuple((group_of or {}).get(tag, "") for tag in tags),
        unseen=np.zeros(len(tags), dtype=bool),
        splits={part: np.array(part_rows, dtype=np.int64) for part, part_rows in rows.items()},
        skipped={reason: count for reason, count in skipped.items() if count},
    )


class TrackReader(ABC):
    """Reader of a collection on disk. Configurations name its sub-classes by class path."""

    @abstractmethod
    def read(self) -> TrackTags:
        """Read the collection."""
