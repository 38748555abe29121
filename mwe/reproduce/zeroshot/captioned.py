"""Collections of captioned tracks: Song Describer and MusicCaps, with tags, audio and subsets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mwe.core.errors import BadFileError
from mwe.corpora.reviews import MusicCaps, SongDescriber, literal_strings
from mwe.tracks.folder import read_rows

TAG_COLUMNS = ("genre", "instrument", "mood/theme")
ENDINGS = (".mp3", ".2min.mp3", ".low.mp3")  # of Jamendo's files: whole, Song Describer's two minutes, the smaller copy
SOUNDS = (".wav", ".mp3", ".flac", ".ogg", ".m4a")


class CaptionedTrack(NamedTuple):
    """A track with its captions.

    Attributes:
        track_id: The track.
        captions: Its captions, in the order of the table.
        tags: Its tags.
        audio: Where its audio file may lie.
    """

    track_id: str
    captions: tuple[str, ...]
    tags: tuple[str, ...]
    audio: tuple[Path, ...]

    def file(self) -> Path | None:
        """Return the first audio file that is on disk, if one is."""
        return next((path for path in self.audio if path.is_file()), None)


def song_describer(root: Path | None = None, jamendo: Sequence[Path] = ()) -> list[CaptionedTrack]:
    """Read the valid subset of Song Describer, a track for its captions.

    Args:
        root: Folder of ``song_describer.csv``; by default that of the collection. Audio may lie in its ``audio``.
        jamendo: Folders of MTG-Jamendo's audio, which has the same paths.

    Raises:
        MissingDataError: The table is missing.
        BadFileError: The table is damaged, or no caption is valid.
    """
    source = SongDescriber(str(root) if root else None)
    (path,) = source.files()
    remedy = "Fetch it again: `mwe data show song_describer` says from where."
    folders = (source.root / "audio", *jamendo)
    tracks: dict[str, CaptionedTrack] = {}
    columns = ("caption", "track_id", "is_valid_subset", "path", *TAG_COLUMNS)
    for line, row in read_rows(path, columns, remedy=remedy):
        if row["is_valid_subset"] not in ("True", "False", ""):
            raise BadFileError(path, f"is_valid_subset is {row['is_valid_subset']!r}", remedy, line)
        if row["is_valid_subset"] != "True":
            continue
        tags = tuple(tag for name in TAG_COLUMNS for tag in literal_strings(path, line, row[name], remedy))
        stem = row["path"].removesuffix(".mp3")
        audio = tuple(folder / f"{stem}{ending}" for folder in folders for ending in ENDINGS)
        former = tracks.get(row["track_id"])
        captions = (*former.captions, row["caption"]) if former else (row["caption"],)
        tracks[row["track_id"]] = CaptionedTrack(row["track_id"], captions, tags, audio)
    if not tracks:
        raise BadFileError(path, "no caption is of the valid subset", remedy)
    return list(tracks.values())


def music_caps(root: Path | None = None, evaluation: bool = False) -> list[CaptionedTrack]:
    """Read MusicCaps; its aspects are tags, and audio may lie in ``audio`` under the ID of the clip.

    Args:
        root: Folder of ``musiccaps-public.csv``; by default that of the collection.
        evaluation: Whether to read only the clips of AudioSet's evaluation set.

    Raises:
        MissingDataError: The table is missing.
        BadFileError: The table is damaged, or it has no such clip.
    """
    source = MusicCaps(str(root) if root else None)
    (path,) = source.files()
    remedy = "Fetch it again: `mwe data show musiccaps` says from where."

    def clips() -> Iterator[CaptionedTrack]:
        for line, row in read_rows(path, ("ytid", "aspect_list", "caption", "is_audioset_eval"), remedy=remedy):
            if row["is_audioset_eval"] not in ("True", "False"):
                raise BadFileError(path, f"is_audioset_eval is {row['is_audioset_eval']!r}", remedy, line)
            if row["is_audioset_eval"] == "True" or not evaluation:
                tags = literal_strings(path, line, row["aspect_list"], remedy)
                audio = tuple(source.root / "audio" / f"{row['ytid']}{ending}" for ending in SOUNDS)
                yield CaptionedTrack(row["ytid"], (row["caption"],), tags, audio)

    read = list(clips())
    if not read:
        raise BadFileError(path, "no clip is of the evaluation set", remedy)
    return read
