"""Building a results table of priming from the runs of its rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from mwe.core.runs import RunMetrics
from mwe.core.tables import Row, rows_of_runs, write_table
from siamese_tags.published import published
from siamese_tags.tables.rows import QUICK, TABLES, Table, TableRow, run_name
from siamese_tags.tables.significance import significance_block
from siamese_tags.tables.sparse import SPARSE_TABLES


def table_of(target: str) -> Table:
    """The table of a make target; any other than those of `TABLES` and `SPARSE_TABLES` has the rows of `QUICK`."""
    return (TABLES | SPARSE_TABLES).get(target, QUICK)


def build_table(
    runs: Path,
    folds: Sequence[int],
    target: str,
    out: Path,
    command: str | None = None,
    seeds: Sequence[int] = (0,),
) -> Path:
    """Gather the rows' ``metrics.json`` and write the table, with t-tests between its rows at the end.

    Args:
        runs: Folder with one folder a row.
        folds: Folds to average over.
        target: File name of the table, without ending; ``siamese-table1`` and the other names of ``rows.TABLES`` and
            ``sparse.SPARSE_TABLES`` have the rows of these tables, others those of ``siamese-quick``.
        out: Folder of the tables.
        command: What was typed to make all rows; each row's own command if not given.
        seeds: Seeds to average over; t-tests compare folds, each averaged over its seeds.

    Returns:
        The Markdown file.

    Raises:
        MissingDataError: A run is missing; the message says how to make it.
    """
    table = table_of(target)
    known = published(table.published)
    rows: list[Row] = []
    read: list[Path] = []
    tested: dict[str, dict[str, list[float]]] = {}
    for row in table.rows:
        folders = [runs / row.folder / run_name(number, seed) for seed in seeds for number in folds]
        rows += _rows(table, row, folders, known.get(row.published, {}), command or row.command)
        read += folders
        tested[row.label] = _by_fold(row, folders, len(folds), table.compared)
    over = f", mean over {len(folds)} folds x {len(seeds)} seeds" if len(seeds) > 1 else ""
    tests = significance_block(tested, table.reference, table.compared).strip("\n")
    title = _title(table, {row.collection for row in rows}) + over
    return write_table(target, title, rows, out, [tests] if tests else (), read)


def _rows(table: Table, row: TableRow, folders: Sequence[Path], known: dict[str, float], command: str) -> list[Row]:
    metrics = [row.prefix + metric for metric in table.metrics]
    named = {row.prefix + metric: figure for metric, figure in known.items()}
    figures = rows_of_runs(row.label, folders, metrics, command, named)
    return [
        replace(
            one,
            metric=one.metric.removeprefix(row.prefix),
            published=one.published if table.beside_stand_in or one.collection == table.published_on else None,
        )
        for one in figures
    ]


def _by_fold(row: TableRow, folders: Sequence[Path], n_folds: int, metrics: Sequence[str]) -> dict[str, list[float]]:
    """Figures of each fold, mean over its seeds; the folders are those of all folds, one seed after the other."""
    read = [RunMetrics.read(folder / "metrics.json").metrics for folder in folders]
    return {
        metric: [fmean(one[row.prefix + metric] for one in read[fold::n_folds]) for fold in range(n_folds)]
        for metric in metrics
        if all(row.prefix + metric in one for one in read)
    }


def _title(table: Table, collections: set[str]) -> str:
    named = ", ".join(sorted(collections))
    if collections == {table.published_on}:
        return f"Priming accuracy (%) on {named} ({table.name})"
    if table.beside_stand_in:
        # the name of a collection that was made as a stand-in says so itself
        place = "" if table.published_on in named else f", a stand-in for {table.published_on}"
        theirs = f"figures in brackets are the paper's on {table.published_on}, not comparable"
        return f"Priming accuracy (%) on {named}{place} ({table.name}); {theirs}"
    return f"Priming accuracy (%) on {named}, a stand-in for {table.published_on}: not comparable with {table.name}"
