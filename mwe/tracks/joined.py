"""Several collections of the same tracks as one, such as Last.fm's and AllMusic's tags of MSD (section IV-A)."""

from collections import Counter
from dataclasses import replace

from mwe.tracks.track_tags import SPLITS, TrackReader, TrackTags, tracks_of


class JoinedTracks(TrackReader):
    r"""The tracks of several collections, each with its tags from all of them.

    If collections disagree on a track's artist or split, or on a tag's group, the first collection that has it wins.

    Args:
        collections: Readers of the collections; the same track ID must mean the same track in all of them.

    Examples:
        >>> from pathlib import Path
        >>> from mwe.tracks import TagPairTracks
        >>> _ = Path("moods.tsv").write_text("a\tcalm\n")
        >>> _ = Path("genres.tsv").write_text("a\trock\nb\tdub\n")
        >>> joined = JoinedTracks([TagPairTracks("moods.tsv"), TagPairTracks("genres.tsv")]).read()
        >>> joined.name, joined.track_ids, joined.of_track(0)
        ('moods + genres', ('a', 'b'), ['calm', 'rock'])
    """

    def __init__(self, collections: list[TrackReader]) -> None:
        if not collections:
            raise ValueError("no collection to join")
        self.collections = collections

    def read(self) -> TrackTags:
        """Read all collections; see their readers for errors."""
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
        splits = {split: [track for track, part in split_of.items() if part == split] for split in SPLITS}
        joined = tracks_of(" + ".join(names), tags_of, artist_of, group_of, splits=splits)
        return replace(joined, skipped={**skipped, **joined.skipped})
