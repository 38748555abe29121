"""A new edition of a library from the former one and what a job has embedded.

Shape suffixes: N tracks, D dimensions, V words.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mwe.audio.clips import ERROR, readable_name
from mwe.audio.extract import MADE_WITH
from mwe.audio.shards import OK, Source
from mwe.core.arrays import write_rows
from mwe.core.errors import expecting
from mwe.core.files import atomic_write, write_csv
from mwe.core.manifest import manifest
from mwe.search.calibrate import tags_of_run
from mwe.search.layout import GROUP_ROWS, SKIPPED, TRACKS, Declaration
from mwe.search.model import WORD_ROWS, TrainedModel
from mwe.search.parts import Parts
from mwe.search.sources import Item, Listing
from mwe.search.stored import Stored
from mwe.search.tags import TagTable
from mwe.tracks.folder import read_rows
from mwe.words.vectors import write_vocabulary

MEASURED = ("size", "mtime_ns", "seconds", "loudness_db")
SKIPPED_COLUMNS = ("track_id", "path", "reason", "detail", "size", "mtime_ns")


class Skipped(NamedTuple):
    """A track that could not be embedded.

    Attributes:
        path: Its file.
        reason: Class of outcome, such as ``truncated``.
        detail: One line on what was found.
        source: State of the file when it was read.
    """

    path: str
    reason: str
    detail: str
    source: Source


class Known:
    """What is known of tracks: by the parts of this job, by the library, by its list of skipped files; in that order.

    Args:
        library: The edition in force, where there is one.
        parts: What has been embedded since.
        skipped: Tracks that earlier jobs could not embed.
    """

    def __init__(self, library: Stored | None, parts: Parts, skipped: dict[str, Skipped]) -> None:
        self.library, self.parts, self.skipped = library, parts, skipped
        ids = library.column("track_id").to_pylist() if library else []
        self.rows = {name: row for row, name in enumerate(ids)}
        self._columns = {name: library.column(name).to_numpy() for name in MEASURED} if library else {}

    def status(self, track_id: str) -> str | None:
        """``ok``, the reason why a track was skipped, or nothing for one never tried."""
        if (found := self.parts.status(track_id)) is not None:
            return found
        if track_id in self.skipped:
            return self.skipped[track_id].reason
        return OK if track_id in self.rows else None

    def current(self, track_id: str, path: Path) -> bool:
        """Whether a track has been dealt with and its file has not changed since; unforeseen errors are tried again."""
        status = self.status(track_id)
        return status not in (None, ERROR) and self.source(track_id) == Source.of(path)

    def source(self, track_id: str) -> Source | None:
        """State of a track's file when it was read; nothing for one never tried."""
        if (found := self.parts.source(track_id)) is not None:
            return found
        if track_id in self.skipped:
            return self.skipped[track_id].source
        row = self.rows.get(track_id)
        return None if row is None else Source(*(int(self._columns[name][row]) for name in MEASURED[:2]))

    def failure(self, track_id: str) -> tuple[str, str, str, int, int]:
        """Path, reason, detail, size and time of change of a track that could not be embedded."""
        if (place := self.parts.place.get(track_id)) is not None:
            path, reason, detail, size, time = (
                self.parts.columns[name][place] for name in ("path", "status", "detail", "size", "mtime_ns")
            )
            return path, reason, detail, size, time
        path, reason, detail, source = self.skipped[track_id]
        return path, reason, detail, source.size, source.mtime_ns

    def embedding(self, track_id: str) -> np.ndarray:
        """The unit vector of an embedded track, (D,)."""
        if self.parts.status(track_id) == OK or self.library is None:
            return self.parts.embedding(track_id)
        return np.asarray(self.library.matrix_ND[self.rows[track_id]])

    def measured(self, track_id: str) -> tuple[int | float, ...]:
        """The columns ``MEASURED`` of an embedded track."""
        place = self.parts.place.get(track_id)
        columns, row = (self._columns, self.rows[track_id]) if place is None else (self.parts.columns, place)
        return tuple(columns[name][row] for name in MEASURED)


def assemble(out: Path, listing: Listing, trained: TrainedModel, known: Known, dtype: str) -> str:
    """Write the next edition of a library and put it in force; return what its tag scores rest on.

    Args:
        out: Folder of the library.
        listing: The tracks it is to hold, those that could not be embedded aside.
        trained: The model.
        known: What is known of them.
        dtype: Of the matrix.
    """
    former = known.library
    kept = [item for item in listing.items if known.status(item.track_id) == OK]
    words = f"words-{trained.words_hash}"
    table, note = _tags(listing, trained, former)
    tracks = _tracks(kept, known, table)
    _write_skipped(out, listing, known)
    if former is not None and _same(former, tracks, table, words, dtype, known):
        return note
    declared = Declaration(
        space=trained.space,
        run=str(trained.run.resolve()),
        edition=former.declared.edition + 1 if former else 1,
        tracks=len(kept),
        dim=trained.dim,
        words=words,
        words_from=trained.words_hash,
        preprocessing=trained.preprocessing.to_dict(),
        notes={"tags": note, "made": _made(listing, trained, known, dtype)},
    )
    _write_words(out / words, trained)
    _write_matrix(out / declared.matrix_file, kept, known, trained.dim, dtype)
    for name, content in ((declared.tracks_file, tracks), (declared.tags_file, table.to_table())):
        with atomic_write(out / name) as temporary:
            pq.write_table(content, temporary, row_group_size=GROUP_ROWS)
    declared.write(out)
    _remove_former(out, declared)
    return note


