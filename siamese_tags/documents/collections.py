"""The collections of the papers as tag documents, from the readers of ``mwe.tracks``."""

from abc import ABC, abstractmethod

from mwe.tracks import (
    Cal10kTracks,
    Cal500JamsTracks,
    JamendoTracks,
    MagnaTagATuneSongs,
    MagTag5kTracks,
    TagPairTracks,
    TrackReader,
)
from siamese_tags.documents.tag_documents import TagDocuments


class Collection(ABC):
    """Source of tag documents. Configurations name its sub-classes by class path."""

    @abstractmethod
    def read(self) -> TagDocuments:
        """Read the whole collection."""


class TrackDocuments(Collection):
    r"""The tag documents of any collection that ``mwe.tracks`` can read.

    Args:
        tracks: Reader of the collection.
        name: Name of the collection in tables; by default that of the reader.

    Examples:
        >>> from pathlib import Path
        >>> from mwe.tracks import FolderTracks
        >>> _ = Path("tracks.tsv").write_text("path\ttags\n1.mp3\trock|calm\n2.mp3\trock\n")
        >>> print(TrackDocuments(FolderTracks("."), "mine").read())
        mine: 2 documents, 2 tags, 1.50 a document
    """

    def __init__(self, tracks: TrackReader, name: str | None = None) -> None:
        self.tracks, self.name = tracks, name

    def read(self) -> TagDocuments:
        """Read the collection.

        Raises:
            MissingDataError: A file is missing.
            BadFileError: A file is damaged.
        """
        return TagDocuments.of(self.tracks.read(), self.name)


class Cal500(TrackDocuments):
    """CAL500: 502 songs with 158 tags, without the ``Genre-Best`` tags, which repeat others.

    Args:
        root: Folder that holds ``jams/``; by default ``cal500`` under the data root (``MWE_DATA``).
        drop_tags: Leave out tags with one of these prefixes.
    """

    def __init__(self, root: str | None = None, drop_tags: tuple[str, ...] = ("Genre-Best",)) -> None:
        super().__init__(Cal500JamsTracks(root, drop_tags))


class Cal10k(TrackDocuments):
    """CAL10K with its artists: 763 tags of 10 songs or more.

    Args:
        root: Folder that holds ``cal10k_tags.tsv``; by default ``cal10k`` under the data root (``MWE_DATA``).
        min_songs: Leave out tags of fewer songs.
    """

    def __init__(self, root: str | None = None, min_songs: int = 10) -> None:
        super().__init__(Cal10kTracks(root, min_songs, prefix=""))


class Jamendo(TrackDocuments):
    """MTG-Jamendo: 183 tags, and an official split whose parts share no artist.

    Args:
        root: Folder of the collection; by default ``mtg_jamendo`` under the data root (``MWE_DATA``).
        split: Number of the official split, 0 to 4.
    """

    def __init__(self, root: str | None = None, split: int = 0) -> None:
        super().__init__(JamendoTracks(split, root=root, categories=True), "MTG-Jamendo")


class MagTag5k(TrackDocuments):
    """MagTag5K, the sparse collection of the paper: 5,259 songs with 136 tags.

    Args:
        root: Folder that holds ``annotations.csv``; by default ``magtag5k`` under the data root (``MWE_DATA``).
    """

    def __init__(self, root: str | None = None) -> None:
        super().__init__(MagTag5kTracks(root))


class MagnaSongs(TrackDocuments):
    """The songs of MagnaTagATune, a stand-in for MagTag5K: about five of 36 tags per song.

    Args:
        root: Folder that holds ``MTAT_split``; by default ``magnatagatune`` under the data root (``MWE_DATA``).
        share: Share of a song's clips that must have a tag, above 0 and up to 1.
    """

    def __init__(self, root: str | None = None, share: float = 0.2) -> None:
        super().__init__(MagnaTagATuneSongs(root, share))


class TsvDocuments(TrackDocuments):
    """Tag documents of a file with one ``id<TAB>tag`` per line; the first line may be a header ``id<TAB>tag``.

    Args:
        path: The file, UTF-8.
        name: Name of the collection in tables; by default the file's name.
        drop_tags: Leave out tags with one of these prefixes.
        splits: File with one ``id<TAB>part`` per line, where a part is ``train``, ``validation`` (or ``valid``) or
            ``test``: an official split, used by masked-context priming. Other documents are left out and counted.
    """

    def __init__(
        self, path: str, name: str | None = None, drop_tags: tuple[str, ...] = (), splits: str | None = None
    ) -> None:
        super().__init__(TagPairTracks(path, name, drop_tags, splits))
