"""Tag documents of MTG-Jamendo (Bogdanov et al., 2019): upstream's TSV files of one official split."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.core.jamendo import REMEDY, read_jamendo_tsv
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

PARTS = ("train", "validation", "test")


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
            for track in read_jamendo_tsv(root / file):
                if (name := track.track_id) in tags_of:
                    raise BadFileError(root / file, f"track {name!r} occurs twice in the split", REMEDY, track.line)
                artist_of[name], tags_of[name] = track.artist_id, track.tags
            parts[part] = np.arange(before, len(tags_of))
        documents = from_tag_lists("MTG-Jamendo", tags_of)
        return replace(documents, artists=tuple(artist_of.values()), parts=parts)
