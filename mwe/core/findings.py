"""What a paper claims of a table's rows, checked on the rows that were run."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any


def check_findings(described: Sequence[dict[str, Any]], figures: Mapping[tuple[str, str], float]) -> list[str]:
    """One line a claim: whether it holds here, with the figures.

    Args:
        described: Claims, each with ``says`` (its words), ``metric`` and ``rising`` (rows, the lowest figure first).
        figures: Figures by row and metric; a row that was not run leaves its claims open.

    Raises:
        KeyError: A claim lacks one of the three.
    """
    return [_checked(claim["says"], claim["metric"], claim["rising"], figures) for claim in described]


def _checked(says: str, metric: str, rising: Sequence[str], figures: Mapping[tuple[str, str], float]) -> str:
    missing = [row for row in rising if (row, metric) not in figures]
    if missing:
        return f"- not measured: {says} (no run of {', '.join(missing)})"
    values = [figures[row, metric] for row in rising]
    rises = all(before < after for before, after in pairwise(values))
    told = " → ".join(f"{value:.3f}" for value in values)
    return f"- {'holds' if rises else 'does not hold'}: {says} ({told})"
