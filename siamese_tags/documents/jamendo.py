"""Tag documents of MTG-Jamendo (Bogdanov et al., 2019): upstream's TSV files of one official split."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

HEADER = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS")
PARTS = ("train", "validation", "test")
REMEDY = "Fetch it anew: `mwe fetch mtg_jamendo`."


class Jamendo(Collection):
    """The tracks of an official split, 183 tags, whose training, validation and test parts share no artist.

    Args:
        root: Folder of the collection; by default ``mtg_jamendo`` under the data root (``MWE_DATA``).
        split: Number of the official split, 0 to 4.
    """

    def __init__(self, root: str | None = None, split: int = 0) -> None:
        if not 0 <= split <= 4:
            raise ValueError(f"MTG-Jamendo has the splits 0 to 4, not {split}")
        self.root = root
        self.split = split

    def read(self) -> TagDocuments:
        """Read the three files of the split.

        Raises:
            MissingDataError: A file is not there.
            BadFileError: A header or line is not as upstream writes it, or a track occurs twice.
        """
        files = {part: f"data/splits/split-{self.split}/autotagging-{part}.tsv" for part in PARTS}
        root = declared("mtg_jamendo").require(*files.values(), root=Path(self.root) if self.root else None)
        artist_of: dict[str, str] = {}
        tags_of: dict[str, tuple[str, ...]] = {}
        parts = {}
        for part, file in files.items():
            before = len(tags_of)
            for number, (track, artist, tags) in _tracks(root / file):
                if track in tags_of:
                    raise BadFileError(root / file, f"track {track!r} occurs twice in the split", REMEDY, number)
                artist_of[track], tags_of[track] = artist, tags
            parts[part] = np.arange(before, len(tags_of))
        documents = from_tag_lists("MTG-Jamendo", tags_of)
        return replace(documents, artists=tuple(artist_of.values()), parts=parts)


def _tracks(path: Path) -> Iterator[tuple[int, tuple[str, str, tuple[str, ...]]]]:
    """Line number, and track, artist and tags; TAGS spills over as many further columns as there are tags."""
    with open(path, encoding="utf-8-sig") as lines:
        try:
            for number, line in enumerate(lines, 1):
                fields = line.rstrip("\r\n").split("\t")
                if number == 1 and tuple(fields) != HEADER:
                    raise BadFileError(path, f"expected the header {' '.join(HEADER)}, found {line[:80]!r}", REMEDY, 1)
                if len(fields) < len(HEADER) or not all(fields):
                    what = f"expected {len(HEADER)} or more filled fields, found {len(fields)}"
                    raise BadFileError(path, what, REMEDY, number)
                if number > 1:
                    yield number, (fields[0], fields[1], tuple(fields[5:]))
        except UnicodeDecodeError as error:
            raise BadFileError(path, f"not UTF-8 ({error.reason})", REMEDY) from error
