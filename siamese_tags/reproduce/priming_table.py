"""The results table of priming, built from the runs of its rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from mwe.core.runs import RunMetrics
from mwe.reproduce.result_table import Row, rows_of_runs, write_table
from siamese_tags.documents.folds import run_name
from siamese_tags.reproduce.priming_rows import QUICK, TABLES, Table, TableRow
from siamese_tags.reproduce.published import published
from siamese_tags.reproduce.significance import significance_block
from siamese_tags.reproduce.sparse_rows import SPARSE_TABLES


def table_of(target: str) -> Table:
    """Return the table of a make target; targets outside of `TABLES` and `SPARSE_TABLES` have the rows of `QUICK`."""
    return (TABLES | SPARSE_TABLES).get(target, QUICK)


def build_table(
    runs: Path,
    folds: Sequence[int],
    target: str,
    out: Path,
    command: str | None = None,
    seeds: Sequence[int] = (0,),
) -> Path:
    """Gather the ``metrics.json`` of the rows and write the table, with t-tests between its rows at the end.

    Args:
        runs: Folder with one folder per row.
        folds: Folds to average over.
        target: File name of the table, without suffix; names in ``TABLES`` and ``SPARSE_TABLES`` have the rows of these
            tables, others those of ``siamese-quick``.
        out: Folder of the tables.
        command: Command that made all rows; by default the command of each row.
        seeds: Seeds to average over; t-tests compare folds, each averaged over its seeds.

    Returns:
        The Markdown file.

    Raises:
        MissingDataError: A run is missing.
    """
    table = table_of(target)
    known = published(table.published)
    rows: list[Row] = []
    all_folders: list[Path] = []
    figures_of: dict[str, dict[str, list[float]]] = {}
    for row in table.rows:
        folders = [runs / row.folder / run_name(number, seed) for seed in seeds for number in folds]
        rows += _rows(table, row, folders, known.get(row.published, {}), command or row.command)
        all_folders += folders
        figures_of[row.label] = _by_fold(row, folders, len(folds), table.compared)
    over = f", mean over {len(folds)} folds x {len(seeds)} seeds" if len(seeds) > 1 else ""
    tests = significance_block(figures_of, table.reference, table.compared).strip("\n")
    title = _title(table, {row.collection for row in rows}) + over
    return write_table(target, title, rows, out, [tests] if tests else (), all_folders)


def _rows(table: Table, row: TableRow, folders: Sequence[Path], known: dict[str, float], command: str) -> list[Row]:
    metrics = [row.prefix + metric for metric in table.metrics]
    published_figures = {row.prefix + metric: figure for metric, figure in known.items()}
    figures = rows_of_runs(row.label, folders, metrics, command, published_figures)
    return [
        replace(
            line,
            metric=line.metric.removeprefix(row.prefix),
            published=line.published if table.beside_stand_in or line.collection == table.published_on else None,
        )
        for line in figures
    ]


def _by_fold(row: TableRow, folders: Sequence[Path], n_folds: int, metrics: Sequence[str]) -> dict[str, list[float]]:
    """Return the figures of each fold, averaged over its seeds; the folders list all folds for each seed."""
    runs = [RunMetrics.read(folder / "metrics.json").metrics for folder in folders]
    return {
        metric: [fmean(run[row.prefix + metric] for run in runs[fold::n_folds]) for fold in range(n_folds)]
        for metric in metrics
        if all(row.prefix + metric in run for run in runs)
    }


def _title(table: Table, collections: set[str]) -> str:
    names = ", ".join(sorted(collections))
    if collections == {table.published_on}:
        return f"Priming accuracy (%) on {names} ({table.name})"
    if table.beside_stand_in:
        # the name of a collection made as a stand-in already says so
        stand_in = "" if table.published_on in names else f", a stand-in for {table.published_on}"
        note = f"figures in brackets are the paper's on {table.published_on}, not comparable"
        return f"Priming accuracy (%) on {names}{stand_in} ({table.name}); {note}"
    return f"Priming accuracy (%) on {names}, a stand-in for {table.published_on}: not comparable with {table.name}"
