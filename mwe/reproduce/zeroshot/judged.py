"""What is asked of a collection in a zero-shot table: its test tracks, its tags, and what is known of both.

Shape suffixes: N tracks, T tags.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from mwe.core.errors import BadFileError
from mwe.tracks import TrackTags

ReadTracks = Callable[[], TrackTags]


@dataclass(frozen=True)
class TagQuestion:
    """What is asked of a collection.

    Args:
        title: Name of the collection and its part.
        read: Reads the collection.
        part: Whether its test tracks are asked, or all.
        tags: Whether all tags are asked, or those that are unseen.
        least: Tracks with a tag, and without it, below which the tag is not measured.
        labelled: Returns which tags of which tracks of the whole collection were judged, (N, T), where not all were.
    """

    title: str
    read: ReadTracks
    part: Literal["test", "all"] = "test"
    tags: Literal["all", "unseen"] = "all"
    least: int = 1
    labelled: Callable[[], np.ndarray] | None = None


@dataclass(frozen=True)
class JudgedTracks:
    """Tracks that are asked for tags.

    Args:
        title: Name of the collection and its part.
        track_ids: The tracks.
        artists: Artist of each; where it is not known, a name that no other track has.
        tags: The tags.
        groups: Group of each tag; empty where unknown.
        label_NT: Which track has which tag.
        judged_NT: Which labels count.
        popularity_T: How many training tracks have each tag, or how many of these tracks where none are for training.
        trained: Whether popularity is of training tracks.
        audio: Audio file of each track; empty if the collection has none.
    """

    title: str
    track_ids: tuple[str, ...]
    artists: tuple[str, ...]
    tags: tuple[str, ...]
    groups: tuple[str, ...]
    label_NT: np.ndarray
    judged_NT: np.ndarray
    popularity_T: np.ndarray
    trained: bool
    audio: tuple[Path, ...]

    @cached_property
    def identity(self) -> str:
        """Hash of tracks, artists, tags and labels."""
        named = [self.title, self.track_ids, self.artists, self.tags, self.groups, self.popularity_T.tolist()]
        digest = hashlib.sha256(json.dumps(named).encode())
        for array_NT in (self.label_NT, self.judged_NT):
            digest.update(np.packbits(array_NT).tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def present_N(self) -> np.ndarray:
        """Whether the audio file of each track is on disk."""
        return np.array([path.is_file() for path in self.audio] or [False] * len(self.track_ids), dtype=bool)

    def only(self, kept_N: np.ndarray) -> "JudgedTracks":
        """Return a part of the tracks."""
        rows = np.flatnonzero(kept_N).tolist()
        return replace(
            self,
            track_ids=tuple(self.track_ids[row] for row in rows),
            artists=tuple(self.artists[row] for row in rows),
            label_NT=self.label_NT[rows],
            judged_NT=self.judged_NT[rows],
            audio=tuple(self.audio[row] for row in rows) if self.audio else (),
        )


def read_judged(question: TagQuestion) -> JudgedTracks:
    """Read what is asked.

    Raises:
        MissingDataError: The collection is not on disk.
        BadFileError: It is damaged, or no tag can be measured.

    Examples:
        >>> from mwe.tracks.track_tags import tracks_of
        >>> tags_of = {"a": ["rock"], "b": ["rock", "calm"], "c": ["calm"]}
        >>> splits = {"train": ["a"], "test": ["b", "c"]}
        >>> judged = read_judged(TagQuestion("mine", lambda: tracks_of("mine", tags_of, splits=splits)))
        >>> judged.track_ids, judged.tags, judged.popularity_T.tolist()
        (('b', 'c'), ('rock',), [1])
    """
    tracks = question.read()
    rows = tracks.splits["test"] if question.part == "test" else np.arange(len(tracks.track_ids))
    label_NT = tracks.matrix[rows].toarray().astype(bool)
    judged_NT = np.ones_like(label_NT) if question.labelled is None else question.labelled()[rows]
    with_tag_T, judged_T = (label_NT & judged_NT).sum(axis=0), judged_NT.sum(axis=0)
    measured_T = (with_tag_T >= question.least) & (judged_T - with_tag_T >= question.least)
    if question.tags == "unseen":
        measured_T &= tracks.unseen
    columns = np.flatnonzero(measured_T)
    if not len(columns):
        what = f"none of its {len(tracks.tags)} tags has {question.least} of {len(rows)} tracks with it and without"
        raise BadFileError(tracks.name, what, "Give more tracks.")
    training = tracks.splits["train"] if question.part == "test" else rows[:0]
    popularity_T = tracks.matrix[training if len(training) else rows].sum(axis=0)
    names = [(tracks.track_ids[row], tracks.artist_ids[row]) for row in rows.tolist()]
    return JudgedTracks(
        question.title,
        tuple(track for track, _ in names),
        tuple(artist or f"track {track}" for track, artist in names),
        tuple(tracks.tags[column] for column in columns.tolist()),
        tuple(tracks.groups[column] for column in columns.tolist()),
        label_NT[:, columns],
        judged_NT[:, columns],
        np.asarray(popularity_T)[columns].astype(np.int64),
        bool(len(training)),
        tuple(tracks.audio[row] for row in rows.tolist()) if tracks.audio else (),
    )
