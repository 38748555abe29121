"""Building a results table of priming from the runs of its rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mwe.core.files import atomic_write
from mwe.core.runs import RunMetrics
from mwe.core.tables import Row, rows_of_runs, write_table
from siamese_tags.published import published
from siamese_tags.rows import METRICS, QUICK, TABLES, Table, TableRow
from siamese_tags.significance import significance_block

PUBLISHED_ON = "CAL500"


def build_table(runs: Path, folds: Sequence[int], target: str, out: Path, command: str | None = None) -> Path:
    """Gather the rows' ``metrics.json`` and write the table, with t-tests between its rows at the end.

    Args:
        runs: Folder with one folder a row.
        folds: Folds to average over.
        target: File name of the table, without ending; ``siamese-table1``, ``siamese-tableC1`` and
            ``siamese-tableE1`` have the rows of these tables, others those of ``siamese-quick``.
        out: Folder of the tables.
        command: What was typed to make all rows; each row's own command if not given.

    Returns:
        The Markdown file.

    Raises:
        MissingDataError: A run is missing; the message says how to make it.
    """
    table = TABLES.get(target, QUICK)
    known = published(table.published)
    rows: list[Row] = []
    tested: dict[str, dict[str, list[float]]] = {}
    for row in table.rows:
        folders = [runs / row.folder / f"fold{number}" for number in folds]
        rows += _rows(row, folders, known.get(row.published, {}), command or row.command)
        tested[row.label] = _by_fold(row, folders, table.compared)
    path = write_table(target, _title(table, {row.collection for row in rows}), rows, out)
    whole = path.read_text(encoding="utf-8") + significance_block(tested, table.reference, table.compared)
    with atomic_write(path) as temporary:
        temporary.write_text(whole, encoding="utf-8")
    return path


def _rows(row: TableRow, folders: Sequence[Path], known: dict[str, float], command: str) -> list[Row]:
    metrics = [row.prefix + metric for metric in METRICS]
    named = {row.prefix + metric: figure for metric, figure in known.items()}
    figures = rows_of_runs(row.label, folders, metrics, command, named)
    return [
        replace(
            one,
            metric=one.metric.removeprefix(row.prefix),
            published=one.published if one.collection == PUBLISHED_ON else None,
        )
        for one in figures
    ]


def _by_fold(row: TableRow, folders: Sequence[Path], metrics: Sequence[str]) -> dict[str, list[float]]:
    read = [RunMetrics.read(folder / "metrics.json").metrics for folder in folders]
    return {
        metric: [one[row.prefix + metric] for one in read]
        for metric in metrics
        if all(row.prefix + metric in one for one in read)
    }


def _title(table: Table, collections: set[str]) -> str:
    named = ", ".join(sorted(collections))
    if collections == {PUBLISHED_ON}:
        return f"Priming accuracy (%) on {named} ({table.name})"
    return f"Priming accuracy (%) on {named}, a stand-in for {PUBLISHED_ON}: not comparable with {table.name}"
