"""Tags held out of a corpus, to measure word vectors on pairs of track and tag that they were not trained on."""

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
    """Hold out a random share of the tags of every track; each track keeps at least one tag.

    Args:
        tracks: The collection.
        share: Share of a track's tags to hold out. A fraction of a tag is the probability of one tag more.
        seed: Seed of the choice.

    Returns:
        The collection without the held-out tags, and a sparse boolean (N, T) matrix of them.

    Examples:
        >>> from mwe.tracks import tag_matrix
        >>> tags = ("calm", "piano", "live", "jazz")
        >>> groups, unseen = ("",) * 4, np.zeros(4, bool)
        >>> tracks = TrackTags("toy", ("t1",), ("air",), tags, tag_matrix([tags], tags), groups, unseen, {})
        >>> kept, held = hold_out(tracks, share=0.5, seed=0)
        >>> len(kept.of_track(0)), held.nnz
        (2, 2)
    """
    if not 0 <= share < 1:
        raise ValueError(f"the share of tags to hold out is {share}, not from 0 to below 1")
    rng = np.random.default_rng(seed)
    full = tracks.matrix
    tags_N = np.diff(full.indptr)
    out_N = np.minimum(np.floor(share * tags_N + rng.random(len(tags_N))).astype(np.int64), np.maximum(tags_N - 1, 0))
    row_P = np.repeat(np.arange(len(tags_N)), tags_N)
    # the first pairs of each track in random order are held out
    order_P = np.lexsort((rng.random(full.nnz), row_P))
    rank_P = np.arange(full.nnz) - np.repeat(full.indptr[:-1], tags_N)
    held_P = np.zeros(full.nnz, dtype=bool)
    held_P[order_P] = rank_P < out_N[row_P]
    return replace(tracks, matrix=_part(full, row_P, ~held_P)), _part(full, row_P, held_P)


def held_out_path(corpus: Path) -> Path:
    """Return the path of the file beside a corpus that lists its held-out tags."""
    return corpus.with_suffix(".held_out.tsv")


def write_held_out(path: Path, tracks: TrackTags, held: sparse.csr_array) -> None:
    """Write the held-out pairs, one ``track ID <TAB> tag`` per line."""
    with atomic_write(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.writelines(f"{tracks.track_ids[row]}\t{tracks.tags[column]}\n" for row, column in _pairs(held))


def read_held_out(path: Path, tracks: TrackTags) -> sparse.csr_array:
    """Read the held-out pairs as a sparse boolean (N, T) matrix over a collection's tracks and tags.

    Raises:
        MissingDataError: There is no such file.
        BadFileError: A line is not a pair, or the collection does not know its track or tag.
    """
    remedy = "It belongs to a corpus of another collection: write the corpus again with `mwe words corpus`."
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
