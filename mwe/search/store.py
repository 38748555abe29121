"""The files of a library, read lazily: unit vectors of tracks, their metadata, tags, and words of queries.

Shape suffixes: N tracks, D dimensions, T tags, Q queries, K answers.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mwe.audio.file_tags import FileTags
from mwe.core.errors import BadFileError, StaleArtefactError, UnknownNameError
from mwe.search.layout import DECLARATION, REMEDY, TAGS, TRACKS, Declaration, open_matrix, read_table, reading
from mwe.search.learnt_tags import LearntTags
from mwe.search.metadata import METADATA, Metadata, metadata_of
from mwe.search.row_table import RowTable
from mwe.search.tag_table import TagTable, library_prototypes
from mwe.search.unknown_words import UnknownWords
from mwe.tower_pairs.names import is_pair, require_consent
from mwe.words import WordVectors

if TYPE_CHECKING:
    from mwe.search.library_model import LibraryModel

ROW_COLUMNS = ("track_id", "artist_id", "path", "tags")
SPREAD_ROWS = 20_000  # rows of the sample for the spread of the tracks
ROUNDING = 0.01  # tolerance of the length of a unit vector in float16


class LibraryStore:
    """The current edition of a library: a memory-mapped matrix and tables.

    Args:
        root: Folder of the library, as ``mwe index`` writes it.

    Raises:
        MissingDataError: The folder is not a library.
        StaleArtefactError: Another version wrote it.
        BadFileError: One of its files is damaged.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.declared = Declaration.read(self.root)
        self.matrix_ND = open_matrix(self.root, self.declared)
        self._unit_of_text: dict[str, np.ndarray] = {}
        self._tracks = RowTable(self.root / self.declared.tracks_file, TRACKS, len(self.matrix_ND))
        self.metadata: RowTable | None = None  # in a library made before tags were read
        if self.declared.has_metadata:
            self.metadata = RowTable(self.root / self.declared.metadata_file, METADATA, len(self.matrix_ND))

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
        """IDs, artists, files and tags of all tracks, read on every access."""
        return self._tracks.read()

    def column(self, name: str) -> pa.Array:
        """Return one column of the tracks, read at the first use; most queries need none."""
        return self._tracks.column(name)

    def row(self, row: int) -> dict[str, Any]:
        """Return the columns ``ROW_COLUMNS`` of one track, with tag names; only its part of the table is read."""
        tags = self.tags.tags
        values = self._tracks.row(row, ROW_COLUMNS)
        with reading(self._tracks.path):
            return {**values, "tags": [tags[tag] for tag in values["tags"]]}

    def file_tags(self, row: int) -> FileTags:
        """Return the tags of one track's file; empty if they are not known."""
        return self._metadata_of(row).tags or FileTags()

    def span(self, row: int) -> tuple[float, float]:
        """Return begin and end of one track in its file, in seconds."""
        return self._metadata_of(row).span

    def _metadata_of(self, row: int) -> Metadata:
        return Metadata() if self.metadata is None else metadata_of(self.metadata.row(row))

    def vectors(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the vectors of some tracks, (R, D) float32.

        Raises:
            BadFileError: A vector is not of length 1, so the file is damaged.
        """
        vector_RD = np.asarray(self.matrix_ND[rows], dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            length_R = np.linalg.norm(vector_RD, axis=1)
        broken = np.flatnonzero(~(np.abs(length_R - 1) < ROUNDING))  # also true for NaN
        if len(broken):
            message = f"row {int(rows[broken[0]])} is not of length 1"
            raise BadFileError(self.root / self.declared.matrix_file, message, REMEDY)
        return vector_RD

    @cached_property
    def words(self) -> WordVectors:
        """Words, tags, artists and tracks of queries, with vectors in the joint space."""
        return WordVectors.load(self.root / self.declared.words)

    @cached_property
    def unknown_words(self) -> UnknownWords:
        """What to make of words of queries that have no vector."""
        return UnknownWords(self.words)

    @cached_property
    def learnt(self) -> LearntTags:
        """Tags that were learnt from examples, by ``mwe learn-tag``.

        Raises:
            BadFileError: Their file is damaged.
            StaleArtefactError: They were learnt with another model.
        """
        learnt = LearntTags.read(self.root, self.dim)
        learnt.require_space(self.root, self.space)
        return learnt

    @cached_property
    def tags(self) -> TagTable:
        """Tags of the model and of the tracks, and learnt ones, which stand for others of the same name."""
        return self.learnt.added(self.given_tags)

    @cached_property
    def given_tags(self) -> TagTable:
        """Tags of the model and of the tracks, without learnt ones."""
        path = self.root / self.declared.tags_file
        with reading(path):
            return TagTable.of_table(read_table(path, TAGS))

    @cached_property
    def prototypes(self) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors of the tags, (T, D), and which tags have one, (T,)."""
        prototype_TD, known_T = library_prototypes(self.tags.tags, self.words)
        self.learnt.put_prototypes(self.tags.tags, prototype_TD, known_T)
        return prototype_TD, known_T

    @cached_property
    def artists(self) -> pa.DictionaryArray:
        """Artist of each track, as codes and their names."""
        return self.column("artist_id").dictionary_encode()

    @cached_property
    def spread_of_tracks(self) -> float:
        """Standard deviation of the cosine of the tracks with a typical track."""
        return self.spread_of(self.sample_ND)

    @cached_property
    def spread_of_tags(self) -> float | None:
        """Standard deviation of the cosine of the tracks with a typical tag; None if no tag has a vector."""
        prototype_TD, known_T = self.prototypes
        return self.spread_of(prototype_TD[known_T]) if known_T.any() else None

    def spread_of(self, unit_XD: np.ndarray) -> float:
        """Return the quadratic mean over unit vectors of the standard deviation of their cosines with the tracks."""
        if not len(self):
            return 0.0
        covariance_DD = np.cov(self.sample_ND, rowvar=False, bias=True).reshape(self.dim, self.dim)
        return float(np.sqrt(max(np.einsum("xd,de,xe->x", unit_XD, covariance_DD, unit_XD, optimize=True).mean(), 0)))

    @cached_property
    def sample_ND(self) -> np.ndarray:
        """Tracks, float64; of a large library an evenly spaced sample."""
        rows = np.linspace(0, len(self) - 1, min(len(self), SPREAD_ROWS)).astype(np.int64)
        return np.asarray(self.matrix_ND[rows], dtype=np.float64)

    @cached_property
    def trained(self) -> "LibraryModel":
        """The model, for audio files, and for texts if it is a tower pair.

        Raises:
            MissingDataError: Its run folder is missing.
            StaleArtefactError: It has been trained again since.
            BadFileError: It is a class of somebody's own that the user has not allowed.
        """
        # Lightning is only needed for audio: a search without it starts faster and uses less memory
        from mwe.audio.preprocessing import Preprocessing
        from mwe.search.model import TrainedModel
        from mwe.search.pair_model import PairModel

        trained: LibraryModel
        if self.of_tower_pair:
            require_consent(self.declared.run, self.root / DECLARATION)
            trained = PairModel.open(self.declared.run)
        else:
            trained = TrainedModel(self.declared.run, Preprocessing.from_dict(self.declared.preprocessing))
        self.require_space(trained)
        return trained

    @property
    def of_tower_pair(self) -> bool:
        """Whether the model is a tower pair, which encodes texts itself; else the library has the words of queries."""
        return is_pair(self.declared.run)

    def encoded_text(self, text: str) -> np.ndarray:
        """Return the unit vector of a text by the text tower of a pair, (D,); read once and kept."""
        if text not in self._unit_of_text:
            trained: Any = self.trained
            self._unit_of_text[text] = trained.encode_texts([text])[0]
        return self._unit_of_text[text]

    def prompt(self, tag: str) -> str:
        """Return the text in which the library's tower pair is asked a tag."""
        return str(self.words.made.get("template", "{}")).replace("{}", tag)

    def require_space(self, trained: "LibraryModel") -> None:
        """Refuse a model of another embedding space.

        Raises:
            StaleArtefactError: Its vectors are not comparable with those of the library.
        """
        if trained.space != self.space:
            raise StaleArtefactError(
                f"{self.root} is of embedding space {self.space} (made with {self.declared.run}), {trained.run} gives "
                f"{trained.space}: its weights or its preprocessing differ. Index into another folder."
            )

    def row_of(self, track_id: str) -> int | None:
        """Return the row of a track, by its ID or else by a unique file name; None if there is none."""
        row = pc.index(self.column("track_id"), track_id).as_py()
        if row >= 0:
            return int(row)
        rows = np.flatnonzero(
            pc.ends_with(self.column("path"), f"/{track_id.lstrip('/')}").to_numpy(zero_copy_only=False)
        )
        return int(rows[0]) if len(rows) == 1 else None

    def rows_of_artist(self, artist_id: str) -> np.ndarray:
        """Return the rows of an artist's tracks; empty if the library does not have the artist."""
        code = pc.index(self.artists.dictionary, artist_id).as_py()
        codes: np.ndarray = self.artists.indices.to_numpy()
        return np.flatnonzero(codes == code) if code >= 0 and artist_id else np.zeros(0, np.int64)

    def rows_of_tag(self, tag: str) -> np.ndarray:
        """Return the rows of the tracks that have a tag.

        Raises:
            UnknownNameError: The library does not know the tag.
        """
        if tag not in self._tag_number:
            raise UnknownNameError("tag", tag, self.tags.tags)
        offsets, numbers = self._tag_lists
        return np.searchsorted(offsets, np.flatnonzero(numbers == self._tag_number[tag]), side="right") - 1

    def tags_of(self, row: int) -> list[str]:
        """Return the names of a track's tags."""
        offsets, numbers = self._tag_lists
        return [self.tags.tags[number] for number in numbers[offsets[row] : offsets[row + 1]]]

    @cached_property
    def _tag_number(self) -> dict[str, int]:
        return {tag: number for number, tag in enumerate(self.tags.tags)}

    @cached_property
    def _tag_lists(self) -> tuple[np.ndarray, np.ndarray]:
        """Start of each track's tags, (N + 1,), and the numbers of the tags."""
        lists = self.column("tags")
        return lists.offsets.to_numpy(), lists.values.to_numpy()
