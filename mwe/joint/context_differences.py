"""Differences between ways to ask for a tag in a context, paired query by query, with bootstrap intervals.

Shape suffixes: U units that are drawn together, R draws.
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
from mwe.core.tables import write_pair
from mwe.joint.context_queries import FIGURES, FILE
from mwe.metrics.bootstrap import LEVEL, drawn_counts, interval

COLUMNS = ("one", "other", "figure", "difference", "low", "high", "queries", "units", "runs", "verdict")
REMEDY = "See lightning_configs/tables/contextual.yaml."
Key = tuple[str, str, str]  # track, tag, context


class Asked(NamedTuple):
    """Figures of one row asked in one way.

    Attributes:
        value: By query, its figure in each run.
        unit: By query, the artist (or the track) whose queries are drawn together.
        runs: Names of the runs.
    """

    value: Mapping[Key, Mapping[str, float]]
    unit: Mapping[Key, str]
    runs: tuple[str, ...]


class Difference(NamedTuple):
    """One way less another.

    Attributes:
        mean: Mean over queries, of each the mean over the runs that it is in.
        low: Lower bound of the mean.
        high: Upper bound.
        queries: Number of queries.
        units: Number of artists or tracks that they were drawn from.
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
        """``higher`` or ``lower`` where the interval leaves 0 out, else ``open``."""
        return "higher" if self.low > 0 else "lower" if self.high < 0 else "open"


def context_differences(
    specification: Path, out: Path = Path("outputs/tables"), runs: Path = Path("outputs"), draws: int = 2000
) -> None:
    """Print how ways to ask for tags in context differ, query by query, with intervals.

    Args:
        specification: YAML file of a table whose ``comparisons`` name pairs of row and way, such as
            ``lightning_configs/tables/contextual.yaml``.
        out: Folder of the CSV and Markdown files.
        runs: Folder of the runs.
        draws: Draws of the artists, or of the tracks where those are not known.
    """
    path = write_differences(specification, out, runs, draws)
    print(path.read_text(encoding="utf-8"))
    print(f"table written to {path} and {path.with_suffix('.csv')}")


def write_differences(specification: Path, out: Path, runs: Path, draws: int) -> Path:
    """Write the differences that a table's description asks for beside the table.

    Raises:
        BadFileError: The description lacks a key, or asks for a figure that there is not.
        MissingDataError: A row has no runs with queries in context, or two have none in common.
    """
    described = read_yaml(specification, REMEDY)
    with expecting(specification, "describes no comparisons", REMEDY):
        patterns = {row["row"]: row["runs"] for row in described["rows"]}
        title = str(described["title"])
        asked = [
            (tuple(one), tuple(other), figure, patterns[one[0]], patterns[other[0]])
            for one, other in described["comparisons"]
            for figure in described["figures"]
        ]
    rows = []
    for one, other, figure, first, second in asked:
        if figure not in FIGURES:
            raise BadFileError(specification, f"no figure {figure!r} ({', '.join(FIGURES)})", REMEDY)
        found = difference(read(runs, first, one[1], figure), read(runs, second, other[1], figure), draws)
        rows.append((", ".join(one), ", ".join(other), figure, found))
    return _write(rows, title, out / f"{specification.stem}-differences.md", draws)


def read(runs: Path, pattern: str, way: str, figure: str) -> Asked:
    """Figures of the runs of a row that was asked in one way.

    Raises:
        MissingDataError: There are no such runs, or they were not asked in this way.
    """
    value: dict[Key, dict[str, float]] = defaultdict(dict)
    unit: dict[Key, str] = {}
    folders = sorted(path for path in runs.glob(pattern) if (path / FILE).is_file())
    for folder in folders:
        try:
            asked = pq.read_table(
                folder / FILE, columns=["track_id", "tag", "context", "unit", "way", figure]
            ).to_pylist()
        except PARQUET_ERRORS as error:
            raise BadFileError(folder / FILE, f"not the queries of a test ({error})", "Test the run again.") from error
        for row in asked:
            if row["way"] == way:
                key = (row["track_id"], row["tag"], row["context"])
                value[key][folder.name], unit[key] = row[figure], row["unit"]
    if not value:
        raise MissingDataError(
            f"no queries in context asked by {way!r} in {runs / pattern}. Run the table's rows first."
        )
    return Asked(value, unit, tuple(folder.name for folder in folders))


def difference(one: Asked, other: Asked, draws: int) -> Difference:
    """One way less another over the queries and runs that both have; artists (or tracks) are drawn with replacement.

    Raises:
        MissingDataError: They have none in common.
    """
    each = {
        key: np.mean([own[run] - other.value[key][run] for run in shared])
        for key, own in one.value.items()
        if key in other.value and (shared := sorted(own.keys() & other.value[key].keys()))
    }
    if not each:
        raise MissingDataError("no query and run in common, so nothing can be paired")
    units = {name: place for place, name in enumerate(sorted({one.unit[key] for key in each}))}
    place_Q = np.array([units[one.unit[key]] for key in each])
    sum_U = torch.from_numpy(np.bincount(place_Q, weights=np.array(list(each.values())), minlength=len(units)))
    count_U = torch.from_numpy(np.bincount(place_Q, minlength=len(units))).double()
    drawn_RU = drawn_counts(len(units), draws).double()
    low, high = interval((drawn_RU @ sum_U) / (drawn_RU @ count_U))
    runs = len(set(one.runs) & set(other.runs))
    return Difference(float(np.mean(list(each.values()))), float(low), float(high), len(each), len(units), runs)


def _write(rows: Sequence[tuple[str, str, str, Difference]], title: str, path: Path, draws: int) -> Path:
    cells = [
        [
            *(one, other, figure, *(f"{value:+.4f}" for value in found[:3])),
            *(found.queries, found.units, found.runs, found.verdict),
        ]
        for one, other, figure, found in rows
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
        f"| {one} | {other} | {figure} | {found.mean:+.3f} | {found.low:+.3f} to {found.high:+.3f} | "
        f"{found.queries:,} of {found.units:,} | {found.verdict} |"
        for one, other, figure, found in rows
    ]
    return write_pair(path, [COLUMNS, *cells], "\n".join([*lines, ""]))
