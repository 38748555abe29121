"""The table of MAP differences between rows of masked-context priming, by a paired bootstrap over test documents.

Shape suffixes: N pairs of a document and a fold, U units, L rows, P pairs of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mwe.core.errors import StaleArtefactError
from mwe.reproduce.result_table import write_pair
from siamese_tags.masked.document_figures import DocumentFigures, load_documents
from siamese_tags.reproduce.masked_rows import ROWS, MaskedRow, Pair, collections_in, pairs_of
from siamese_tags.reproduce.paired_bootstrap import Differences, holm, paired_bootstrap

RESAMPLES = {"documents": 2000, "artists": 1000}
TITLE = "# Differences in MAP points of masked-context priming"
NOTE = (
    "First row less second, averaged over all queries of all folds, with 95 % intervals and two-sided p of a paired "
    f"bootstrap over documents ({RESAMPLES['documents']:,} resamples) and over artists ({RESAMPLES['artists']:,}); p "
    "is corrected by Holm's method for the number of comparisons on the collection. A document of several folds is one "
    "unit. The intervals cover the choice of test documents, not that of the seeds of training; folds share training "
    "documents. The simple rules are ordered by their test MAP."
)
FIELDS = ("points", "low", "high", "p", "holm")
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeasuredRow:
    """MAP of all rows of a collection, on the same documents.

    Args:
        rows: L rows.
        ids: Document IDs (N).
        artists: Artists (N).
        fold_N: Index of the fold.
        queries_N: Number of queries.
        map_NL: MAP in percent.
    """

    rows: list[MaskedRow]
    ids: list[str]
    artists: list[str]
    fold_N: NDArray[np.int64]
    queries_N: Floats
    map_NL: Floats

    def maps(self) -> dict[str, float]:
        """Return the MAP over all queries by label."""
        mean_L = self.queries_N @ self.map_NL / self.queries_N.sum()
        return {row.label: float(value) for row, value in zip(self.rows, mean_L, strict=True)}

    def sums(self, pairs: Sequence[Pair]) -> Floats:
        """Return queries times difference, N × P."""
        index = {row.label: position for position, row in enumerate(self.rows)}
        first, second = ([index[pair[side]] for pair in pairs] for side in (0, 1))
        return (self.map_NL[:, first] - self.map_NL[:, second]) * self.queries_N[:, None]

    def resampled(self, pairs: Sequence[Pair], over: str, seed: int) -> Differences:
        """Return the differences of pairs, with documents or artists as the units."""
        # a document without a known artist is a separate unit
        names = [
            f"artist {artist}" if over == "artists" and artist else f"document {document}"
            for document, artist in zip(self.ids, self.artists, strict=True)
        ]
        units, unit_N = np.unique(names, return_inverse=True)
        sums_UP = np.zeros((len(units), len(pairs)))
        np.add.at(sums_UP, unit_N, self.sums(pairs))
        weight_U = np.zeros(len(units))
        np.add.at(weight_U, unit_N, self.queries_N)
        return paired_bootstrap(sums_UP, weight_U, RESAMPLES[over], seed)


def build_differences(runs: Path, folds: Sequence[int], target: str, out: Path, seed: int = 0) -> Path:
    """Compare the rows of every collection that has runs and write the table.

    Args:
        runs: Folder with one folder per collection, which has one per row.
        folds: Folds to pool.
        target: File name of the table, without suffix.
        out: Folder of the tables.
        seed: Seed of the resampling.

    Returns:
        The Markdown file.

    Raises:
        MissingDataError: No collection has a run, or a run lacks the figures of documents.
        StaleArtefactError: Runs of one fold were measured on different documents.
    """
    present = collections_in(runs, ROWS[1].command("cal500"))
    sections = [TITLE, "", NOTE]
    names = [f"{field}_{over}" for over in RESAMPLES for field in FIELDS[1:]]
    table = [["collection", "first", "second", "points", *(f"fold{fold}" for fold in folds), *names]]
    for collection in present:
        measured = load_measured(runs / collection, folds)
        pairs = pairs_of(measured.maps())
        lines = _lines(measured, pairs, seed)
        table += [[collection, *pair, *map(_plain, line)] for pair, line in zip(pairs, lines, strict=True)]
        sections += _section(collection, measured, pairs, lines, len(folds))
    return write_pair(out / f"{target}.md", table, "\n".join(sections) + "\n")


def load_measured(runs: Path, folds: Sequence[int]) -> MeasuredRow:
    """Read the figures of every document for all rows of a collection; rows whose figures no run has are left out.

    Raises:
        MissingDataError: A row has no run of a fold.
        StaleArtefactError: Runs of one fold were measured on different documents.
    """
    figures_of = {row: [load_documents(runs / row.folder / f"fold{fold}") for fold in folds] for row in ROWS}
    rows = [row for row in ROWS if all(row.prefix + "map" in run.figures for run in figures_of[row])]
    first = figures_of[rows[0]]
    for row in rows:
        for fold, expected, actual in zip(folds, first, figures_of[row], strict=True):
            _require_same(expected, actual, runs / row.folder / f"fold{fold}")
    columns = [np.concatenate([run.figures[row.prefix + "map"] for run in figures_of[row]]) for row in rows]
    return MeasuredRow(
        rows,
        [name for run in first for name in run.ids],
        [name for run in first for name in run.artists],
        np.repeat(np.arange(len(folds)), [len(run.ids) for run in first]),
        np.concatenate([run.queries_D for run in first]),
        np.stack(columns, axis=1),
    )


def _require_same(expected: DocumentFigures, actual: DocumentFigures, run: Path) -> None:
    if expected.ids != actual.ids or not np.array_equal(expected.queries_D, actual.queries_D):
        raise StaleArtefactError(
            f"{run} was tested on other documents or masks than the other rows of its fold. Delete it and make it again"
        )


def _lines(measured: MeasuredRow, pairs: Sequence[Pair], seed: int) -> list[list[float]]:
    """Return points, points of each fold, and, for documents and artists, low, high, p and corrected p."""
    sums_NP = measured.sums(pairs)
    by_fold = [
        sums_NP[measured.fold_N == fold].sum(axis=0) / measured.queries_N[measured.fold_N == fold].sum()
        for fold in np.unique(measured.fold_N)
    ]
    resampled = [measured.resampled(pairs, name, seed) for name in RESAMPLES]
    columns = [column for result in resampled for column in (result.low_P, result.high_P, result.p_P, holm(result.p_P))]
    return [list(line) for line in np.column_stack([resampled[0].points_P, *by_fold, *columns])]


def _section(
    collection: str, measured: MeasuredRow, pairs: Sequence[Pair], lines: Sequence[list[float]], n_folds: int
) -> list[str]:
    n_documents, n_artists = len(set(measured.ids)), len(set(measured.artists))
    section = [
        "",
        f"## {collection}: {n_documents:,} documents, {n_artists:,} artists, {len(pairs)} comparisons",
        "",
        "| difference | points | per fold | 95 % over documents | p, corrected | 95 % over artists | p, corrected |",
        "|---|---|---|---|---|---|---|",
    ]
    for (first, second), (points, *others) in zip(pairs, lines, strict=True):
        by_fold, tested = others[:n_folds], others[n_folds:]
        cells = [f"{first} - {second}", f"{points:+.2f}", " ".join(f"{value:+.1f}" for value in by_fold)]
        for low, high, _, corrected in (tested[:4], tested[4:]):
            cells += [f"{low:+.2f} to {high:+.2f}", "< 0.0001" if corrected < 1e-4 else f"{corrected:.4f}"]
        section.append(f"| {' | '.join(cells)} |")
    return section


def _plain(value: float) -> str:
    return f"{value:.6g}"
