"""The results table of priming: which rows there are, where their runs lie, and what the paper prints for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mwe.core.runs import RunMetrics
from mwe.core.tables import Row, rows_of_runs, write_table
from siamese_tags.published import table1_cal500

METRICS = tuple(
    f"{split}_{figure}" for split in ("train", "test") for figure in ("p@1", "p@2", "p@5", "p@10", "map", "auc")
)
PUBLISHED_ON = "CAL500"


@dataclass(frozen=True)
class TableRow:
    """A row of the table.

    Args:
        label: Name in the table.
        folder: Folder of its runs, one sub-folder a fold.
        published: Its name in the published table; empty where the paper has no such row.
        command: What to type to make it.
    """

    label: str
    folder: str
    published: str
    command: str


def _baseline(label: str, name: str, published: str) -> TableRow:
    return TableRow(label, name, published, f"siamese-tags baseline --name {name}")


def _network(label: str, name: str, published: str) -> TableRow:
    command = f"siamese-tags fit -c lightning_configs/siamese_tags/table1/{name}.yaml --data.init_args.fold K"
    return TableRow(label, name, published, command)


TABLE1 = (
    _baseline("Random", "random", "random"),
    _baseline("Popularity (not in the paper)", "popularity", ""),
    _baseline("PCA", "pca", "pca"),
    _network("Single CE", "single_ce", "single ce"),
    _network("Siamese CE", "siamese_ce", "siamese ce"),
)


def build_table(runs: Path, folds: Sequence[int], target: str, out: Path, command: str | None = None) -> Path:
    """Gather the rows' ``metrics.json`` and write the table.

    Args:
        runs: Folder with one folder a row.
        folds: Folds to average over.
        target: File name of the table, without ending.
        out: Folder of the tables.
        command: What was typed to make all rows; each row's own command if not given.

    Returns:
        The Markdown file.

    Raises:
        MissingDataError: A run is missing; the message says how to make it.
    """
    published = table1_cal500()
    rows: list[Row] = []
    collections: set[str] = set()
    for row in TABLE1:
        folders = [runs / row.folder / f"fold{number}" for number in folds]
        known = {} if set(_collections(folders)) != {PUBLISHED_ON} else published.get(row.published, {})
        rows += rows_of_runs(row.label, folders, METRICS, command or row.command, known)
        collections.update(_collections(folders))
    return write_table(target, _title(collections), rows, out)


def _collections(folders: Sequence[Path]) -> list[str]:
    return [RunMetrics.read(path).collection for folder in folders if (path := folder / "metrics.json").is_file()]


def _title(collections: set[str]) -> str:
    named = ", ".join(sorted(collections))
    if collections == {PUBLISHED_ON}:
        return f"Priming accuracy (%) on {named} (Table 1)"
    return f"Priming accuracy (%) on {named}, a stand-in for {PUBLISHED_ON}: not comparable with Table 1"
