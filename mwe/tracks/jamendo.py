"""MTG-Jamendo: every official split and tag group."""

from pathlib import Path
from typing import Literal

import numpy as np

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.jamendo import REMEDY, JamendoTrack, read_jamendo_tsv
from mwe.tracks.tags import TrackReader, TrackTags, tag_matrix

UPSTREAM_SPLITS = {"train": "train", "valid": "validation", "test": "test"}
Subset = Literal["all", "genre", "instrument", "moodtheme", "top50tags"]


class JamendoTracks(TrackReader):
    """Tags of MTG-Jamendo, for one official split.

    Args:
        split: Number of the official split, 0 to 4.
        subset: Which tags: ``all`` 183, or one category, or the 50 most frequent.
        root: Folder of the collection; by default ``mtg_jamendo`` under the data root.
        audio: Folder of the audio files, below ``root`` unless absolute.
        ending: Ending of their names, where it is not upstream's: ``.npy`` for the collection's own spectrograms, from
            which a model can learn in place of audio.
        file: A single file in the same format to read instead of the split's three; all its tracks are test tracks.
    """

    def __init__(
        self,
        split: int = 0,
        subset: Subset = "all",
        root: str | None = None,
        audio: str = "audio",
        ending: str | None = None,
        file: str | None = None,
    ) -> None:
        if not 0 <= split <= 4:
            raise ValueError(f"MTG-Jamendo has the splits 0 to 4, not {split}")
        self.split, self.subset, self.ending, self.file = split, subset, ending, file
        self.root = Path(root) if root else declared("mtg_jamendo").root
        self.audio = self.root / audio

    def files(self) -> dict[str, Path]:
        """The file of each split.

        Raises:
            MissingDataError: One is not there.
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
            MissingDataError: A file is not there.
            BadFileError: A file is damaged, or a track occurs twice.
        """
        tracks: list[JamendoTrack] = []
        seen: set[str] = set()
        splits = {name: np.zeros(0, dtype=np.int64) for name in UPSTREAM_SPLITS}
        for name, path in self.files().items():
            own = list(read_jamendo_tsv(path))
            for track in own:
                if track.track_id in seen:
                    raise BadFileError(path, f"track {track.track_id!r} occurs twice", REMEDY, track.line)
                seen.add(track.track_id)
            splits[name] = np.arange(len(tracks), len(tracks) + len(own))
            tracks += own
        tags = sorted({tag for track in tracks for tag in track.tags})
        return TrackTags(
            name=f"{self.root.name} ({self.file})" if self.file else f"MTG-Jamendo split-{self.split} {self.subset}",
            track_ids=tuple(track.track_id for track in tracks),
            artist_ids=tuple(track.artist_id for track in tracks),
            tags=tuple(tag.partition("---")[2] or tag for tag in tags),
            matrix=tag_matrix([track.tags for track in tracks], tags),
            groups=tuple(tag.partition("---")[0] if "---" in tag else "" for tag in tags),
            unseen=np.zeros(len(tags), dtype=bool),
            splits=splits,
            audio=tuple(self._file(track.path) for track in tracks),
        )

    def _file(self, path: str) -> Path:
        file = self.audio / path
        return file if self.ending is None else file.with_suffix(self.ending)
