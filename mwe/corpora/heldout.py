"""Tags kept out of a corpus, so that word vectors can be measured on pairs of track and tag they never saw together."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import sparse

from mwe.core.errors import BadFileError
from mwe.core.files import atomic_write
from mwe.core.lines import numbered_lines
from mwe.tracks import TrackTags


def hold_out(tracks: TrackTags, share: float, seed: int) -> tuple[TrackTags, sparse.csr_array]:
    """Take a random share of the tags from every track; at least one tag stays with each.

    Args:
        tracks: The collection.
        share: Share of a track's tags; where it gives a fraction of a tag, chance decides with that probability.
        seed: Seed of the choice.

    Returns:
        The collection without those tags, and a sparse boolean (N, T) matrix of them.
    """
    if not 0 <= share < 1:
        raise ValueError(f"the share of tags to keep out is {share}, not from 0 to below 1")
    rng = np.random.default_rng(seed)
    full = tracks.matrix
    own_N = np.diff(full.indptr)
    out_N = np.minimum(np.floor(share * own_N + rng.random(len(own_N))).astype(np.int64), np.maximum(own_N - 1, 0))
    row_P = np.repeat(np.arange(len(own_N)), own_N)
    # pairs of a track in random order; the first of them go
    order_P = np.lexsort((rng.random(full.nnz), row_P))
    rank_P = np.arange(full.nnz) - np.repeat(full.indptr[:-1], own_N)
    held_P = np.zeros(full.nnz, dtype=bool)
    held_P[order_P] = rank_P < out_N[row_P]
    return replace(tracks, matrix=_part(full, row_P, ~held_P)), _part(full, row_P, held_P)


def held_out_path(corpus: Path) -> Path:
    """The file beside a corpus that lists the tags kept out of it."""
    return corpus.with_suffix(".held_out.tsv")


def write_held_out(path: Path, tracks: TrackTags, held: sparse.csr_array) -> None:
    """Write pairs kept out, ``track ID <TAB> tag`` a line."""
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.writelines(f"{tracks.track_ids[row]}\t{tracks.tags[column]}\n" for row, column in _pairs(held))


def read_held_out(path: Path, tracks: TrackTags) -> sparse.csr_array:
    """Read pairs kept out as a sparse boolean (N, T) matrix over a collection's tracks and tags.

    Raises:
        MissingDataError: There is no such file.
        BadFileError: A line is not a pair, or the collection does not know its track or tag.
    """
    remedy = "It belongs to a corpus of another collection: write the corpus anew with `mwe corpus`."
    row_of = {name: row for row, name in enumerate(tracks.track_ids)}
    column_of = {name: column for column, name in enumerate(tracks.tags)}
    rows, columns = [], []
    for number, line in numbered_lines(path, remedy):
        track_id, _, tag = line.partition("\t")
        if track_id not in row_of or tag not in column_of:
            raise BadFileError(path, f"{line!r} is no track and tag of {tracks.name}", remedy, number)
        rows.append(row_of[track_id])
        columns.append(column_of[tag])
    return sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=tracks.matrix.shape)


def _part(matrix: sparse.csr_array, row_P: np.ndarray, chosen_P: np.ndarray) -> sparse.csr_array:
    columns, rows = matrix.indices[chosen_P], row_P[chosen_P]
    return sparse.csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=matrix.shape)


def _pairs(matrix: sparse.csr_array) -> Iterator[tuple[int, int]]:
    for row in range(matrix.shape[0]):
        for column in matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]:
            yield row, int(column)
