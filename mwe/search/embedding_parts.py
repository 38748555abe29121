"""Parts of an index job: small, complete Parquet files of embeddings, from which an interrupted job resumes."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mwe.audio.shards import FileStamp, MelRow, columns_of
from mwe.core.errors import StaleArtefactError
from mwe.core.files import atomic_write
from mwe.core.parquet import PARQUET_ERRORS
from mwe.search.metadata import METADATA, Metadata, metadata_of, metadata_row

PART_SECONDS = 10.0
"""Seconds after which finished files are written; a job that is killed loses the files since then."""

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
    "metadata": pa.struct(METADATA),
}
_SPACE_KEY = b"embedding_space"


class Outcome(NamedTuple):
    """Outcome of one file.

    Attributes:
        row: Track, file and outcome.
        seconds: Duration; 0 if unreadable.
        embedding_D: Unit vector of the track; None if unreadable.
        metadata: What is known beside the sound.
    """

    row: MelRow
    seconds: float
    embedding_D: np.ndarray | None
    metadata: Metadata = Metadata()


class PartSettings(NamedTuple):
    """Common settings of the parts of a job.

    Attributes:
        folder: Folder of the parts.
        space: The embedding space, stored in every part.
        dim: Dimensions of an embedding.
        first: Number of the first part, above those of existing parts.
        size: Number of files per part.
    """

    folder: Path
    space: str
    dim: int
    first: int
    size: int


class PartWriter:
    """Collects outcomes and writes them as parts. At most one part is in memory.

    Args:
        settings: Settings of the parts.
        rank: Rank of this process.
    """

    def __init__(self, settings: PartSettings, rank: int) -> None:
        self._settings, self._rank = settings, rank
        self._number = settings.first
        self._pending: list[Outcome] = []
        self._written = monotonic()

    def extend(self, outcomes: Iterable[Outcome]) -> None:
        """Add files, and write a part if there are enough of them, or if the last was written long ago."""
        self._pending += outcomes
        if len(self._pending) >= self._settings.size or monotonic() - self._written >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the pending outcomes, if any, as one part."""
        if not self._pending:
            return
        table = _table(self._pending, self._settings.dim).replace_schema_metadata({_SPACE_KEY: self._settings.space})
        with atomic_write(self._settings.folder / f"part-{self._number:06d}-r{self._rank:04d}.parquet") as temporary:
            pq.write_table(table, temporary)
        self._pending, self._number, self._written = [], self._number + 1, monotonic()


def _table(outcomes: Sequence[Outcome], dim: int) -> pa.Table:
    zero = np.zeros(dim, np.float32)
    vectors = np.stack([zero if outcome.embedding_D is None else outcome.embedding_D for outcome in outcomes])
    vectors = vectors.astype(np.float32)
    columns = {
        **columns_of([outcome.row for outcome in outcomes]),
        "seconds": [outcome.seconds for outcome in outcomes],
        "metadata": [metadata_row(outcome.metadata) for outcome in outcomes],
    }
    embeddings = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
    return pa.table(columns, pa.schema(_COLUMNS)).append_column("embedding", embeddings)


class Parts:
    """The content of all parts of a folder. If a file was read twice, the later outcome counts.

    Args:
        folder: Folder of the parts, possibly without any.
        space: The required embedding space.

    Raises:
        StaleArtefactError: A part is damaged or of another embedding space.
    """

    def __init__(self, folder: Path, space: str) -> None:
        self.folder = folder
        names = sorted(path.name for path in folder.glob("part-*.parquet") if _NAME.fullmatch(path.name))
        self.next_number = 1 + max((int(name.split("-")[1]) for name in names), default=-1)
        parts = [_read(folder / name, space) for name in names]
        self._vectors = [vectors for _, vectors in parts]
        self._ends = np.cumsum([len(vectors) for vectors in self._vectors])
        self.columns = {name: [value for columns, _ in parts for value in columns[name]] for name in _COLUMNS}
        self.index_of = {name: index for index, name in enumerate(self.columns["track_id"])}

    def __len__(self) -> int:
        return len(self.index_of)

    def source(self, track_id: str) -> FileStamp | None:
        """Return the state of a track's file when it was read; None if no part has the track."""
        index = self.index_of.get(track_id)
        return None if index is None else FileStamp(self.columns["size"][index], self.columns["mtime_ns"][index])

    def status(self, track_id: str) -> str | None:
        """Return the status of a track; None if no part has it."""
        index = self.index_of.get(track_id)
        return None if index is None else str(self.columns["status"][index])

    def metadata(self, track_id: str) -> Metadata | None:
        """Return what is known of a track beside its sound; None if no part has it."""
        index = self.index_of.get(track_id)
        return None if index is None else self.columns["metadata"][index]

    def embedding(self, track_id: str) -> np.ndarray:
        """Return the unit vector of an embedded track, (D,)."""
        index = self.index_of[track_id]
        part = int(np.searchsorted(self._ends, index, side="right"))
        first = int(self._ends[part - 1]) if part else 0
        return np.asarray(self._vectors[part][index - first])

    def remove(self) -> None:
        """Delete the parts after their content is in the library."""
        for path in [*self.folder.glob("part-*.parquet"), *self.folder.glob(".part-*")]:
            path.unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def _read(path: Path, space: str) -> tuple[dict[str, list[Any]], np.ndarray]:
    """Return the columns of a part and its vectors, (N, D)."""
    try:
        table = pq.read_table(path, partitioning=None)
        if "metadata" not in table.column_names:  # of a job that an earlier version began
            table = table.append_column("metadata", pa.array([metadata_row(Metadata())] * len(table)))
        part_space = (table.schema.metadata or {}).get(_SPACE_KEY, b"").decode()
        columns = table.select(list(_COLUMNS)).cast(pa.schema(_COLUMNS)).to_pydict()
        columns["metadata"] = [metadata_of(row) for row in columns["metadata"]]
        vectors: np.ndarray = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = vectors.reshape(len(table), -1)
    except (*PARQUET_ERRORS, LookupError, AttributeError, TypeError) as error:
        raise StaleArtefactError(f"{path}: damaged ({error}). Delete it: only its files are read again.") from error
    if part_space != space:
        raise StaleArtefactError(
            f"{path}: an unfinished job of another model (embedding space {part_space or 'unknown'}, not {space}). "
            f"Finish that job with its own --model, or delete {path.parent}."
        )
    return columns, vectors