def _made(listing: Listing, trained: TrainedModel, known: Known, dtype: str) -> dict[str, Any]:
    """The manifest: hashes of the model, of its word vectors and of the sizes of the audio; counts by outcome."""
    outcomes = Counter(str(known.status(item.track_id)) for item in listing.items)
    audio = hashlib.sha256()
    for item in listing.items:
        source = known.source(item.track_id)
        audio.update(f"{item.track_id}\t{-1 if source is None else source.size}\n".encode())
    inputs = {"embedding_space": trained.space, "words": trained.words_hash, "sizes": audio.hexdigest()}
    return manifest(inputs, {"dtype": dtype}, dict(sorted(outcomes.items())), MADE_WITH)


def _write_matrix(path: Path, kept: Sequence[Item], known: Known, dim: int, dtype: str) -> None:
    """The unit vectors of the tracks, row by row from where they are, so that no second copy is held in memory."""
    with atomic_write(path) as temporary:
        write_rows(temporary, dtype, (len(kept), dim), (known.embedding(item.track_id) for item in kept))


def _tags(listing: Listing, trained: TrainedModel, former: Stored | None) -> tuple[TagTable, str]:
    """Tags of the model, calibrated once for a library, and those of the tracks."""
    if former is not None and former.declared.words_from == trained.words_hash and any(former.tags.calibrated_on):
        table, note = former.tags, str(former.declared.notes.get("tags", ""))
    else:
        table, note = tags_of_run(trained)
    return table.with_tags([tag for item in listing.items for tag in item.tags], listing.groups), note


def _tracks(kept: Sequence[Item], known: Known, table: TagTable) -> pa.Table:
    place = {tag: number for number, tag in enumerate(table.tags)}
    measured = [known.measured(item.track_id) for item in kept]
    columns = {
        "track_id": [item.track_id for item in kept],
        "artist_id": [item.artist_id for item in kept],
        "path": [readable_name(item.path) for item in kept],
        **{name: [row[at] for row in measured] for at, name in enumerate(MEASURED)},
        "tags": [sorted(place[tag] for tag in item.tags) for item in kept],
    }
    return pa.table(columns, schema=TRACKS)


def _same(former: Stored, tracks: pa.Table, table: TagTable, words: str, dtype: str, known: Known) -> bool:
    """Whether the edition in force holds the very same already."""
    return (
        not len(known.parts)
        and former.declared.words == words
        and former.matrix_ND.dtype == np.dtype(dtype)
        and former.tags.tags == table.tags
        and former.tracks.equals(tracks)
    )


def _write_words(folder: Path, trained: TrainedModel) -> None:
    """Word vectors in the joint space, encoded in blocks; the vocabulary comes last, so a folder with one is whole."""
    if (folder / "vocabulary.json").is_file():
        return
    words = trained.words
    blocks = (words.vectors[at : at + WORD_ROWS] for at in range(0, len(words), WORD_ROWS))
    with atomic_write(folder / "vectors.npy") as temporary:
        write_rows(temporary, np.float32, (len(words), trained.dim), map(trained.encode_words, blocks))
    write_vocabulary(folder, words.tokens, words.kinds, {"embedding_space": trained.space, "from": words.made})


def skipped_file(out: Path) -> Path:
    """The table of skipped tracks."""
    return out / SKIPPED


def read_skipped(out: Path) -> dict[str, Skipped]:
    """Tracks that earlier jobs could not embed.

    Raises:
        BadFileError: The list is damaged.
    """
    if not skipped_file(out).is_file():
        return {}
    remedy, found = "Delete it and index again.", {}
    for line, row in read_rows(skipped_file(out), SKIPPED_COLUMNS, remedy=remedy):
        with expecting(skipped_file(out), "size or time is no number", remedy, line):
            source = Source(int(row["size"]), int(row["mtime_ns"]))
        found[row["track_id"]] = Skipped(row["path"], row["reason"], row["detail"], source)
    return found


def _write_skipped(out: Path, listing: Listing, known: Known) -> None:
    """Every track of the sources that could not be embedded, with its reason."""
    failed = [item.track_id for item in listing.items if known.status(item.track_id) != OK]
    if skipped_file(out).is_file() and not len(known.parts) and list(known.skipped) == failed:
        return
    write_csv(skipped_file(out), [SKIPPED_COLUMNS, *((name, *known.failure(name)) for name in failed)], "\t")


def _remove_former(out: Path, declared: Declaration) -> None:
    """Delete the files of earlier editions."""
    kept = declared.files()
    for path in out.iterdir():
        if path.name in kept or not path.name.startswith(("embeddings-", "tracks-", "tags-", "ann-", "words-")):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
