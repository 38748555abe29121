"""Differences between ways to query a tag in a context, paired by query, with bootstrap intervals.

Shape suffixes: U units of the bootstrap, R draws.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import torch

from mwe.core.errors import BadFileError, MissingDataError, expecting
from mwe.core.files import read_yaml
from mwe.core.parquet import PARQUET_ERRORS
from mwe.joint.context_queries import FIGURES, FILE
from mwe.metrics.bootstrap import LEVEL, drawn_counts, interval
from mwe.reproduce.result_table import write_pair

COLUMNS = ("one", "other", "figure", "difference", "low", "high", "queries", "units", "runs", "verdict")
REMEDY = "`mwe paper contextual` writes one to outputs/tables/descriptions."
Key = tuple[str, str, str]  # track, tag, context


class ContextFigures(NamedTuple):
    """Figures of one row with one way to query.

    Attributes:
        value: Figure in each run, by query.
        unit: Artist (or track) whose queries are drawn together, by query.
        runs: Names of the runs.
    """

    value: Mapping[Key, Mapping[str, float]]
    unit: Mapping[Key, str]
    runs: tuple[str, ...]


class ContextDifference(NamedTuple):
    """Difference of one way from another.

    Attributes:
        mean: Mean over queries, each averaged over its runs.
        low: Lower bound of the mean.
        high: Upper bound.
        queries: Number of queries.
        units: Number of artists or tracks to draw from.
        runs: Number of runs.
    """

    mean: float
    low: float
    high: float
    queries: int
    units: int
    runs: int

    @property
    def verdict(self) -> str:
        """``higher`` or ``lower`` if the interval excludes 0, else ``open``."""
        return "higher" if self.low > 0 else "lower" if self.high < 0 else "open"


def write_differences(specification: Path, out: Path, runs: Path, draws: int) -> Path:
    """Write the differences declared in a table's description beside the table.

    Raises:
        BadFileError: The description lacks a key, or names an unknown figure.
        MissingDataError: A row has no runs with queries in context, or two rows have none in common.
    """
    described = read_yaml(specification, REMEDY)
    with expecting(specification, "describes no comparisons", REMEDY):
        patterns = {row["row"]: row["runs"] for row in described["rows"]}
        title = str(described["title"])
        comparisons = [
            (tuple(first), tuple(second), figure, patterns[first[0]], patterns[second[0]])
            for first, second in described["comparisons"]
            for figure in described["figures"]
        ]
    rows = []
    for first, second, figure, first_runs, second_runs in comparisons:
        if figure not in FIGURES:
            raise BadFileError(specification, f"no figure {figure!r} ({', '.join(FIGURES)})", REMEDY)
        result = difference(read(runs, first_runs, first[1], figure), read(runs, second_runs, second[1], figure), draws)
        rows.append((", ".join(first), ", ".join(second), figure, result))
    return _write(rows, title, out / f"{specification.stem}-differences.md", draws)


def read(runs: Path, pattern: str, way: str, figure: str) -> ContextFigures:
    """Read the figures of the runs of a row, with one way to query.

    Raises:
        MissingDataError: There are no such runs, or they were not queried in this way.
    """
    value: dict[Key, dict[str, float]] = defaultdict(dict)
    unit: dict[Key, str] = {}
    folders = sorted(path for path in runs.glob(pattern) if (path / FILE).is_file())
    for folder in folders:
        try:
            queries = pq.read_table(
                folder / FILE, columns=["track_id", "tag", "context", "unit", "way", figure]
            ).to_pylist()
        except PARQUET_ERRORS as error:
            raise BadFileError(folder / FILE, f"not the queries of a test ({error})", "Test the run again.") from error
        for row in queries:
            if row["way"] == way:
                key = (row["track_id"], row["tag"], row["context"])
                value[key][folder.name], unit[key] = row[figure], row["unit"]
    if not value:
        raise MissingDataError(f"no queries in context by {way!r} in {runs / pattern}. Run the table's rows first.")
    return ContextFigures(value, unit, tuple(folder.name for folder in folders))


def difference(first: ContextFigures, second: ContextFigures, draws: int) -> ContextDifference:
    """Compute the difference over common queries and runs; artists (or tracks) are drawn with replacement.

    Raises:
        MissingDataError: There are no common queries and runs.
    """
    each = {
        key: np.mean([figures[run] - second.value[key][run] for run in shared])
        for key, figures in first.value.items()
        if key in second.value and (shared := sorted(figures.keys() & second.value[key].keys()))
    }
    if not each:
        raise MissingDataError("the two rows have no query and run in common. Run both with the same seeds")
    units = {name: index for index, name in enumerate(sorted({first.unit[key] for key in each}))}
    unit_Q = np.array([units[first.unit[key]] for key in each])
    sum_U = torch.from_numpy(np.bincount(unit_Q, weights=np.array(list(each.values())), minlength=len(units)))
    count_U = torch.from_numpy(np.bincount(unit_Q, minlength=len(units))).double()
    drawn_RU = drawn_counts(len(units), draws).double()
    low, high = interval((drawn_RU @ sum_U) / (drawn_RU @ count_U))
    runs = len(set(first.runs) & set(second.runs))
    return ContextDifference(float(np.mean(list(each.values()))), float(low), float(high), len(each), len(units), runs)


def _write(rows: Sequence[tuple[str, str, str, ContextDifference]], title: str, path: Path, draws: int) -> Path:
    cells = [
        [
            *(first, second, figure, *(f"{value:+.4f}" for value in result[:3])),
            *(result.queries, result.units, result.runs, result.verdict),
        ]
        for first, second, figure, result in rows
    ]
    lines = [
        f"# {title}: differences",
        "",
        f"The first less the other on the same queries, of each the mean over the runs that it is in; intervals of "
        f"{LEVEL:.0%} by {draws:,} draws of artists (of tracks where artists are not known) with replacement.",
        "",
        "| one | other | figure | difference | interval | queries | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {first} | {second} | {figure} | {result.mean:+.3f} | {result.low:+.3f} to {result.high:+.3f} | "
        f"{result.queries:,} of {result.units:,} | {result.verdict} |"
        for first, second, figure, result in rows
    ]
    return write_pair(path, [COLUMNS, *cells], "\n".join([*lines, ""]))
