"""Several collections of the same tracks as one, such as Last.fm's and AllMusic's tags of MSD (section IV-A)."""

from collections import Counter
from dataclasses import replace

from mwe.tracks.build import tracks_of
from mwe.tracks.tags import SPLITS, TrackReader, TrackTags


class JoinedTracks(TrackReader):
    """The tracks of several collections, each with its tags of all of them.

    What collections tell differently, a track's artist, a tag's group or a split, is that of the first that tells it.

    Args:
        collections: Readers of the collections, whose track IDs mean the same.
    """

    def __init__(self, collections: list[TrackReader]) -> None:
        if not collections:
            raise ValueError("no collection to join")
        self.collections = collections

    def read(self) -> TrackTags:
        """Read all of them; see their readers for errors."""
        tags_of: dict[str, dict[str, None]] = {}
        artist_of: dict[str, str] = {}
        group_of: dict[str, str] = {}
        split_of: dict[str, str] = {}
        skipped: Counter[str] = Counter()
        names = []
        for reader in self.collections:
            tracks = reader.read()
            names.append(tracks.name)
            skipped.update(tracks.skipped)
            for row, (track, artist) in enumerate(zip(tracks.track_ids, tracks.artist_ids, strict=True)):
                tags_of.setdefault(track, {}).update(dict.fromkeys(tracks.of_track(row)))
                artist_of[track] = artist_of.get(track) or artist
            for tag, group in zip(tracks.tags, tracks.groups, strict=True):
                group_of[tag] = group_of.get(tag) or group
            for split in SPLITS:
                for row in tracks.splits[split].tolist():
                    split_of.setdefault(tracks.track_ids[row], split)
        splits = {split: [track for track, own in split_of.items() if own == split] for split in SPLITS}
        joined = tracks_of(" + ".join(names), tags_of, artist_of, group_of, splits=splits)
        return replace(joined, skipped={**skipped, **joined.skipped})
