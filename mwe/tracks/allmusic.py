"""AllMusic's genres, styles, moods and themes of MSD's tracks, a table of lists that pandas wrote as HDF5."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError
from mwe.core.extras import require_extra
from mwe.tracks.build import msd_artists, tracks_of
from mwe.tracks.pickles import plain_values
from mwe.tracks.tags import TrackReader, TrackTags

LABELS = "AMG_Multilabel_tagsets/msd_amglabels_all.h5"
KINDS = ("genres", "styles", "moods", "themes")
REMEDY = "Fetch it anew; `mwe data allmusic` says from where."


class AllMusicLabelTracks(TrackReader):
    """The 1,402 tags of AllMusic that the paper trains on (Table I); ``AllMusicTracks`` has genres and styles alone.

    A tag of several kinds, such as a mood that is a theme too, has the group of the first.

    Args:
        root: Folder of the collection; by default ``allmusic`` under the data root.
        file: The HDF5 file.
        kinds: Which of its columns to read.
        min_tracks: Tags of fewer tracks are left out.
    """

    def __init__(
        self, root: str | None = None, file: str = LABELS, kinds: Sequence[str] = KINDS, min_tracks: int = 1
    ) -> None:
        self.root = Path(root) if root else declared("allmusic").root
        self.file, self.kinds, self.min_tracks = file, tuple(kinds), min_tracks

    def read(self) -> TrackTags:
        """Read the file. The lists in it are pickled: nothing but lists and texts comes out, nothing in it is run.

        Raises:
            MissingDataError: The file or the package that reads HDF5 is not there.
            BadFileError: The file is damaged, or no table of lists of tags.
        """
        path = declared("allmusic").require(self.file, root=self.root) / self.file
        tags_of: dict[str, list[str]] = {}
        group_of: dict[str, str] = {}
        for track, kind, tags in _cells(path, self.kinds):
            if isinstance(tags, float):  # pandas' mark of a missing value
                continue
            if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
                raise BadFileError(path, f"{kind} of {track} are no list of texts", REMEDY)
            named = [tag.lower() for tag in tags]
            tags_of.setdefault(track, []).extend(named)
            for tag in named:
                group_of.setdefault(tag, kind.removesuffix("s"))
        artists = msd_artists(self.root, declared("msd").root)
        return tracks_of("AllMusic (MSD), all labels", tags_of, artists, group_of, min_tracks=self.min_tracks)


def _cells(path: Path, kinds: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    """Track, column and content of every cell, column by column in the order asked for."""
    h5py = require_extra("h5py", "hdf5", f"{path} is HDF5")
    try:
        with h5py.File(path, "r") as file:
            (table,) = file.values()
            tracks = _texts(table["axis1"], path)
            # pandas keeps columns of one type together as a block, its values by row
            columns: dict[str, Any] = {}
            for name in (one for one in table if one.endswith("_items")):
                cells_NC = _stored(table[name.replace("_items", "_values")], path)
                columns |= {kind: cells_NC[:, place] for place, kind in enumerate(_texts(table[name], path))}
    except (OSError, KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise BadFileError(path, f"no table as pandas writes it ({error})", REMEDY) from error
    for kind in kinds:
        if kind not in columns or len(columns[kind]) != len(tracks):
            raise BadFileError(path, f"no column {kind!r} of {len(tracks)} rows, only {sorted(columns)}", REMEDY)
        yield from ((track, kind, cell) for track, cell in zip(tracks, columns[kind], strict=True))


def _stored(dataset: Any, path: Path) -> Any:
    """An array, or where PyTables stored an object, what its pickle holds."""
    if dataset.attrs.get("PSEUDOATOM") == b"object":
        return plain_values(io.BytesIO(bytes(dataset[0])), path)
    return dataset[()]


def _texts(dataset: Any, path: Path) -> list[str]:
    return [one.decode() if isinstance(one, bytes) else str(one) for one in _stored(dataset, path)]
