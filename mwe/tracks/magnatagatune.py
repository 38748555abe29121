"""MagnaTagATune (Law et al., 2009): clips of 29 seconds, and the songs that they come from.

The songs stand in for MagTag5K, which was made from MagnaTagATune in the same way.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.tracks.annotation_matrix import read_matrix
from mwe.tracks.merge_clips import MergeRules
from mwe.tracks.track_tags import SPLITS, TrackReader, TrackTags, tracks_of

REMEDY = "Copy MTAT_split again; `mwe data show magnatagatune` says from where."
# folder/artist-album-number-title-start-end.mp3
CLIP = re.compile(r"(?P<song>[0-9a-f]/(?P<artist>[^-/]+)-.+)-\d+-\d+\.mp3")
# the header writes "no vocals" as noVocals
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class MagnaClip(NamedTuple):
    """One line of a table: the path of a clip's audio (its ID), its song, artist, tags and split."""

    path: str
    song: str
    artist: str
    tags: tuple[str, ...]
    split: str


def read_clips(root: Path, parts: Sequence[str] = SPLITS) -> Iterator[MagnaClip]:
    """Yield the clips of the tables ``MTAT_split/<part>.csv`` in order; ``noVocals`` is read as ``no vocals``.

    Args:
        root: Folder of the collection.
        parts: Which of ``train``, ``valid`` and ``test`` to read.

    Raises:
        MissingDataError: A table is missing.
        BadFileError: A table is damaged, or a clip occurs twice or is not named as upstream names it.
    """
    declared("magnatagatune").require(*(f"MTAT_split/{part}.csv" for part in parts), root=root)
    seen: set[str] = set()
    for part in parts:
        path = root / "MTAT_split" / f"{part}.csv"
        for number, clip, tags in read_matrix(path, REMEDY):
            match = CLIP.fullmatch(clip)
            if match is None:
                message = f"expected a path folder/artist-album-number-title-start-end.mp3, found {clip!r}"
                raise BadFileError(path, message, REMEDY, number)
            if clip in seen:
                raise BadFileError(path, f"clip {clip!r} occurs twice", REMEDY, number)
            seen.add(clip)
            words = tuple(CAPITAL.sub(" ", tag).lower() for tag in tags)
            yield MagnaClip(clip, match["song"], match["artist"], words, part)


class MagnaTagATuneTracks(TrackReader):
    """MagnaTagATune: 29-second clips with the 50 most frequent tags, split by its 16 folders (12, 1 and 3).

    A track is a clip. Its ID is the path of its audio, and the artist is read from that path.

    Args:
        root: Folder of the collection; by default ``magnatagatune`` under the data root.
        parts: Which of the files ``train.csv``, ``valid.csv`` and ``test.csv`` to read.
        audio: Folder of the audio files, below ``root`` unless absolute.
    """

    def __init__(self, root: str | None = None, parts: Sequence[str] = SPLITS, audio: str = "audio") -> None:
        self.root = Path(root) if root else declared("magnatagatune").root
        self.parts, self.audio = tuple(parts), self.root / audio

    def read(self) -> TrackTags:
        """Read the tables.

        Raises:
            MissingDataError: A table is missing.
            BadFileError: A table is damaged, or a clip occurs twice or is not named as upstream names it.
        """
        clips = list(read_clips(self.root, self.parts))
        splits = {part: [clip.path for clip in clips if clip.split == part] for part in SPLITS}
        tags_of = {clip.path: clip.tags for clip in clips}
        tracks = tracks_of("MagnaTagATune", tags_of, {clip.path: clip.artist for clip in clips}, splits=splits)
        return replace(tracks, audio=tuple(self.audio / path for path in tracks.track_ids))


class MagnaTagATuneSongs(TrackReader):
    r"""The songs of MagnaTagATune: about five of 36 tags a song, as in MagTag5K, which has 136 tags.

    The clips of a song become one track, with the tags that at least a share of the clips has. Synonyms are merged
    first. Of contradicting tags, such as ``no vocals`` and any vocal tag, a song keeps those of more clips, or neither
    if there is a tie. Male and female vocals do not contradict each other.

    Args:
        root: Folder that holds ``MTAT_split``; by default ``magnatagatune`` under the data root (``MWE_DATA``).
        share: Share of a song's clips that must have a tag, above 0 and up to 1. A fifth gives five tags per song, as
            in MagTag5K.

    Raises:
        ValueError: The share is out of range.

    Examples:
        Two clips of one song; *singing* is a synonym of *vocals*, which contradicts *no vocals*:

        >>> Path("MTAT_split").mkdir()
        >>> clips = ["a/air-moon-01-sexy-0-29.mp3,1,0,1", "a/air-moon-01-sexy-29-58.mp3,0,0,1"]
        >>> for part in SPLITS:
        ...     lines = ["clip,guitar,noVocals,singing", *(clips if part == "train" else [])]
        ...     _ = Path(f"MTAT_split/{part}.csv").write_text("\n".join(lines))
        >>> songs = MagnaTagATuneSongs(".").read()
        >>> songs.track_ids, songs.artist_ids, songs.tags
        (('a/air-moon-01-sexy',), ('air',), ('guitar', 'vocals'))
        >>> MagnaTagATuneSongs(".", share=0.6).read().tags
        ('vocals',)
    """

    def __init__(self, root: str | None = None, share: float = 0.2) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"share is {share}; give a value above 0 and up to 1")
        self.root = Path(root) if root else declared("magnatagatune").root
        self.share = share

    def read(self) -> TrackTags:
        """Read the clips of all three tables and merge those of each song; songs are sorted by name.

        Raises:
            MissingDataError: A table is missing.
            BadFileError: A table is damaged, or a clip occurs twice or is not named as upstream names it.
        """
        rules = MergeRules.shipped()
        clips_of: dict[str, list[MagnaClip]] = defaultdict(list)
        for clip in read_clips(self.root):
            clips_of[clip.song].append(clip)
        merged = {
            song: rules.tags_of_song([clip.tags for clip in clips_of[song]], self.share) for song in sorted(clips_of)
        }
        tags_of = {song: sorted(tags) for song, (tags, _) in merged.items()}
        artist_of = {song: clips[0].artist for song, clips in clips_of.items()}
        tracks = tracks_of("MagnaTagATune songs (stand-in for MagTag5K)", tags_of, artist_of)
        contradictions = sum(count for _, count in merged.values())
        counted = {"contradictions within a song": contradictions} if contradictions else {}
        return replace(tracks, skipped={**tracks.skipped, **counted})
