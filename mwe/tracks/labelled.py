"""Collections beside the Million Song Dataset that come with tags: MagnaTagATune, CAL10K."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mwe.core.cal10k import read_cal10k_tsv
from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.core.matrix import read_matrix
from mwe.tracks.build import tracks_of
from mwe.tracks.tags import SPLITS, TrackReader, TrackTags

# folder/artist-album-number-title-start-end.mp3
CLIP = re.compile(r"[0-9a-f]/(?P<artist>[^-/]+)-.+-\d+-\d+\.mp3")
# the header writes "no vocals" as noVocals
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class MagnaTagATuneTracks(TrackReader):
    """MagnaTagATune: 29-second clips with the 50 most frequent tags and the division of 16 folders (12, 1, 3).

    A track is a clip, called by the path of its audio; the artist is read from the path.

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
            BadFileError: A table is damaged, a clip is not called as upstream calls it or occurs twice.
        """
        declared("magnatagatune").require(*(f"MTAT_split/{part}.csv" for part in self.parts), root=self.root)
        tags_of: dict[str, list[str]] = {}
        artist_of: dict[str, str] = {}
        splits: dict[str, list[str]] = {part: [] for part in SPLITS}
        remedy = "Copy MTAT_split anew; `mwe data magnatagatune` says from where."
        for part in self.parts:
            path = self.root / "MTAT_split" / f"{part}.csv"
            for number, clip, tags in read_matrix(path, remedy):
                found = CLIP.fullmatch(clip)
                if not found or clip in tags_of:
                    what = f"{clip!r} {'occurs twice' if found else 'is not called like a clip'}"
                    raise BadFileError(path, what, remedy, number)
                tags_of[clip] = [CAPITAL.sub(" ", tag).lower() for tag in tags]
                artist_of[clip] = found["artist"]
                splits[part].append(clip)
        tracks = tracks_of("MagnaTagATune", tags_of, artist_of, splits=splits)
        return replace(tracks, audio=tuple(self.audio / clip for clip in tracks.track_ids))


class Cal10kTracks(TrackReader):
    """CAL10K: songs with tags of musicologists; the artist's name is the artist ID.

    Args:
        root: Folder of ``cal10k_tags.tsv``; by default ``cal10k`` under the data root.
        min_tracks: Tags of fewer songs are left out.
    """

    def __init__(self, root: str | None = None, min_tracks: int = 1) -> None:
        self.root, self.min_tracks = Path(root) if root else declared("cal10k").root, min_tracks

    def read(self) -> TrackTags:
        """Read the table."""
        path = declared("cal10k").require("cal10k_tags.tsv", root=self.root) / "cal10k_tags.tsv"
        songs = {f"cal10k_{one.song}": one for one in read_cal10k_tsv(path)}
        tags_of = {track: list(one.tags) for track, one in songs.items()}
        artist_of = {track: one.artist for track, one in songs.items()}
        return tracks_of("CAL10K", tags_of, artist_of, min_tracks=self.min_tracks)
