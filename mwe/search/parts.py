"""What an index job has embedded so far: small Parquet files, each whole, of which an interrupted job goes on."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mwe.audio.shards import MelRow, Source
from mwe.core.errors import StaleArtefactError
from mwe.core.files import atomic_write
from mwe.core.parquet import PARQUET_ERRORS

_NAME = re.compile(r"part-(\d+)-r(\d+)\.parquet")
_COLUMNS = {
    "track_id": pa.string(),
    "path": pa.string(),
    "size": pa.int64(),
    "mtime_ns": pa.int64(),
    "status": pa.string(),
    "detail": pa.string(),
    "loudness_db": pa.float32(),
    "seconds": pa.float32(),
}
_SPACE_KEY = b"embedding_space"


class Outcome(NamedTuple):
    """What became of one file.

    Attributes:
        row: Track, file and outcome.
        seconds: Duration; 0 where unreadable.
        embedding_D: Unit vector of the track; none where unreadable.
    """

    row: MelRow
    seconds: float
    embedding_D: np.ndarray | None


class PartSettings(NamedTuple):
    """What the parts of a job have in common.

    Attributes:
        folder: Folder of the parts.
        space: The embedding space, kept in every part.
        dim: Dimensions of an embedding.
        first: Number of the first part, above those already there.
        size: A part is written at this many files.
    """

    folder: Path
    space: str
    dim: int
    first: int
    size: int


class PartWriter:
    """Collects outcomes and writes them as parts; at most one part is held in memory.

    Args:
        settings: Where and how parts are written.
        rank: This process.
    """

    def __init__(self, settings: PartSettings, rank: int) -> None:
        self._settings, self._rank = settings, rank
        self._number = settings.first
        self._held: list[Outcome] = []

    def append(self, outcomes: Sequence[Outcome]) -> None:
        """Add files."""
        self._held += outcomes
        if len(self._held) >= self._settings.size:
            self.flush()

    def flush(self) -> None:
        """Write what is held as one part, if anything is."""
        if not self._held:
            return
        table = _table(self._held, self._settings.dim).replace_schema_metadata({_SPACE_KEY: self._settings.space})
        with atomic_write(self._settings.folder / f"part-{self._number:06d}-r{self._rank:04d}.parquet") as temporary:
            pq.write_table(table, temporary)
        self._held, self._number = [], self._number + 1


def _table(held: Sequence[Outcome], dim: int) -> pa.Table:
    zero = np.zeros(dim, np.float32)
    vectors = np.stack([zero if one.embedding_D is None else one.embedding_D for one in held]).astype(np.float32)
    columns: dict[str, list[Any]] = {
        "track_id": [one.row.track_id for one in held],
        "path": [one.row.path for one in held],
        "size": [one.row.source.size for one in held],
        "mtime_ns": [one.row.source.mtime_ns for one in held],
        "status": [one.row.status for one in held],
        "detail": [one.row.detail for one in held],
        "loudness_db": [one.row.loudness_db for one in held],
        "seconds": [one.seconds for one in held],
    }
    embeddings = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
    return pa.table(columns, pa.schema(_COLUMNS)).append_column("embedding", embeddings)


class Parts:
    """Everything the parts of a folder hold; of a file read twice the later outcome counts.

    Args:
        folder: Folder of the parts; there may be none.
        space: The embedding space they must be of.

    Raises:
        StaleArtefactError: A part is damaged, or of another embedding space.
    """

    def __init__(self, folder: Path, space: str) -> None:
        self.folder = folder
        names = sorted(path.name for path in folder.glob("part-*.parquet") if _NAME.fullmatch(path.name))
        self.next_number = 1 + max((int(name.split("-")[1]) for name in names), default=-1)
        parts = [_read(folder / name, space) for name in names]
        self._vectors = [vectors for _, vectors in parts]
        self._ends = np.cumsum([len(vectors) for vectors in self._vectors])
        self.columns = {name: [value for columns, _ in parts for value in columns[name]] for name in _COLUMNS}
        self.place = {name: place for place, name in enumerate(self.columns["track_id"])}

    def __len__(self) -> int:
        return len(self.place)

    def source(self, track_id: str) -> Source | None:
        """State of a track's file when it was read; nothing for a track that no part has."""
        place = self.place.get(track_id)
        return None if place is None else Source(self.columns["size"][place], self.columns["mtime_ns"][place])

    def status(self, track_id: str) -> str | None:
        """What became of a track; nothing where no part has it."""
        place = self.place.get(track_id)
        return None if place is None else str(self.columns["status"][place])

    def embedding(self, track_id: str) -> np.ndarray:
        """The unit vector of an embedded track, (D,)."""
        place = self.place[track_id]
        part = int(np.searchsorted(self._ends, place, side="right"))
        first = int(self._ends[part - 1]) if part else 0
        return np.asarray(self._vectors[part][place - first])

    def remove(self) -> None:
        """Delete the parts, once what they hold is in the library."""
        for path in [*self.folder.glob("part-*.parquet"), *self.folder.glob(".part-*")]:
            path.unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def _read(path: Path, space: str) -> tuple[dict[str, list[Any]], np.ndarray]:
    """The columns of a part and its vectors, (N, D)."""
    try:
        table = pq.read_table(path, partitioning=None)
        found = (table.schema.metadata or {}).get(_SPACE_KEY, b"").decode()
        columns = table.select(list(_COLUMNS)).cast(pa.schema(_COLUMNS)).to_pydict()
        vectors: np.ndarray = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = vectors.reshape(len(table), -1)
    except (*PARQUET_ERRORS, LookupError, AttributeError) as error:
        raise StaleArtefactError(f"{path}: damaged ({error}). Delete it: only its files are read anew.") from error
    if found != space:
        raise StaleArtefactError(
            f"{path}: an unfinished job of another model (embedding space {found or 'unknown'}, this one is {space}). "
            f"Finish that job with its own --model, or delete {path.parent}."
        )
    return columns, vectors
