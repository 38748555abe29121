"""The results table of masked-context priming: a line a row and collection."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mwe.core.errors import MissingDataError
from mwe.core.tables import Row, rows_of_runs, write_table
from siamese_tags.masked.metrics import FIGURES

COLLECTIONS = {"cal500": "Cal500", "cal10k": "Cal10k", "jamendo": "Jamendo"}
ENCODER = "context_encoder"
LABELS = {
    "random": "Random",
    "popularity": "Popularity",
    "query_cosine": "Query: cosine",
    "query_pmi": "Query: PMI",
    "query_conditional": "Query: p(tag given query)",
    "item_knn": "Item-kNN",
    "naive_bayes": "Naive Bayes",
    "document_knn": "Document-kNN",
    "lsa": "LSA fold-in",
    "context_lda": "Context only (LDA)",
    "ease": "EASE",
    ENCODER: "Context encoder",
}
TITLE = (
    "Masked-context priming (%): half of the tags revealed, the hidden ones to be ranked first; no published figures"
)


def command_of(collection: str, row: str) -> str:
    """What to type to make the runs of a row."""
    if row == ENCODER:
        return f"siamese-tags fit -c lightning_configs/siamese_tags/masked/{collection}.yaml --data.init_args.fold K"
    return (
        f"siamese-tags masked rule --name {row} --collection {COLLECTIONS[collection]} "
        f"--out outputs/siamese-masked/{collection}/{row}"
    )


def build_table(runs: Path, folds: Sequence[int], target: str, out: Path, command: str | None = None) -> Path:
    """Gather the ``metrics.json`` of all rows and write the table; metrics are named ``cal500_map`` and so on.

    Args:
        runs: Folder with one folder a collection, in it one a row.
        folds: Folds to average over.
        target: File name of the table, without ending.
        out: Folder of the tables.
        command: What was typed to make all rows; each row's own command if not given.

    Returns:
        The Markdown file.

    Raises:
        MissingDataError: No collection has a run, or one has some and lacks others; the message says how to make them.
    """
    present = [collection for collection in COLLECTIONS if any((runs / collection).glob("*/*/metrics.json"))]
    if not present:
        raise MissingDataError(f"no metrics.json in {runs}. Run: {command_of('cal500', 'popularity')}")
    rows: list[Row] = []
    for row, label in LABELS.items():
        for collection in present:
            folders = [runs / collection / row / f"fold{number}" for number in folds]
            typed = command or command_of(collection, row)
            measured = rows_of_runs(label, folders, FIGURES, typed)
            rows += [replace(one, metric=f"{collection}_{one.metric}") for one in measured]
    return write_table(target, TITLE, _by_figure(rows), out)


def _by_figure(rows: Sequence[Row]) -> list[Row]:
    """MAP of all collections before the other figures."""
    order = ["map", *(figure for figure in FIGURES if figure != "map")]
    return sorted(rows, key=lambda row: order.index(row.metric.partition("_")[2]))
