"""A new edition of a library, assembled from the former edition and the embeddings of a job.

Shape suffixes: N tracks, D dimensions.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mwe.audio.extract import MADE_WITH
from mwe.audio.shards import OK
from mwe.core.arrays import write_rows
from mwe.core.files import atomic_write, readable_name, write_csv
from mwe.core.manifest import manifest
from mwe.search.collapse import require_spread
from mwe.search.known_tracks import MEASURED, Known
from mwe.search.layout import GROUP_ROWS, HAS_METADATA, TRACKS, Declaration
from mwe.search.library_model import LibraryModel
from mwe.search.metadata import artists_of
from mwe.search.model_texts import ModelTexts
from mwe.search.partly_read import PartlyRead, write_partly_read
from mwe.search.skipped_tracks import SKIPPED_COLUMNS, skipped_file
from mwe.search.sources import Item, Listing
from mwe.search.store import LibraryStore
from mwe.search.tag_table import TagTable

MOST_JUDGED = 1000  # tracks that are compared


def assemble(out: Path, listing: Listing, trained: LibraryModel, texts: ModelTexts, known: Known, dtype: str) -> str:
    """Write the next edition of a library and make it current; return a note about its tag scores.

    Args:
        out: Folder of the library.
        listing: Its tracks, including those that could not be embedded.
        trained: The model.
        texts: Its texts.
        known: Known outcomes of the tracks.
        dtype: Type of the matrix.
    """
    former = known.library
    embedded = [item for item in listing.items if known.status(item.track_id) == OK]
    table, note = _tags(listing, texts, former)
    words = f"words-{texts.identity(table.tags)}"
    metadata = known.metadata([item.track_id for item in embedded])
    tracks = _tracks(embedded, known, table, metadata)
    _write_skipped(out, listing, known)
    write_partly_read(out, partly_read(listing.items, known))
    if former is not None and _same(former, tracks, metadata, table, words, dtype, known):
        return note
    declared = Declaration(
        space=trained.space,
        run=trained.run if isinstance(trained.run, str) else str(trained.run.resolve()),
        edition=former.declared.edition + 1 if former else 1,
        tracks=len(embedded),
        dim=trained.dim,
        words=words,
        words_from=texts.source,
        preprocessing=trained.preprocessing.to_dict(),
        notes={"tags": note, HAS_METADATA: True, "made": _manifest(listing, trained.space, texts.source, known, dtype)},
    )
    _require_spread(table, trained, texts, embedded, known)
    texts.write(out / words, table.tags)
    _write_matrix(out / declared.matrix_file, embedded, known, trained.dim, dtype)
    tables = {declared.tracks_file: tracks, declared.metadata_file: metadata, declared.tags_file: table.to_table()}
    for name, content in tables.items():
        with atomic_write(out / name) as temporary:
            pq.write_table(content, temporary, row_group_size=GROUP_ROWS)
    declared.write(out)
    _remove_former(out, declared)
    return note


def _require_spread(
    table: TagTable, trained: LibraryModel, texts: ModelTexts, embedded: Sequence[Item], known: Known
) -> None:
    """Require that the model tells tags apart, and tracks; files of one length may be copies of one sound."""
    prototype_TD, known_T = texts.prototypes(table.tags)
    require_spread(prototype_TD[known_T], "tags", trained.run)
    of_length = {round(known.measured(item.track_id)[2]): item for item in embedded}
    judged = [known.embedding(item.track_id) for item in list(of_length.values())[:MOST_JUDGED]]
    if judged:
        require_spread(np.stack(judged), "tracks", trained.run)


def _manifest(listing: Listing, space: str, words: str, known: Known, dtype: str) -> dict[str, Any]:
    """Return the manifest: hashes of the model, its texts and the sizes of the audio, and counts by outcome."""
    outcomes = Counter(str(known.status(item.track_id)) for item in listing.items)
    audio = hashlib.sha256()
    for item in listing.items:
        source = known.source(item.track_id)
        audio.update(f"{item.track_id}\t{-1 if source is None else source.size}\n".encode())
    inputs = {"embedding_space": space, "words": words, "sizes": audio.hexdigest()}
    return manifest(inputs, {"dtype": dtype}, dict(sorted(outcomes.items())), MADE_WITH)


def _write_matrix(path: Path, embedded: Sequence[Item], known: Known, dim: int, dtype: str) -> None:
    """Write the unit vectors of the tracks row by row from their sources, without a second copy in memory."""
    with atomic_write(path) as temporary:
        write_rows(temporary, dtype, (len(embedded), dim), (known.embedding(item.track_id) for item in embedded))


def _tags(listing: Listing, texts: ModelTexts, former: LibraryStore | None) -> tuple[TagTable, str]:
    """Return the tags of the model, calibrated once per library, and those of the tracks."""
    if former is not None and former.declared.words_from == texts.source and any(former.given_tags.calibrated_on):
        table, note = former.given_tags, str(former.declared.notes.get("tags", ""))
    else:
        table, note = texts.tags()
    return table.with_tags([tag for item in listing.items for tag in item.tags], listing.groups), note


def _tracks(embedded: Sequence[Item], known: Known, table: TagTable, metadata: pa.Table) -> pa.Table:
    number_of = {tag: index for index, tag in enumerate(table.tags)}
    measured = [known.measured(item.track_id) for item in embedded]
    columns = {
        "track_id": [item.track_id for item in embedded],
        "artist_id": [item.artist_id or artist for item, artist in zip(embedded, artists_of(metadata), strict=True)],
        "path": [readable_name(item.path) for item in embedded],
        **{name: [row[index] for row in measured] for index, name in enumerate(MEASURED)},
        "tags": [sorted(number_of[tag] for tag in item.tags) for item in embedded],
    }
    return pa.table(columns, schema=TRACKS)


def _same(
    former: LibraryStore, tracks: pa.Table, metadata: pa.Table, table: TagTable, words: str, dtype: str, known: Known
) -> bool:
    """Return whether the current edition already has the same content."""
    return (
        not len(known.parts)
        and former.declared.words == words
        and former.matrix_ND.dtype == np.dtype(dtype)
        and former.given_tags.tags == table.tags
        and former.tracks.equals(tracks)
        and former.metadata is not None
        and former.metadata.read().equals(metadata)
    )


def partly_read(items: Sequence[Item], known: Known) -> list[PartlyRead]:
    """Return the embedded tracks whose files are damaged or truncated."""
    verdicts = ((item, known.verdict(item.track_id)) for item in items if known.status(item.track_id) == OK)
    return [PartlyRead(item.track_id, readable_name(item.path), verdict) for item, verdict in verdicts if verdict]


def _write_skipped(out: Path, listing: Listing, known: Known) -> None:
    """Write every track of the sources that could not be embedded, with its reason."""
    failed = [item.track_id for item in listing.items if known.status(item.track_id) != OK]
    if skipped_file(out).is_file() and not len(known.parts) and list(known.skipped) == failed:
        return
    write_csv(skipped_file(out), [SKIPPED_COLUMNS, *((name, *known.failure(name)) for name in failed)], "\t")


def _remove_former(out: Path, declared: Declaration) -> None:
    """Delete the files of earlier editions."""
    current = declared.files()
    for path in out.iterdir():
        if path.name in current or not path.name.startswith(
            ("embeddings-", "tracks-", "metadata-", "tags-", "ann-", "words-")
        ):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
