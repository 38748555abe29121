"""GTZAN (Tzanetakis & Cook, 2002): 1,000 excerpts of 30 seconds in ten genres, a folder for each."""

from dataclasses import replace
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks.track_tags import TrackReader, TrackTags, tracks_of

ENDINGS = (".wav", ".au", ".mp3", ".flac")


class GtzanTracks(TrackReader):
    """GTZAN, from its audio files: ``genres/blues/blues.00000.wav``. Artists are not known.

    Args:
        root: Folder that holds ``genres``; by default ``gtzan`` under the data root.

    Examples:
        >>> for genre in ("blues", "hiphop"):
        ...     Path(f"genres/{genre}").mkdir(parents=True)
        ...     Path(f"genres/{genre}/{genre}.00000.wav").touch()
        >>> tracks = GtzanTracks(".").read()
        >>> tracks.track_ids, tracks.of_track(1)
        (('blues.00000', 'hiphop.00000'), ['hip hop'])
    """

    def __init__(self, root: str | None = None) -> None:
        self.root = Path(root) if root else declared("gtzan").root

    def read(self) -> TrackTags:
        """List the files; ``hiphop`` is the tag *hip hop*.

        Raises:
            MissingDataError: The folder, or every file in it, is missing.
            BadFileError: Two files have one name.
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
        tags_of = {track: [path.parent.name.replace("hiphop", "hip hop")] for track, path in files.items()}
        tracks = tracks_of("GTZAN", tags_of, group_of={tags[0]: "genre" for tags in tags_of.values()})
        return replace(tracks, audio=tuple(files[track] for track in tracks.track_ids))
