"""The figures of the paper as data: mean and standard deviation over three folds, in percent.

There is one file per table: 1 and 2 (priming on CAL500 and MagTag5K), 3 (unseen tags), C.1 and C.2 (priming by
predicted tags), E.1 and E.2 (language models). Table E.1 prints the test MAP of PCA, 55.39, also as its training MAP,
which is 56.69 in Table 1; the file has the printed figure.
"""

import csv
from importlib.resources import files

TABLES = (
    "table1_cal500",
    "table2_magtag5k",
    "table3_oov_magtag5k",
    "tableC1_cal500",
    "tableC2_magtag5k",
    "tableE1_cal500",
    "tableE2_magtag5k",
)
SPLITS = ("train", "test", "oov")
FIGURES = {"p1": "p@1", "p2": "p@2", "p5": "p@5", "p10": "p@10", "map": "map"}


def published(table: str) -> dict[str, dict[str, float]]:
    """Return means by row and metric, named as in ``metrics.json``; figures that the paper leaves out are absent.

    Args:
        table: One of ``TABLES``. In Tables E the window is the last word of the row: ``c-bow (s1) 2``.
    """
    lines = (files(__name__) / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    rows: dict[str, dict[str, float]] = {}
    for line in csv.DictReader(lines):
        name = f"{line['method']} {line.get('window') or ''}".strip()
        rows[name] = {
            f"{split}_{metric}": float(line[column])
            for split in SPLITS
            for figure, metric in FIGURES.items()
            if line.get(column := f"{split}_{figure}")
        }
    return rows
