"""CAL10K (Tingle et al., 2010): about ten thousand songs with tags of musicologists, one line a song."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from mwe.core.cal10k import REMEDY, read_cal10k_tsv
from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

FILE = "cal10k_tags.tsv"


class Cal10k(Collection):
    """The CAL10K tag documents with their artists: 763 tags of 10 songs or more.

    Args:
        root: Folder that holds ``cal10k_tags.tsv``; by default ``cal10k`` under the data root (``MWE_DATA``).
        min_songs: Tags of fewer songs are left out.
    """

    def __init__(self, root: str | None = None, min_songs: int = 10) -> None:
        self.root = root
        self.min_songs = min_songs

    def read(self) -> TagDocuments:
        """Read ``cal10k_tags.tsv``.

        Raises:
            MissingDataError: The file is not there.
            BadFileError: The header or a line is not as expected, an id occurs twice, or the file holds no document.
        """
        path = declared("cal10k").require(FILE, root=Path(self.root) if self.root else None) / FILE
        songs = {one.song: one for one in read_cal10k_tsv(path)}
        songs_of = Counter(tag for one in songs.values() for tag in set(one.tags))
        kept = {song: {tag for tag in one.tags if songs_of[tag] >= self.min_songs} for song, one in songs.items()}
        if not any(kept.values()):
            raise BadFileError(path, f"no tag of {self.min_songs} or more songs in this file", REMEDY)
        documents = from_tag_lists("CAL10K", kept)
        return replace(documents, artists=tuple(songs[song].artist for song in documents.ids))
