"""What earlier jobs, and the parts of this one, know of the tracks of a library.

Shape suffixes: D dimensions.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from mwe.audio.cue_sheet import WHOLE
from mwe.audio.file_tags import FileTags
from mwe.audio.shards import OK, FileStamp
from mwe.search.embedding_parts import Parts
from mwe.search.metadata import METADATA, Metadata, metadata_of, metadata_table
from mwe.search.partly_read import PartlyRead
from mwe.search.skipped_tracks import Skipped
from mwe.search.store import LibraryStore

MEASURED = ("size", "mtime_ns", "seconds", "loudness_db")


class Known:
    """Known outcomes of tracks: from the parts of this job, the library, and its list of skipped files, in that order.

    Args:
        library: The current edition, if there is one.
        parts: Tracks embedded since.
        skipped: Tracks that earlier jobs could not embed.
        partly_read: Tracks of which earlier jobs could read a part only.
    """

    def __init__(
        self,
        library: LibraryStore | None,
        parts: Parts,
        skipped: dict[str, Skipped],
        partly_read: Mapping[str, PartlyRead],
    ) -> None:
        self.library, self.parts, self.skipped, self._partly_read = library, parts, skipped, partly_read
        ids = library.column("track_id").to_pylist() if library else []
        self.rows = {name: row for row, name in enumerate(ids)}
        self._metadata = library.metadata.read() if library and library.metadata else METADATA.empty_table()
        self._starts, self._ends = (self._metadata[name].to_numpy() for name in ("start", "end"))
        self.read_since: dict[str, FileTags] = {}  # tags of files that are otherwise unchanged
        self._columns = {name: library.column(name).to_numpy() for name in MEASURED} if library else {}

    def status(self, track_id: str) -> str | None:
        """Return ``ok``, the reason why a track was skipped, or None for a track never tried."""
        if (status := self.parts.status(track_id)) is not None:
            return status
        if track_id in self.skipped:
            return self.skipped[track_id].reason
        return OK if track_id in self.rows else None

    def outcome(self, track_id: str) -> tuple[FileStamp, str] | None:
        """Return the state of a track's file when it was read, and its status; None for a track never tried."""
        source, status = self.source(track_id), self.status(track_id)
        return None if source is None or status is None else (source, status)

    def source(self, track_id: str) -> FileStamp | None:
        """Return the state of a track's file when it was read; None for a track never tried."""
        if (source := self.parts.source(track_id)) is not None:
            return source
        if track_id in self.skipped:
            return self.skipped[track_id].source
        row = self.rows.get(track_id)
        return None if row is None else FileStamp(*(int(self._columns[name][row]) for name in MEASURED[:2]))

    def failure(self, track_id: str) -> tuple[str, str, str, int, int]:
        """Return path, reason, detail, size and modification time of a track that could not be embedded."""
        if (index := self.parts.index_of.get(track_id)) is not None:
            path, reason, detail, size, time = (
                self.parts.columns[name][index] for name in ("path", "status", "detail", "size", "mtime_ns")
            )
            return path, reason, detail, size, time
        path, reason, detail, source = self.skipped[track_id]
        return path, reason, detail, source.size, source.mtime_ns

    def verdict(self, track_id: str) -> str:
        """Return how much of an embedded track was read; empty if all of it."""
        if (index := self.parts.index_of.get(track_id)) is not None:
            return str(self.parts.columns["detail"][index])
        return self._partly_read[track_id].verdict if track_id in self._partly_read else ""

    def embedding(self, track_id: str) -> np.ndarray:
        """Return the unit vector of an embedded track, (D,)."""
        if self.parts.status(track_id) == OK or self.library is None:
            return self.parts.embedding(track_id)
        return np.asarray(self.library.matrix_ND[self.rows[track_id]])

    def measured(self, track_id: str) -> tuple[int | float, ...]:
        """Return the columns ``MEASURED`` of an embedded track."""
        index = self.parts.index_of.get(track_id)
        columns, row = (self._columns, self.rows[track_id]) if index is None else (self.parts.columns, index)
        return tuple(columns[name][row] for name in MEASURED)

    def span(self, track_id: str) -> tuple[float, float]:
        """Return begin and end in its file of an embedded track, in seconds."""
        if (known := self.parts.metadata(track_id)) is not None:
            return known.span
        row = self.rows.get(track_id, len(self._metadata))
        if row >= len(self._metadata):
            return WHOLE
        return float(self._starts[row]), float(self._ends[row])

    def metadata(self, track_ids: Sequence[str]) -> pa.Table:
        """Return what is known of embedded tracks beside their sound, a table of ``METADATA``."""
        rows: list[int] = []
        renewed: list[Metadata] = []
        for track_id in track_ids:
            row = self.rows.get(track_id, len(self._metadata))  # a library of an earlier version has no metadata
            known = self.parts.metadata(track_id)
            if known is None and track_id not in self.read_since and row < len(self._metadata):
                rows.append(row)
                continue
            if known is None:
                former = self._metadata.slice(row, 1).to_pylist()
                known = metadata_of(former[0]) if former else Metadata()
            rows.append(len(self._metadata) + len(renewed))
            renewed.append(known._replace(tags=self.read_since.get(track_id, known.tags)))
        return pa.concat_tables([self._metadata, metadata_table(renewed)]).take(pa.array(rows, pa.int64()))
