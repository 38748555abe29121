"""CAL500 (Turnbull et al., 2007): 502 songs with tags from a survey, as one gzip-compressed JAMS file per song.

``mwe.tracks.cal500_features`` reads the features that Mulan publishes with the same songs and tags.
"""

import gzip
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError, expecting
from mwe.core.files import parsed_json
from mwe.core.lines import DAMAGED
from mwe.tracks.track_tags import TrackReader, TrackTags, tracks_of

REMEDY = "Fetch the file again: `mwe data fetch cal500`."


class Cal500JamsTracks(TrackReader):
    """CAL500 with its artists and its tags as published, such as ``Genre--_Brit_Pop``.

    Args:
        root: Folder that holds ``jams/``; by default ``cal500`` under the data root (``MWE_DATA``).
        drop_tags: Leave out tags with one of these prefixes. Without the ``Genre-Best`` tags, which repeat others, 158
            of 174 are left.
    """

    def __init__(self, root: str | None = None, drop_tags: tuple[str, ...] = ("Genre-Best",)) -> None:
        self.root, self.drop_tags = Path(root) if root else None, tuple(drop_tags)

    def read(self) -> TrackTags:
        """Read every ``jams/N.jamz`` in ascending order of N.

        Raises:
            MissingDataError: The folder is missing or, under the data root, one of its files.
            BadFileError: A file is damaged or not JAMS.
        """
        known = declared("cal500")
        folder = known.require("jams", root=self.root) / "jams"
        paths: dict[int, Path] = {}
        for path in sorted(folder.glob("*.jamz")):
            if (other := paths.setdefault(_number(path), path)) is not path:
                raise BadFileError(path, f"has the number of {other.name}", "Remove one of them.")
        if self.root is None and (missing := [path for path in known.checksums if not (known.root / path).is_file()]):
            raise MissingDataError(
                f"cal500: {len(missing)} of {len(known.checksums)} files not found, such as {known.root / missing[0]}. "
                f"{known.how_to_get}"
            )
        if not paths:
            raise BadFileError(folder, "no *.jamz file in this folder", REMEDY)
        songs = {str(number): read_jams(paths[number]) for number in sorted(paths)}
        tags_of = {
            song: [tag for tag in tags if not tag.startswith(self.drop_tags)] for song, (_, tags) in songs.items()
        }
        return tracks_of("CAL500", tags_of, {song: artist for song, (artist, _) in songs.items()})


def read_jams(path: Path) -> tuple[str, list[str]]:
    """Return the artist (empty if the file names none) and the tag names of one JAMS file.

    Raises:
        BadFileError: The file is damaged or has no tag annotation.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            content = parsed_json(file.read())
    except (ValueError, *DAMAGED) as error:
        raise BadFileError(path, f"not a gzip-compressed JSON file ({error})", REMEDY) from error
    with expecting(path, "no annotations[0].data[].value as in JAMS", REMEDY):
        tags = [observation["value"] for observation in content["annotations"][0]["data"]]
        artist = content.get("file_metadata", {}).get("artist")
    if not all(isinstance(tag, str) for tag in tags) or not isinstance(artist, str | None):
        kind = "a tag" if isinstance(artist, str | None) else "the artist"
        raise BadFileError(path, f"{kind} is not text", REMEDY)
    return artist or "", tags


def _number(path: Path) -> int:
    if not path.stem.isdecimal():
        raise BadFileError(path, "the name is not a number, as in 12.jamz", "Remove it from the folder.")
    return int(path.stem)
