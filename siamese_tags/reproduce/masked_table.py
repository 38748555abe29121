"""The results table of masked-context priming: one line per row and collection."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mwe.reproduce.result_table import Row, rows_of_runs, write_table
from siamese_tags.masked.metrics import FIGURES
from siamese_tags.reproduce.masked_rows import ROWS, collections_in

TITLE = (
    "Masked-context priming (%): half of the tags revealed, the hidden ones to be ranked first; no published figures"
)


def build_table(runs: Path, folds: Sequence[int], target: str, out: Path, command: str | None = None) -> Path:
    """Gather the ``metrics.json`` of all rows and write the table. Metrics have names such as ``cal500_map``.

    Args:
        runs: Folder with one folder per collection, which has one per row.
        folds: Folds to average over.
        target: File name of the table, without suffix.
        out: Folder of the tables.
        command: Command that made all rows; by default the command of each row.

    Returns:
        The Markdown file.

    Raises:
        MissingDataError: No collection has a run, or a collection lacks some of its runs.
    """
    present = collections_in(runs, ROWS[1].command("cal500"))
    rows: list[Row] = []
    for row in ROWS:
        for collection in present:
            folders = [runs / collection / row.folder / f"fold{number}" for number in folds]
            metrics = [row.prefix + figure for figure in FIGURES]
            measured = rows_of_runs(row.label, folders, metrics, command or row.command(collection))
            rows += [replace(line, metric=f"{collection}_{line.metric.removeprefix(row.prefix)}") for line in measured]
    return write_table(target, TITLE, _by_figure(rows), out)


def _by_figure(rows: Sequence[Row]) -> list[Row]:
    """Sort MAP of all collections before the other figures."""
    order = ["map", *(figure for figure in FIGURES if figure != "map")]
    return sorted(rows, key=lambda row: order.index(row.metric.partition("_")[2]))
