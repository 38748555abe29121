"""The figures of every test document of a run, stored beside its ``metrics.json``, so that two runs can be paired.

Shape suffixes: D documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from torch import distributed

from mwe.core.errors import BadFileError, MissingDataError, expecting
from mwe.core.files import atomic_write
from mwe.core.parquet import PARQUET_ERRORS
from siamese_tags.documents import TagDocuments
from siamese_tags.masked.metrics import FIGURES, MaskedPrimingMetric

FILE = "documents.parquet"
NAMES = ("document", "artist", "queries")


@dataclass(frozen=True, eq=False)
class DocumentFigures:
    """Figures of the test documents of a run.

    Args:
        ids: Document IDs.
        artists: Artist of each document; empty if unknown.
        queries_D: Number of queries, the weight of a document.
        figures: Means over the document's queries, in percent (D), by name.
    """

    ids: tuple[str, ...]
    artists: tuple[str, ...]
    queries_D: NDArray[np.float64]
    figures: Mapping[str, NDArray[np.float64]]


def save_documents(run: Path | None, documents: TagDocuments, metrics: Mapping[str, MaskedPrimingMetric]) -> None:
    """Write ``documents.parquet`` into a run folder: the figures of documents that ``metrics.json`` averages.

    This gathers from all processes, so every process must call it (before the metrics are reset); one writes.

    Args:
        run: The run's folder; None to write nothing.
        documents: The documents; their rows are the IDs of the metrics.
        metrics: Metrics over the same documents, by prefix of the figures' names, such as ``""`` or ``prediction_``.

    Raises:
        ValueError: The metrics are over different documents.
    """
    gathered = [_gather(metric) for metric in metrics.values()]
    ids_D, first_DM = gathered[0]
    if any(not np.array_equal(ids_D, ids) or (first_DM[:, 0] != sums_DM[:, 0]).any() for ids, sums_DM in gathered):
        raise ValueError(f"the metrics {sorted(metrics)} saw different documents or numbers of queries")
    columns = {
        "document": [documents.ids[row] for row in ids_D],
        "artist": [documents.artists[row] if documents.artists else "" for row in ids_D],
        "queries": first_DM[:, 0],
    }
    for prefix, (_, sums_DM) in zip(metrics, gathered, strict=True):
        means_MD = (100 * sums_DM[:, 1:] / sums_DM[:, :1]).T
        columns |= {prefix + name: mean_D for name, mean_D in zip(FIGURES, means_MD, strict=True)}
    if run is None or (distributed.is_initialized() and distributed.get_rank() > 0):
        return
    with atomic_write(run / FILE) as temporary:
        pq.write_table(pa.table(columns), temporary)


def load_documents(run: Path) -> DocumentFigures:
    """Read the ``documents.parquet`` of a run folder.

    Raises:
        MissingDataError: The file is missing.
        BadFileError: The file is damaged, or lacks a column.
    """
    path = run / FILE
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Delete {run / 'metrics.json'} and make the run again")
    remedy = "Delete it with the metrics.json beside it, and make the run again."
    try:
        table = pq.read_table(path)
    except PARQUET_ERRORS as error:
        raise BadFileError(path, f"not a Parquet file ({error})", remedy) from error
    with expecting(path, "cannot be used", remedy):
        if missing := {*NAMES, *FIGURES} - set(table.column_names):
            raise BadFileError(path, f"no column {', '.join(sorted(missing))}", remedy)
        column_of = {name: table[name] for name in table.column_names}
        columns = {name: column_of[name].to_numpy().astype(np.float64) for name in column_of if name not in NAMES[:2]}
        ids, artists = (tuple(column_of[name].to_pylist()) for name in NAMES[:2])
    return DocumentFigures(ids, artists, columns.pop("queries"), columns)


def _gather(metric: MaskedPrimingMetric) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    with metric.sync_context():
        ids_D, sums_DM = metric.catalogue()
    return ids_D.cpu().numpy(), sums_DM.cpu().double().numpy()
