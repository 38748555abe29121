"""AllMusic's genres, styles, moods and themes of MSD tracks, from an HDF5 table of lists written by pandas."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.core.extras import require_extra
from mwe.tracks.msd_artists import msd_artists
from mwe.tracks.pickles import plain_values
from mwe.tracks.track_tags import TrackReader, TrackTags, tracks_of

LABELS = "AMG_Multilabel_tagsets/msd_amglabels_all.h5"
KINDS = ("genres", "styles", "moods", "themes")
REMEDY = "Fetch it again; `mwe data show allmusic` says from where."


class AllMusicLabelTracks(TrackReader):
    """The 1,402 tags of AllMusic that the paper trains on (Table I); ``AllMusicTracks`` has only genres and styles.

    A tag of several kinds, such as a mood that is also a theme, gets the group of the first.

    Args:
        root: Folder of the collection; by default ``allmusic`` under the data root.
        file: The HDF5 file.
        kinds: Which of its columns to read.
        min_tracks: Leave out tags of fewer tracks.
    """

    def __init__(
        self, root: str | None = None, file: str = LABELS, kinds: Sequence[str] = KINDS, min_tracks: int = 1
    ) -> None:
        self.root = Path(root) if root else declared("allmusic").root
        self.file, self.kinds, self.min_tracks = file, tuple(kinds), min_tracks

    def read(self) -> TrackTags:
        """Read the file. Its lists are pickled: only lists and texts are read, and no code in it runs.

        Raises:
            MissingDataError: The file or the package that reads HDF5 is missing.
            BadFileError: The file is damaged, or is not a table of lists of tags.
        """
        path = declared("allmusic").require(self.file, root=self.root) / self.file
        tags_of: dict[str, list[str]] = {}
        group_of: dict[str, str] = {}
        for track, kind, tags in _cells(path, self.kinds):
            if isinstance(tags, float):  # pandas' mark of a missing value
                continue
            if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
                raise BadFileError(path, f"{kind} of {track} are not a list of texts", REMEDY)
            lowercase = [tag.lower() for tag in tags]
            tags_of.setdefault(track, []).extend(lowercase)
            for tag in lowercase:
                group_of.setdefault(tag, kind.removesuffix("s"))
        artists = msd_artists(self.root, declared("msd").root)
        return tracks_of("AllMusic (MSD), all labels", tags_of, artists, group_of, min_tracks=self.min_tracks)


def _cells(path: Path, kinds: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield the track, column and content of every cell, column by column in the order of ``kinds``."""
    h5py = require_extra("h5py", "hdf5", f"{path} is HDF5")
    try:
        with h5py.File(path, "r") as file:
            (table,) = file.values()
            tracks = _texts(table["axis1"], path)
            # pandas stores columns of one type together as a block, with its values by row
            columns: dict[str, Any] = {}
            for name in (key for key in table if key.endswith("_items")):
                cells_NC = _stored(table[name.replace("_items", "_values")], path)
                columns |= {kind: cells_NC[:, column] for column, kind in enumerate(_texts(table[name], path))}
    except (OSError, KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise BadFileError(path, f"not a table as pandas writes it ({error})", REMEDY) from error
    for kind in kinds:
        if kind not in columns or len(columns[kind]) != len(tracks):
            raise BadFileError(path, f"no column {kind!r} of {len(tracks)} rows, only {sorted(columns)}", REMEDY)
        yield from ((track, kind, cell) for track, cell in zip(tracks, columns[kind], strict=True))


def _stored(dataset: Any, path: Path) -> Any:
    """Return an array or, if PyTables stored an object, the plain values of its pickle."""
    if dataset.attrs.get("PSEUDOATOM") == b"object":
        return plain_values(io.BytesIO(bytes(dataset[0])), path)
    return dataset[()]


def _texts(dataset: Any, path: Path) -> list[str]:
    return [value.decode() if isinstance(value, bytes) else str(value) for value in _stored(dataset, path)]
