"""Figures that the paper prints, as data.

``table1_cal500.csv`` is Table 1: mean and standard deviation over three folds, in percent.
"""

import csv
from importlib.resources import files

COLUMNS = {
    f"{split}_{name.replace('p', 'p@')}": f"{split}_{name}"
    for split in ("train", "test")
    for name in ("p1", "p2", "p5", "p10")
}


def table1_cal500() -> dict[str, dict[str, float]]:
    """Row to metric (named as in ``metrics.json``) to mean; figures that the paper leaves out are absent."""
    columns = {**COLUMNS, "train_map": "train_map", "test_map": "test_map"}
    lines = (files(__name__) / "table1_cal500.csv").read_text(encoding="utf-8").splitlines()
    return {
        line["method"]: {metric: float(line[column]) for metric, column in columns.items() if line[column]}
        for line in csv.DictReader(lines)
    }
