"""GTZAN (Tzanetakis & Cook, 2002): 1,000 excerpts of 30 seconds in ten genres, a folder for each."""

from dataclasses import replace
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.lines import numbered_lines
from mwe.tracks.track_tags import TrackReader, TrackTags, tracks_of

ENDINGS = (".wav", ".au", ".mp3", ".flac")
LISTS = {part: f"{part}_filtered.txt" for part in ("train", "valid", "test")}
LISTS_REMEDY = "Copy it again from jordipons/sklearn-audio-transfer-learning, data/index/GTZAN."


class GtzanTracks(TrackReader):
    """GTZAN, from its audio files: ``genres/blues/blues.00000.wav``. Artists are not known.

    Args:
        root: Folder that holds ``genres``; by default ``gtzan`` under the data root.
        filtered: Whether to read only the excerpts of the fault-filtered split (Kereliuk, Sturm and Larsen, 2015),
            whose three lists know no repeated excerpts, and no artist in two parts: ``train_filtered.txt``,
            ``valid_filtered.txt`` and ``test_filtered.txt``, beside ``genres``.

    Examples:
        >>> for genre in ("blues", "hiphop"):
        ...     Path(f"genres/{genre}").mkdir(parents=True)
        ...     Path(f"genres/{genre}/{genre}.00000.wav").touch()
        >>> tracks = GtzanTracks(".").read()
        >>> tracks.track_ids, tracks.of_track(1)
        (('blues.00000', 'hiphop.00000'), ['hip hop'])
    """

    def __init__(self, root: str | None = None, filtered: bool = False) -> None:
        self.root, self.filtered = Path(root) if root else declared("gtzan").root, filtered

    def read(self) -> TrackTags:
        """List the files; ``hiphop`` is the tag *hip hop*.

        Raises:
            MissingDataError: The folder, every file in it, or a list of the split is missing.
            BadFileError: Two files have one name, or a list names a file that is not there, or names it twice.
        """
        folder = declared("gtzan").require("genres", root=self.root) / "genres"
        files: dict[str, Path] = {}
        for path in sorted(folder.glob("*/*")):
            if path.suffix.lower() in ENDINGS:
                if path.stem in files:
                    raise BadFileError(path, f"{files[path.stem]} has the same name", "Remove one of them.")
                files[path.stem] = path
        if not files:
            raise MissingDataError(f"gtzan: no genres/NAME/*.wav in {self.root}. {declared('gtzan').how_to_get}")
        splits = self._lists(set(files)) if self.filtered else None
        chosen = [track for listed in splits.values() for track in listed] if splits else list(files)
        tags_of = {track: [files[track].parent.name.replace("hiphop", "hip hop")] for track in chosen}
        tracks = tracks_of("GTZAN", tags_of, group_of={tags[0]: "genre" for tags in tags_of.values()}, splits=splits)
        return replace(tracks, audio=tuple(files[track] for track in tracks.track_ids))

    def _lists(self, known: set[str]) -> dict[str, list[str]]:
        """Read the lists, whose lines are ``blues/blues.00029.au``."""
        folder = declared("gtzan").require(*LISTS.values(), root=self.root)
        splits: dict[str, list[str]] = {}
        for part, name in LISTS.items():
            splits[part] = []
            for number, line in numbered_lines(folder / name, LISTS_REMEDY):
                track = Path(line.strip()).stem
                if track not in known:
                    raise BadFileError(folder / name, f"there is no file of {line.strip()!r}", LISTS_REMEDY, number)
                if any(track in listed for listed in splits.values()):
                    raise BadFileError(folder / name, f"{line.strip()!r} is listed twice", LISTS_REMEDY, number)
                splits[part].append(track)
        return splits
