"""Reader of a mel store: whole batches of crops from memory-mapped shards."""

import hashlib
import sys
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mwe.audio.mel_settings import MelSettings
from mwe.audio.mels import Ints, Mels
from mwe.audio.shards import OK, FileStamp, Mel, open_mels, read_indices
from mwe.audio.store_settings import read_settings


class SkippedTrack(NamedTuple):
    """A track without a spectrogram.

    Attributes:
        track_id: The track.
        path: Its audio file.
        reason: Class of outcome, such as ``truncated``.
        detail: One line about the cause.
    """

    track_id: str
    path: str
    reason: str
    detail: str


class MelStore(Mels):
    """Log-mel spectrograms of many tracks, float16 and time-major, read in place.

    Rows number the tracks with a spectrogram, in the order of ``track_ids``. A store can be sent to loader workers:
    memory maps are opened at their first use.

    Args:
        root: Folder of the store.
        settings: Settings that the reader needs, compared with those of the store.

    Raises:
        StaleArtefactError: There is no store, it was made with other settings, or one of its files is damaged.
    """

    def __init__(self, root: str | Path, settings: MelSettings | None = None) -> None:
        self.root = Path(root)
        self.settings = read_settings(self.root, settings)
        self.n_mels = self.settings.n_mels
        self._shard_names = []
        shards: list[Ints] = []
        columns: dict[str, list[Any]] = {}
        for number, (name, table) in enumerate(read_indices(self.root, self.n_mels)):
            self._shard_names.append(name)
            shards.append(np.full(len(table), number))
            for column in table.column_names:
                values = table[column]
                text = str(values.type) == "string"
                columns.setdefault(column, []).append(values.to_pylist() if text else values.to_numpy())
        self._index(shards, columns)
        self._maps: dict[int, Mel] = {}

    @classmethod
    def open(cls, root: str | Path, settings: MelSettings | None = None) -> "MelStore":
        """Open the store in a folder; see the class."""
        return cls(root, settings)

    def _index(self, shards: list[Ints], columns: dict[str, list[Any]]) -> None:
        """Index the last row of every track, separately for tracks with a spectrogram and skipped ones."""

        def texts(name: str) -> list[str]:
            return [text for part in columns.get(name, []) for text in part]

        def numbers(name: str, dtype: Any = np.int64) -> npt.NDArray[Any]:
            return np.concatenate([np.zeros(0, dtype), *columns.get(name, [])])

        ids, paths, status, detail = texts("track_id"), texts("path"), texts("status"), texts("detail")
        last = sorted({track_id: row for row, track_id in enumerate(ids)}.values())
        self._listed = [ids[row] for row in last], numbers("size")[last], numbers("mtime_ns")[last]
        self._status = [sys.intern(status[row]) for row in last]
        self.skipped_tracks = [
            SkippedTrack(ids[row], paths[row], status[row], detail[row]) for row in last if status[row] != OK
        ]
        rows = np.array([row for row in last if status[row] == OK], dtype=np.int64)
        self.track_ids: list[str] = [ids[row] for row in rows]
        self._row_of = {track_id: row for row, track_id in enumerate(self.track_ids)}
        self._shard = np.concatenate([np.zeros(0, np.int64), *shards])[rows]
        self._offset, self._frames = numbers("offset")[rows], numbers("frames")[rows]
        self.loudness_db: npt.NDArray[np.float32] = numbers("loudness_db", np.float32)[rows]

    @cached_property
    def _outcomes(self) -> dict[str, tuple[FileStamp, str]]:
        """Outcomes by track, made on first use, since they take 70 MB of memory for the tracks of MSD."""
        ids, size, mtime_ns = self._listed
        sources = map(FileStamp, size.tolist(), mtime_ns.tolist())
        return dict(zip(ids, zip(sources, self._status, strict=True), strict=True))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_maps": {}}

    @property
    def skipped(self) -> dict[str, int]:
        """Number of tracks without a spectrogram by reason."""
        reasons, counts = np.unique([track.reason for track in self.skipped_tracks], return_counts=True)
        return {str(reason): int(count) for reason, count in zip(reasons, counts, strict=True)}

    def fingerprint(self) -> str:
        """Return a hash of all tracks, the sizes of their files and their outcomes."""
        lines = (f"{name}\t{source.size}\t{status}\n" for name, (source, status) in sorted(self._outcomes.items()))
        return hashlib.sha256("".join(lines).encode(errors="surrogatepass")).hexdigest()

    def counts(self) -> dict[str, int]:
        """Return the number of tracks by outcome."""
        return dict(sorted(Counter(self._status).items()))

    def outcome(self, track_id: str) -> tuple[FileStamp, str] | None:
        """Return the state of the audio file when it was read, and its status; None for a track never tried."""
        return self._outcomes.get(track_id)

    def _read(self, row_B: Ints, frame_BL: Ints) -> Mel:
        frame_in_shard_BL = frame_BL + self._offset[row_B, None]
        crop_BLM = np.empty((*frame_BL.shape, self.n_mels), np.float16)
        shard_B = self._shard[row_B]
        for shard in np.unique(shard_B):  # one gather per shard, as fast as one copy per item
            in_shard_B = shard_B == shard
            crop_BLM[in_shard_B] = self._mels(int(shard))[frame_in_shard_BL[in_shard_B]]
        return crop_BLM

    def _missing(self, track_id: str) -> str:
        _, status = self._outcomes.get(track_id, (None, None))
        return f"track in {self.root}" if status is None else f"track in {self.root} (it was skipped as {status})"

    def mel(self, track_id: str) -> Mel:
        """Return the whole spectrogram of a track, shape (frames, bands)."""
        row = int(self.rows_of([track_id])[0])
        offset = int(self._offset[row])
        return np.array(self._mels(int(self._shard[row]))[offset : offset + int(self._frames[row])])

    def _mels(self, shard: int) -> Mel:
        if shard not in self._maps:
            self._maps[shard] = open_mels(self._shard_names[shard].path(self.root, "npy"), self.n_mels)
        return self._maps[shard]
