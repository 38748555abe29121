"""MagTag5K (Marques et al., 2011): the sparse collection of the paper, 5,259 songs with 136 tags."""

from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.core.matrix import read_matrix
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

FILE = "annotations.csv"
REMEDY = "Write the annotations anew; `mwe data magtag5k` says how."


class MagTag5k(Collection):
    """The MagTag5K tag documents, from their annotation matrix.

    How upstream's own archive lays its annotations out could not be checked. This reads the plainest form of them, one
    line a song with 0 or 1 for each tag.

    Args:
        root: Folder that holds ``annotations.csv``; by default ``magtag5k`` under the data root (``MWE_DATA``).
    """

    def __init__(self, root: str | None = None) -> None:
        self.root = root

    def read(self) -> TagDocuments:
        """Read ``annotations.csv``; songs without a tag are left out and counted.

        Raises:
            MissingDataError: The file is not there.
            BadFileError: A line is not as expected, a song occurs twice, or the file holds no document.
        """
        path = declared("magtag5k").require(FILE, root=Path(self.root) if self.root else None) / FILE
        tags_of = {name: tags for _, name, tags in read_matrix(path, REMEDY)}
        if not any(tags_of.values()):
            raise BadFileError(path, "no song with a tag in this file", REMEDY)
        return from_tag_lists("MagTag5K", tags_of)
