"""MTG-Jamendo (Bogdanov et al., 2019): every official split and category of tags.

The last column of its TSV files is variable: a track with three tags has three tab-separated fields after DURATION.
Plain CSV readers therefore fail on these files.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks.delimited import fields_under
from mwe.tracks.track_tags import TrackReader, TrackTags, tag_matrix

UPSTREAM_SPLITS = {"train": "train", "valid": "validation", "test": "test"}
Subset = Literal["all", "genre", "instrument", "moodtheme", "top50tags"]
HEADER = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS")
REMEDY = "Fetch it again: `mwe data fetch mtg_jamendo`."


class JamendoTrack(NamedTuple):
    """One line of a file, and its line number, counted from 1."""

    track_id: str
    artist_id: str
    path: str
    tags: tuple[str, ...]
    line: int


def read_jamendo_tsv(path: Path) -> Iterator[JamendoTrack]:
    """Yield the tracks of one file in upstream's format.

    Raises:
        BadFileError: The header or a line is not in upstream's format.
    """
    for number, fields in fields_under(path, HEADER, REMEDY):
        if len(fields) < len(HEADER) or not all(fields):
            message = f"expected {len(HEADER)} or more filled fields, found {len(fields)}"
            raise BadFileError(path, message, REMEDY, number)
        yield JamendoTrack(fields[0], fields[1], fields[3], tuple(fields[5:]), number)


class JamendoTracks(TrackReader):
    r"""Tags of MTG-Jamendo, for one official split.

    Args:
        split: Number of the official split, 0 to 4.
        subset: Which tags to read: ``all`` 183, one category, or the 50 most frequent.
        root: Folder of the collection; by default ``mtg_jamendo`` under the data root.
        audio: Folder of the audio files, below ``root`` unless absolute.
        ending: Suffix of the audio files, if not upstream's. ``.npy`` reads the collection's own spectrograms, on which
            a model can train instead of audio.
        file: A single file in the same format to read instead of the split's three; all its tracks are test tracks.
        categories: Whether to keep upstream's tag names (``genre---rock``) instead of plain words (``rock``).

    Examples:
        >>> header = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"
        >>> track = "track_1\tartist_2\talbum_3\t01/1.mp3\t210.5\tgenre---rock\tmood/theme---calm"
        >>> _ = Path("some.tsv").write_text(f"{header}\n{track}\n")
        >>> tracks = JamendoTracks(root=".", file="some.tsv").read()
        >>> tracks.tags, tracks.groups
        (('rock', 'calm'), ('genre', 'mood/theme'))
        >>> JamendoTracks(root=".", file="some.tsv", categories=True).read().tags
        ('genre---rock', 'mood/theme---calm')
    """

    def __init__(
        self,
        split: int = 0,
        subset: Subset = "all",
        root: str | None = None,
        audio: str = "audio",
        ending: str | None = None,
        file: str | None = None,
        categories: bool = False,
    ) -> None:
        if not 0 <= split <= 4:
            raise ValueError(f"split is {split}; MTG-Jamendo has the splits 0 to 4")
        self.split, self.subset, self.ending, self.file, self.categories = split, subset, ending, file, categories
        self.root = Path(root) if root else declared("mtg_jamendo").root
        self.audio = self.root / audio

    def files(self) -> dict[str, Path]:
        """Return the file of each split.

        Raises:
            MissingDataError: A file is missing.
        """
        if self.file:
            paths = {"test": Path(self.file)}
        else:
            infix = "" if self.subset == "all" else f"_{self.subset}"
            folder = f"data/splits/split-{self.split}"
            paths = {name: Path(f"{folder}/autotagging{infix}-{end}.tsv") for name, end in UPSTREAM_SPLITS.items()}
        if not self.file:
            declared("mtg_jamendo").require(*map(str, paths.values()), root=self.root)
        elif not (self.root / self.file).is_file():
            raise MissingDataError(f"{self.root / self.file} not found. Check `root` and `file` of the reader.")
        return {name: self.root / path for name, path in paths.items()}

    def read(self) -> TrackTags:
        """Read the split.

        Raises:
            MissingDataError: A file is missing.
            BadFileError: A file is damaged, or a track occurs twice.
        """
        tracks: list[JamendoTrack] = []
        seen: set[str] = set()
        splits = {name: np.zeros(0, dtype=np.int64) for name in UPSTREAM_SPLITS}
        for name, path in self.files().items():
            added = list(read_jamendo_tsv(path))
            for track in added:
                if track.track_id in seen:
                    raise BadFileError(path, f"track {track.track_id!r} occurs twice", REMEDY, track.line)
                seen.add(track.track_id)
            splits[name] = np.arange(len(tracks), len(tracks) + len(added))
            tracks += added
        tags = sorted({tag for track in tracks for tag in track.tags})
        return TrackTags(
            name=f"{self.root.name} ({self.file})" if self.file else f"MTG-Jamendo split-{self.split} {self.subset}",
            track_ids=tuple(track.track_id for track in tracks),
            artist_ids=tuple(track.artist_id for track in tracks),
            tags=tuple(tag if self.categories else tag.partition("---")[2] or tag for tag in tags),
            matrix=tag_matrix([track.tags for track in tracks], tags),
            groups=tuple(tag.partition("---")[0] if "---" in tag else "" for tag in tags),
            unseen=np.zeros(len(tags), dtype=bool),
            splits=splits,
            audio=tuple(self._file(track.path) for track in tracks),
        )

    def _file(self, path: str) -> Path:
        file = self.audio / path
        return file if self.ending is None else file.with_suffix(self.ending)
