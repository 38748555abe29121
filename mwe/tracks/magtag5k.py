"""MagTag5K (Marques et al., 2011): 5,259 songs with 136 tags, made from MagnaTagATune."""

from pathlib import Path

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.tracks.annotation_matrix import read_matrix
from mwe.tracks.track_tags import TrackReader, TrackTags, tracks_of

FILE = "annotations.csv"
REMEDY = "Write the annotations again; `mwe data show magtag5k` says how."


class MagTag5kTracks(TrackReader):
    r"""The songs of MagTag5K, from their annotation matrix.

    The layout of upstream's own archive could not be checked. This reader expects the simplest one: one line per song
    with 0 or 1 for each tag.

    Args:
        root: Folder of ``annotations.csv``; by default ``magtag5k`` under the data root (``MWE_DATA``).

    Examples:
        >>> _ = Path("annotations.csv").write_text("song,rock,calm\nx,1,0\ny,1,1\n")
        >>> MagTag5kTracks(".").read().matrix.toarray().astype(int)  # columns calm, rock
        array([[0, 1],
               [1, 1]])
    """

    def __init__(self, root: str | None = None) -> None:
        self.root = Path(root) if root else declared("magtag5k").root

    def read(self) -> TrackTags:
        """Read ``annotations.csv``; songs without a tag are left out and counted.

        Raises:
            MissingDataError: The file is missing.
            BadFileError: A line is not as expected, a song occurs twice, or no song has a tag.
        """
        path = declared("magtag5k").require(FILE, root=self.root) / FILE
        tracks = tracks_of("MagTag5K", {song: tags for _, song, tags in read_matrix(path, REMEDY)})
        if not tracks.track_ids:
            raise BadFileError(path, "no song with a tag in this file", REMEDY)
        return tracks
