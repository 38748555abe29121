"""Claims of a paper about a table's rows, checked on the rows that were run."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any


def check_findings(described: Sequence[dict[str, Any]], figures: Mapping[tuple[str, str], float]) -> list[str]:
    """Return one line per claim: whether it holds here, with the figures.

    Args:
        described: Claims, each with ``says`` (its text), ``metric`` and ``rising`` (rows, the lowest figure first).
        figures: Figures by row and metric; claims about rows without figures stay open.

    Raises:
        KeyError: A claim lacks one of these keys.
    """
    return [_checked(claim["says"], claim["metric"], claim["rising"], figures) for claim in described]


def _checked(says: str, metric: str, rising: Sequence[str], figures: Mapping[tuple[str, str], float]) -> str:
    missing = [row for row in rising if (row, metric) not in figures]
    if missing:
        return f"- not measured: {says} (no run of {', '.join(missing)})"
    values = [figures[row, metric] for row in rising]
    rises = all(before < after for before, after in pairwise(values))
    figures_text = " → ".join(f"{value:.3f}" for value in values)
    return f"- {'holds' if rises else 'does not hold'}: {says} ({figures_text})"
