"""CAL500 (Turnbull et al., 2007): 502 songs with tags from a survey, as one gzip-compressed JAMS file a song."""

import gzip
from dataclasses import replace
from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError, expecting
from mwe.core.files import parsed_json
from mwe.core.lines import DAMAGED
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

REMEDY = "Fetch the file again: `mwe fetch cal500`."


class Cal500(Collection):
    """The CAL500 tag documents: 502 songs, 158 tags once the ``Genre-Best`` tags, which repeat others, are left out.

    Args:
        root: Folder that holds ``jams/``; by default ``cal500`` under the data root (``MWE_DATA``).
        drop_tags: Prefixes of tags to leave out.
    """

    def __init__(self, root: str | None = None, drop_tags: tuple[str, ...] = ("Genre-Best",)) -> None:
        self.root = root
        self.drop_tags = tuple(drop_tags)

    def read(self) -> TagDocuments:
        """Read every ``jams/N.jamz``, by ascending N.

        Raises:
            MissingDataError: The folder is not there, or under the data root not all of its files are.
            BadFileError: A file is damaged or not JAMS; the message names it.
        """
        known = declared("cal500")
        folder = known.require("jams", root=Path(self.root) if self.root else None) / "jams"
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
        songs = {str(n): read_jams(paths[n]) for n in sorted(paths)}
        documents = from_tag_lists("CAL500", {song: tags for song, (_, tags) in songs.items()}, self.drop_tags)
        return replace(documents, artists=tuple(songs[song][0] for song in documents.ids))


def read_jams(path: Path) -> tuple[str, list[str]]:
    """The artist (an empty name where the file does not tell) and the tag names of one JAMS file.

    Raises:
        BadFileError: The file is damaged or holds no tag annotation.
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
