"""Approximate search for millions of tracks by FAISS (extra ``ann``), with its recall measured against exact search.

Shape suffixes: N rows of the library, D dimensions, Q queries, K answers.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mwe.core.errors import BadFileError, CannotWriteError, MissingDataError, StaleArtefactError
from mwe.core.extras import require_extra
from mwe.core.files import atomic_write, read_json, write_json
from mwe.search.exact import ExactSearch, NearestRows, checked_queries
from mwe.search.layout import Declaration, open_matrix

ADD_ROWS = 65_536
TRAINING_PER_CELL = 64  # training rows of FAISS per cell
MIN_PER_CELL = 39  # rows; FAISS warns about fewer
QUERIES = 200
K = 10
FAISS = ("faiss", "ann", "approximate search needs faiss")


class AnnReport(NamedTuple):
    """Properties of an approximate index.

    Attributes:
        cells: Number of cells of the space.
        probes: Cells searched per query.
        recall_tracks: Share of the ten exact answers that it returns, mean over tracks as queries.
        recall_words: The same for tags as queries; 1 without tags.
        track_queries: Number of tracks in the measurement.
        word_queries: Number of tags in the measurement.
        space: Embedding space.
        wanted: Requested recall.
        cells_wanted: Requested number of cells; None if it depends on the number of tracks.
    """

    cells: int
    probes: int
    recall_tracks: float
    recall_words: float
    track_queries: int
    word_queries: int
    space: str
    wanted: float
    cells_wanted: int | None

    def __str__(self) -> str:
        return (
            f"{self.cells:,} cells, {self.probes:,} searched: recall@10 {self.recall_tracks:.3f} on "
            f"{self.track_queries} tracks, {self.recall_words:.3f} on {self.word_queries} tags as queries"
        )

    @classmethod
    def read(cls, root: Path, declared: Declaration) -> "AnnReport | None":
        """Return the report of the approximate index of an edition, or None if it has no index.

        Raises:
            BadFileError: Another version wrote it.
        """
        path = root / declared.ann_report_file
        if not path.is_file():
            return None
        try:
            return cls(**read_json(path))
        except TypeError as error:
            remedy = f"Make it again with `mwe library ann --library {root}`."
            raise BadFileError(path, f"not in the format of this version ({error})", remedy) from error


class ApproximateSearch:
    """Searches the nearest cells of an inverted file instead of all rows.

    Args:
        index: FAISS index of inner products.
        dim: Dimensions.
    """

    def __init__(self, index: Any, dim: int) -> None:
        self.index, self.dim = index, dim

    @classmethod
    def open(cls, root: Path, declared: Declaration) -> "ApproximateSearch":
        """Open the approximate index of the current edition.

        Raises:
            MissingDataError: There is no index, or FAISS is not installed.
            StaleArtefactError: The index is of another embedding space.
            BadFileError: The index is damaged.
        """
        faiss = require_extra(*FAISS)
        path, report = root / declared.ann_file, AnnReport.read(root, declared)
        if report is None:
            raise MissingDataError(f"{root} has no approximate index. Make it with `mwe library ann --library {root}`.")
        if report.space != declared.space:
            raise StaleArtefactError(
                f"{path}: of another embedding space. Make it again with `mwe library ann --library {root}`."
            )
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)  # rows stay on disk until they are read
        except RuntimeError as error:
            message = f"not an index of FAISS ({str(error).splitlines()[0][:200]})"
            raise BadFileError(path, message, f"Make it again with `mwe library ann --library {root}`.") from error
        if (index.ntotal, index.d) != (declared.tracks, declared.dim):
            message = (
                f"{index.ntotal:,} rows of {index.d} dimensions, but {declared.tracks:,} of {declared.dim} are declared"
            )
            raise BadFileError(path, message, f"Make it again with `mwe library ann --library {root}`.")
        index.nprobe = report.probes
        return cls(index, declared.dim)

    def nearest(self, query_QD: np.ndarray, k: int, allowed_N: np.ndarray | None = None) -> NearestRows:
        """See ``Search``. With few allowed rows, more cells are searched, so that answers are not missed."""
        faiss = require_extra(*FAISS)
        query_QD, k = checked_queries(query_QD, self.dim, k), min(k, max(1, self.index.ntotal))
        if allowed_N is None:
            scores_QK, rows_QK = self.index.search(query_QD, k)
        else:
            share = max(float(allowed_N.mean()), 1e-9)
            selected = faiss.IDSelectorBitmap(np.packbits(allowed_N, bitorder="little"))
            probes = min(self.index.nlist, int(np.ceil(self.index.nprobe / share)))
            parameters = faiss.SearchParametersIVF(sel=selected, nprobe=probes)
            scores_QK, rows_QK = self.index.search(query_QD, k, params=parameters)
        return NearestRows(rows_QK.astype(np.int64), np.where(rows_QK >= 0, scores_QK, -np.inf).astype(np.float32))


def build_ann(root: Path, word_PD: np.ndarray, recall: float = 0.95, cells: int | None = None) -> AnnReport:
    """Make the approximate index of a library, with as few probes as reach a recall measured against exact search.

    Args:
        root: Folder of the library.
        word_PD: Word queries for the measurement beside tracks, from which they differ; may be empty.
        recall: Recall@10 that both kinds of queries must reach; a track is not an answer to itself.
        cells: Number of cells; by default 4 times the square root of the number of tracks.

    Raises:
        MissingDataError: FAISS is not installed, or the folder is not a library.
    """
    faiss = require_extra(*FAISS)
    declared = Declaration.read(root)
    matrix_ND = open_matrix(root, declared)
    index = _filled(faiss, matrix_ND, cells or max(1, int(4 * len(matrix_ND) ** 0.5)))
    row_Q = np.linspace(0, len(matrix_ND) - 1, min(len(matrix_ND), QUERIES)).astype(np.int64)
    track_QD = np.asarray(matrix_ND[row_Q], dtype=np.float32)
    index.nprobe = 1
    while True:
        of_tracks = recall_at_10(index, matrix_ND, track_QD, row_Q)
        of_words = recall_at_10(index, matrix_ND, word_PD, np.full(len(word_PD), -1))
        if min(of_tracks, of_words) >= recall or index.nprobe >= index.nlist:
            break
        index.nprobe = min(2 * index.nprobe, index.nlist)
    counts = len(row_Q), len(word_PD)
    report = AnnReport(index.nlist, index.nprobe, of_tracks, of_words, *counts, declared.space, recall, cells)
    with atomic_write(root / declared.ann_file) as temporary:
        try:
            faiss.write_index(index, str(temporary))
        except RuntimeError as error:  # FAISS reports a full disk only as text
            raise CannotWriteError(root / declared.ann_file, str(error).splitlines()[0]) from error
    write_json(root / declared.ann_report_file, report._asdict())
    return report


def _filled(faiss: Any, matrix_ND: np.ndarray, cells: int) -> Any:
    """Return an index of all rows."""
    dim = matrix_ND.shape[1]
    cells = min(cells, max(1, len(matrix_ND) // MIN_PER_CELL))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.min_points_per_centroid = 1  # the number of cells is already adapted to the number of rows
    rows = np.linspace(0, len(matrix_ND) - 1, min(len(matrix_ND), cells * TRAINING_PER_CELL)).astype(np.int64)
    index.train(np.asarray(matrix_ND[rows], dtype=np.float32))
    for start in range(0, len(matrix_ND), ADD_ROWS):
        index.add(np.ascontiguousarray(matrix_ND[start : start + ADD_ROWS], dtype=np.float32))
    return index


def recall_at_10(index: Any, matrix_ND: np.ndarray, query_QD: np.ndarray, row_Q: np.ndarray) -> float:
    """Return the share of the ten exact answers that an index returns, without the query itself, mean over queries.

    Args:
        index: The index, with its probes set.
        matrix_ND: The rows.
        query_QD: Queries.
        row_Q: Row of each query; -1 if it is not a row.
    """
    exact_QK = ExactSearch(matrix_ND).nearest(query_QD, K + 1).rows_QK
    if not exact_QK.size:
        return 1.0
    result_QK = index.search(np.ascontiguousarray(query_QD, dtype=np.float32), exact_QK.shape[1])[1]
    shares = []
    for result, exact, query_row in zip(result_QK.tolist(), exact_QK.tolist(), row_Q.tolist(), strict=True):
        expected = [row for row in exact if row not in (query_row, -1)][:K]
        if expected:
            shares.append(len(set(expected) & set(result)) / len(expected))
    return float(np.mean(shares)) if shares else 1.0
