"""Paired Student t-tests between the rows of a table, over folds (Sect. 5.4)."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import ttest_rel

Figures = Mapping[str, Sequence[float]]
NOTE = (
    "Points by which {reference} is above the row, mean over {n} folds, and two-sided p of a paired Student t-test. "
    "Folds share training documents and rows were not corrected for their number, so p is too small rather than too "
    "large; with {n} folds only large and steady differences can show."
)


def paired_test(reference: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the mean difference of ``reference`` from ``other`` and its two-sided p, NaN for equal differences."""
    difference = np.subtract(reference, other)
    if np.ptp(difference) <= 1e-9:
        return float(difference.mean()), float("nan")
    return float(difference.mean()), float(ttest_rel(reference, other).pvalue)


def significance_block(rows: Mapping[str, Figures], reference: str, metrics: Sequence[str]) -> str:
    """Return a Markdown table of every row against the reference; empty with fewer than two folds.

    Args:
        rows: One figure per fold, by label and metric; folds have the same order in all rows.
        reference: Label of the row that the others are compared with.
        metrics: Metrics to compare; a row without one has an empty cell.
    """
    n_folds = max(len(figures) for figures in rows[reference].values())
    if n_folds < 2:
        return ""
    lines = ["", f"## Against {reference}", "", NOTE.format(reference=reference, n=n_folds), ""]
    lines += ["| row | " + " | ".join(f"{metric} | p" for metric in metrics) + " |"]
    lines += ["|---" * (1 + 2 * len(metrics)) + "|"]
    for label, figures in rows.items():
        if label != reference:
            cells = [_cells(rows[reference], figures, metric) for metric in metrics]
            lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cells(reference: Figures, figures: Figures, metric: str) -> str:
    if metric not in figures:
        return " | "
    difference, p = paired_test(reference[metric], figures[metric])
    p_text = "-" if np.isnan(p) else "< 0.0001" if p < 1e-4 else f"{p:.4f}"
    return f"{difference:+.2f} | {p_text}"
