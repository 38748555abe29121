"""What a library holds: unit vectors of tracks, their metadata, tags and the words to ask with; opened in no time.

Shape suffixes: N tracks, D dimensions, T tags, Q queries, K answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mwe.core.errors import BadFileError, StaleArtefactError, UnknownNameError
from mwe.search.ann import ApproximateSearch
from mwe.search.exact import ExactSearch, Search
from mwe.search.layout import REMEDY, TAGS, TRACKS, Declaration, open_matrix, open_table, read_table, reading
from mwe.search.tags import TagTable, library_prototypes
from mwe.words import WordVectors

if TYPE_CHECKING:
    from mwe.search.model import TrainedModel

SHOWN = ("track_id", "artist_id", "path", "tags")
SPREAD_ROWS = 20_000  # rows that the spread of the tracks is measured on
ROUNDING = 0.01  # of the length of a unit vector in float16, and to spare


@dataclass(frozen=True)
class Filters:
    """Which tracks may be answers.

    Args:
        tags: A track must have all of these.
        without_tags: It must have none of these.
        artists: It must be by one of these.
        without_artists: It must be by none of these.
    """

    tags: Sequence[str] = ()
    without_tags: Sequence[str] = ()
    artists: Sequence[str] = ()
    without_artists: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.tags or self.without_tags or self.artists or self.without_artists)


class Stored:
    """The edition of a library that is in force: one memory-mapped matrix and tables beside it.

    Args:
        root: Folder of the library, as ``mwe index`` writes it.
        approximate: Whether to search by the approximate index that ``mwe index-ann`` made.

    Raises:
        MissingDataError: The folder is no library.
        StaleArtefactError: Another version wrote it.
        BadFileError: One of its files is damaged.
    """

    def __init__(self, root: str | Path, approximate: bool = False) -> None:
        self.root = Path(root)
        self.declared = Declaration.read(self.root)
        self.matrix_ND = open_matrix(self.root, self.declared)
        # kept open: a new edition may delete the file while this one is being asked
        self._tracks_file = self.root / self.declared.tracks_file
        self._file = open_table(self._tracks_file, TRACKS)
        if self._file.metadata.num_rows != len(self.matrix_ND):
            what = f"{self._file.metadata.num_rows:,} tracks beside a matrix of {len(self.matrix_ND):,} rows"
            raise BadFileError(self._tracks_file, what, REMEDY)
        groups = range(self._file.metadata.num_row_groups)
        self._ends = np.cumsum([self._file.metadata.row_group(group).num_rows for group in groups])
        self._columns: dict[str, pa.Array] = {}
        self.search_method: Search = (
            ApproximateSearch.open(self.root, self.declared) if approximate else ExactSearch(self.matrix_ND)
        )

    def __len__(self) -> int:
        return len(self.matrix_ND)

    @property
    def space(self) -> str:
        """Name of the embedding space."""
        return self.declared.space

    @property
    def dim(self) -> int:
        """Dimensions of the space."""
        return self.declared.dim

    @property
    def tracks(self) -> pa.Table:
        """IDs, artists, files and tags of all tracks, read anew."""
        with reading(self._tracks_file):
            return self._file.read()

    def column(self, name: str) -> pa.Array:
        """One column of the tracks, read at the first use; most queries need none."""
        if name not in self._columns:
            with reading(self._tracks_file):
                chunks = self._file.read(columns=[name])[name].chunks
            self._columns[name] = pa.concat_arrays(chunks) if chunks else pa.array([], TRACKS.field(name).type)
        return self._columns[name]

    def row(self, row: int) -> dict[str, Any]:
        """The columns ``SHOWN`` of one track, tags by name; only its part of the table is read."""
        group = int(np.searchsorted(self._ends, row, side="right"))
        place = row - (int(self._ends[group - 1]) if group else 0)
        tags = self.tags.tags
        with reading(self._tracks_file):
            table = self._file.read_row_group(group, columns=list(SHOWN), use_threads=False)
            found: dict[str, Any] = table.slice(place, 1).to_pylist()[0]
            return {**found, "tags": [tags[tag] for tag in found["tags"]]}

    def vectors(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """The vectors of some tracks, (R, D) float32.

        Raises:
            BadFileError: One is not of length 1, so the file is damaged.
        """
        vector_RD = np.asarray(self.matrix_ND[rows], dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            length_R = np.linalg.norm(vector_RD, axis=1)
        broken = np.flatnonzero(~(np.abs(length_R - 1) < ROUNDING))  # also where it is NaN
        if len(broken):
            what = f"row {int(rows[broken[0]])} is not of length 1"
            raise BadFileError(self.root / self.declared.matrix_file, what, REMEDY)
        return vector_RD

    @cached_property
    def words(self) -> WordVectors:
        """Words, tags, artists and tracks that can be asked with; their vectors are in the joint space already."""
        return WordVectors.load(self.root / self.declared.words)

    @cached_property
    def tags(self) -> TagTable:
        """Tags of the model and of the tracks."""
        path = self.root / self.declared.tags_file
        with reading(path):
            return TagTable.of_table(read_table(path, TAGS))

    @cached_property
    def prototypes(self) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors of the tags, (T, D), and which tags have one, (T,)."""
        return library_prototypes(self.tags.tags, self.words)

    @cached_property
    def artists(self) -> pa.DictionaryArray:
        """Artist of each track, as a code and the names the codes stand for."""
        return self.column("artist_id").dictionary_encode()

    @cached_property
    def spread_of_tracks(self) -> float:
        """Standard deviation of the cosine of the tracks with a typical one of them."""
        return self.spread_of(self._sample_ND)

    @cached_property
    def spread_of_tags(self) -> float | None:
        """The same with a typical tag; nothing where no tag has a vector."""
        prototype_TD, known_T = self.prototypes
        return self.spread_of(prototype_TD[known_T]) if known_T.any() else None

    def spread_of(self, unit_XD: np.ndarray) -> float:
        """Standard deviation of the cosine of the tracks with some unit vectors, their quadratic mean."""
        if not len(self):
            return 0.0
        covariance_DD = np.cov(self._sample_ND, rowvar=False, bias=True).reshape(self.dim, self.dim)
        return float(np.sqrt(max(np.einsum("xd,de,xe->x", unit_XD, covariance_DD, unit_XD, optimize=True).mean(), 0)))

    @cached_property
    def _sample_ND(self) -> np.ndarray:
        """Tracks, float64; of a large library evenly spaced ones."""
        rows = np.linspace(0, len(self) - 1, min(len(self), SPREAD_ROWS)).astype(np.int64)
        return np.asarray(self.matrix_ND[rows], dtype=np.float64)

    @cached_property
    def trained(self) -> "TrainedModel":
        """The model, for audio files.

        Raises:
            MissingDataError: Its run folder is gone.
            StaleArtefactError: It has been trained anew since.
        """
        # Lightning is needed for audio alone: a search without it starts sooner and takes less memory
        from mwe.audio.preprocessing import Preprocessing
        from mwe.search.model import TrainedModel

        trained = TrainedModel(self.declared.run, Preprocessing.from_dict(self.declared.preprocessing))
        self.require_space(trained)
        return trained

    def require_space(self, trained: "TrainedModel") -> None:
        """Refuse a model of another embedding space.

        Raises:
            StaleArtefactError: Its vectors must not be compared with those of the library.
        """
        if trained.space != self.space:
            raise StaleArtefactError(
                f"{self.root} is of embedding space {self.space} (made with {self.declared.run}), {trained.run} gives "
                f"{trained.space}: its weights or its preprocessing are others. Index into another folder."
            )

    def row_of(self, track_id: str) -> int | None:
        """Row of a track, by its ID or else by a file name that only one track has; nothing where there is none."""
        row = pc.index(self.column("track_id"), track_id).as_py()
        if row >= 0:
            return int(row)
        rows = np.flatnonzero(
            pc.ends_with(self.column("path"), f"/{track_id.lstrip('/')}").to_numpy(zero_copy_only=False)
        )
        return int(rows[0]) if len(rows) == 1 else None

    def rows_of_artist(self, artist_id: str) -> np.ndarray:
        """Rows of an artist's tracks; none where the library has no such artist."""
        code = pc.index(self.artists.dictionary, artist_id).as_py()
        codes: np.ndarray = self.artists.indices.to_numpy()
        return np.flatnonzero(codes == code) if code >= 0 and artist_id else np.zeros(0, np.int64)

    def rows_of_tag(self, tag: str) -> np.ndarray:
        """Rows of the tracks that have a tag.

        Raises:
            UnknownNameError: The library knows no such tag.
        """
        if tag not in self._tag_place:
            raise UnknownNameError("tag", tag, self.tags.tags)
        offsets, places = self._tag_lists
        return np.searchsorted(offsets, np.flatnonzero(places == self._tag_place[tag]), side="right") - 1

    def tags_of(self, row: int) -> list[str]:
        """Names of a track's own tags."""
        offsets, places = self._tag_lists
        return [self.tags.tags[place] for place in places[offsets[row] : offsets[row + 1]]]

    def allowed(self, filters: Filters) -> np.ndarray | None:
        """Which tracks pass, boolean (N,); nothing where all do.

        Raises:
            UnknownNameError: A tag or artist to filter by is not in the library.
        """
        if not filters:
            return None
        allowed_N = np.ones(len(self), dtype=bool)
        for tag in filters.tags:
            allowed_N &= self._mask(self.rows_of_tag(tag))
        for tag in filters.without_tags:
            allowed_N[self.rows_of_tag(tag)] = False
        if filters.artists:
            allowed_N &= self._mask(np.concatenate([self._known_artist(artist) for artist in filters.artists]))
        for artist in filters.without_artists:
            allowed_N[self._known_artist(artist)] = False
        return allowed_N

    @cached_property
    def _tag_place(self) -> dict[str, int]:
        return {tag: place for place, tag in enumerate(self.tags.tags)}

    @cached_property
    def _tag_lists(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each track's tags begin, (N + 1,), and the places of the tags."""
        lists = self.column("tags")
        return lists.offsets.to_numpy(), lists.values.to_numpy()

    def _mask(self, rows: np.ndarray) -> np.ndarray:
        mask_N = np.zeros(len(self), dtype=bool)
        mask_N[rows] = True
        return mask_N

    def _known_artist(self, artist: str) -> np.ndarray:
        rows = self.rows_of_artist(artist)
        if not len(rows):
            raise UnknownNameError("artist", artist, [name for name in self.artists.dictionary.to_pylist() if name])
        return rows
