"""Shards of a mel store: spectrograms and their indices."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mwe.core.arrays import read_array, write_rows
from mwe.core.errors import BadFileError, StaleArtefactError
from mwe.core.files import atomic_write
from mwe.core.parquet import PARQUET_ERRORS

Mel = npt.NDArray[np.float16]

OK = "ok"
_NAME = re.compile(r"shard-r(\d+)-(\d+)\.parquet")
_SIZE_KEY = b"npy_bytes"
_SCHEMA = pa.schema(
    [
        ("track_id", pa.string()),
        ("path", pa.string()),
        ("offset", pa.int64()),
        ("frames", pa.int64()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("loudness_db", pa.float32()),
        ("status", pa.string()),
        ("detail", pa.string()),
    ]
)


class FileStamp(NamedTuple):
    """State of an audio file when it was read.

    Attributes:
        size: Bytes, -1 if there was no file.
        mtime_ns: Time of the last change in nanoseconds, -1 if there was no file.
    """

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str | Path) -> "FileStamp":
        """Return the state of a file without reading it."""
        try:
            state = os.stat(path)
        except OSError:
            return cls(-1, -1)
        return cls(state.st_size, state.st_mtime_ns)


class MelRow(NamedTuple):
    """Entry of a track in the index, without the position of its spectrogram.

    Attributes:
        track_id: The track.
        path: Its audio file.
        source: State of that file.
        status: ``ok``, or the reason why there is no spectrogram.
        detail: One line on that reason, or on what is damaged in a file that was read.
        loudness_db: Mean square of the samples in dB of full scale; NaN without a spectrogram.
    """

    track_id: str
    path: str
    source: FileStamp
    status: str = OK
    detail: str = ""
    loudness_db: float = float("nan")


def columns_of(rows: Sequence[MelRow]) -> dict[str, list[Any]]:
    """Return rows as columns of an Arrow table."""
    return {
        "track_id": [row.track_id for row in rows],
        "path": [row.path for row in rows],
        "size": [row.source.size for row in rows],
        "mtime_ns": [row.source.mtime_ns for row in rows],
        "status": [row.status for row in rows],
        "detail": [row.detail for row in rows],
        "loudness_db": [row.loudness_db for row in rows],
    }


class ShardName(NamedTuple):
    """A shard; later numbers replace tracks of earlier ones.

    Attributes:
        number: Number that increases over all runs into a store.
        rank: Process that wrote it.
    """

    number: int
    rank: int

    def path(self, root: Path, ending: str) -> Path:
        """Return the file of the shard, for ``npy`` or ``parquet``."""
        return root / f"shard-r{self.rank}-{self.number:05d}.{ending}"


def shard_names(root: Path) -> list[ShardName]:
    """Return the finished shards, oldest first; a shard without an index was interrupted and does not count."""
    matches = (_NAME.fullmatch(path.name) for path in root.glob("shard-*.parquet"))
    return sorted(ShardName(int(match[2]), int(match[1])) for match in matches if match)


def remove_leftovers(root: Path) -> None:
    """Delete leftovers of an interrupted run: temporary files and spectrograms without an index."""
    finished = {name.path(root, "npy") for name in shard_names(root)}
    for path in [*root.glob(".shard-*"), *root.glob("shard-*.npy")]:
        if path not in finished:
            path.unlink(missing_ok=True)


class MelShardWriter:
    """Collects spectrograms and writes them as shards. At most one shard is in memory.

    The spectrograms are written first, then the index, both under temporary names that are synced and renamed. A shard
    exists if its index does, even after an interruption.

    Args:
        root: Folder of the store.
        rank: Rank of this process.
        first: Number of the first shard, above those of existing shards.
        n_mels: Number of mel bands.
        shard_tracks: Maximum number of tracks per shard.
        shard_frames: Maximum number of frames per shard; 2^20 frames of 128 bands take 256 MiB.
    """

    def __init__(
        self,
        root: Path,
        *,
        rank: int = 0,
        first: int = 0,
        n_mels: int = 128,
        shard_tracks: int = 2048,
        shard_frames: int = 1 << 20,
    ) -> None:
        self._root, self._rank, self._number, self._n_mels = root, rank, first, n_mels
        self._shard_tracks, self._shard_frames = shard_tracks, shard_frames
        self._rows: list[MelRow] = []
        self._mels: list[Mel] = []

    def append(self, row: MelRow, mel_TM: npt.ArrayLike | None = None) -> None:
        """Add one track; ``mel_TM`` of shape (frames, bands) is None for a skipped one."""
        mel = np.empty((0, self._n_mels)) if mel_TM is None else np.asarray(mel_TM)
        if mel.ndim != 2 or mel.shape[1] != self._n_mels or (row.status == OK) != bool(len(mel)):
            raise ValueError(f"track {row.track_id!r}: status {row.status!r} with a spectrogram of shape {mel.shape}")
        self._rows.append(row)
        self._mels.append(mel.astype(np.float16, order="C"))
        if len(self._rows) >= self._shard_tracks or sum(map(len, self._mels)) >= self._shard_frames:
            self.flush()

    def extend(self, tracks: Iterable[tuple[MelRow, npt.ArrayLike | None]]) -> None:
        """Add several tracks."""
        for row, mel_TM in tracks:
            self.append(row, mel_TM)

    def flush(self) -> None:
        """Write the collected tracks, if any, as one shard."""
        if not self._rows:
            return
        name = ShardName(self._number, self._rank)
        frames = np.array([len(mel) for mel in self._mels], dtype=np.int64)
        with atomic_write(name.path(self._root, "npy")) as temporary:
            write_rows(temporary, np.float16, (int(frames.sum()), self._n_mels), self._mels)
            size = temporary.stat().st_size
        table = _index_table(self._rows, np.cumsum(frames) - frames, frames)
        with atomic_write(name.path(self._root, "parquet")) as temporary:
            pq.write_table(table.replace_schema_metadata({_SIZE_KEY: str(size)}), temporary)
        self._rows, self._mels, self._number = [], [], self._number + 1


def _index_table(rows: Sequence[MelRow], offsets: npt.NDArray[np.int64], frames: npt.NDArray[np.int64]) -> pa.Table:
    return pa.table({**columns_of(rows), "offset": offsets, "frames": frames}, schema=_SCHEMA)


def read_indices(root: Path, n_mels: int) -> Iterator[tuple[ShardName, pa.Table]]:
    """Yield the indices of the finished shards, oldest first, each compared with the size of its spectrograms.

    Raises:
        StaleArtefactError: An index is damaged, or its spectrograms are missing or of another size.
    """
    for name in shard_names(root):
        path, npy = name.path(root, "parquet"), name.path(root, "npy")
        try:
            table = pq.read_table(path, schema=_SCHEMA, partitioning=None)
            table.validate(full=True)  # checks that texts are UTF-8
            stated = int(pq.read_schema(path).metadata[_SIZE_KEY])
        except (*PARQUET_ERRORS, KeyError, TypeError) as error:
            raise _damaged(path, f"not a readable index ({type(error).__name__})", path, npy) from error
        size = npy.stat().st_size if npy.exists() else -1
        if any(table[name].null_count for name in table.column_names):
            raise _damaged(path, "a value is missing", path, npy)
        if size != stated:
            actual = f"{size:,} bytes" if size >= 0 else "missing"
            raise _damaged(npy, f"{actual}, its index states {stated:,} bytes", path, npy)
        offsets, frames = np.asarray(table["offset"]), np.asarray(table["frames"])
        ends = offsets + frames
        if min(offsets.min(initial=0), frames.min(initial=0), ends.min(initial=0)) < 0:
            raise _damaged(path, "a position of a spectrogram is negative", path, npy)
        if len(ends) and int(ends.max()) * n_mels * 2 >= size:  # the rest is the .npy header
            raise _damaged(path, f"frame {int(ends.max()):,} is beyond the {size:,} bytes of {npy.name}", path, npy)
        yield name, table


def open_mels(path: Path, n_mels: int) -> Mel:
    """Memory-map the spectrograms of a shard, shape (frames, bands).

    Raises:
        StaleArtefactError: The file is not a float16 array of that width.
    """
    try:
        mels: Mel = read_array(path, "", mapped=True)
    except BadFileError as error:
        raise _damaged(path, f"not a readable array ({error.__cause__})", path, path.with_suffix(".parquet")) from error
    if mels.dtype != np.float16 or mels.ndim != 2 or mels.shape[1] != n_mels:
        message = f"{mels.dtype} of shape {mels.shape}, not float16 of shape (frames, {n_mels})"
        raise _damaged(path, message, path, path.with_suffix(".parquet"))
    return mels


def _damaged(file: Path, what: str, *shard: Path) -> StaleArtefactError:
    names = " and ".join(sorted(path.name for path in shard))
    return StaleArtefactError(f"{file}: {what}. Delete {names} and extract again: only their tracks are read again.")
