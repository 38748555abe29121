"""What the commands wrote into ``outputs/tables``, as the cells of the ledger's sources."""

import csv
import json
import math
import statistics
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from scripts.figures.ledger import Source
from scripts.figures.pages import NUMBER, same


class Made(NamedTuple):
    """A figure of a table.

    Args:
        value: The figure.
        spread: Its standard deviation.
        published: What the paper has.
        interval: Both ends of its interval.
    """

    value: str
    spread: str = ""
    published: str = ""
    interval: tuple[str, str] = ("", "")


def made_from(root: Path, file: str) -> str:
    """Return where and when figures were made: the table, the day and the commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True).stdout
    return f"outputs/tables/{file}, {date.today().isoformat()}, commit {commit.strip()}"


def of_outputs(source: Source, tables: Path) -> dict[tuple[str, str], str]:
    """Return the cells of a source as the table that its command wrote has them; none if it is not there.

    A collection that the table lacks was not at hand: it has no cells.

    Raises:
        SystemExit: The table lacks a row or metric that is asked for.
    """
    path = tables / source.outputs.get("file", "?")
    if not path.is_file():
        return {}
    written = dict(_figures(path, source.outputs.get("collection", "")))
    cells: dict[tuple[str, str], str] = {}
    for row in source.rows if written else ():
        for column, wanted in source.outputs["columns"].items():
            before = source.rows[row][source.columns.index(column)]
            if not NUMBER.search(before) or source.outputs.get("rows", {}).get(row) == "":
                continue
            name = wanted.get("row", "{row}").replace("{row}", source.outputs.get("rows", {}).get(row, row))
            if (name, wanted["metric"]) not in written:
                raise SystemExit(f"{path}: no figure {wanted['metric']!r} of {name!r}")
            made = written[name, wanted["metric"]]
            if wanted.get("published"):
                cells[row, column] = made.published
            elif made.interval[0]:
                cells[row, column] = f"{made.value} ({made.interval[0]} to {made.interval[1]}){_spread(made, before)}"
            else:
                in_brackets = written[name, wanted["brackets"]].value if "brackets" in wanted else made.published
                cells[row, column] = made.value + _spread(made, before) + (f" ({in_brackets})" if "(" in before else "")
    return cells


def _spread(made: Made, before: str) -> str:
    return f" ± {made.spread}" if "±" in before else ""


def _figures(path: Path, collection: str) -> Iterator[tuple[tuple[str, str], Made]]:
    """Yield the figures of a table by the names of row and metric.

    Where a table names collections, those of ``collection: PART`` are rows ``ROW / PART``, as are methods of a row.
    """
    if path.suffix == ".json":
        for row, metrics in json.loads(path.read_text(encoding="utf-8")).items():
            for metric, each in metrics.items():
                spread = statistics.stdev(each) if len(each) > 1 else math.nan
                yield (
                    (row, metric),
                    Made(f"{statistics.fmean(each):.6f}", "" if math.isnan(spread) else f"{spread:.6f}"),
                )
        return
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if "metric" in line:
                yield (line["row"], line["metric"]), Made(line["reproduced"], line["sd"], line["published"])
                continue
            name, _, part = line.get("collection", "").partition(": ")
            if name == collection:
                row = " / ".join(filter(None, (line["row"], part, line.get("method", ""))))
                made = Made(line["value"], line.get("spread", ""), interval=(line["low"], line["high"]))
                yield (row, line["figure"]), made


def differing(held: str, made: str) -> bool:
    """Return whether a cell of the ledger is not that of the outputs, rounded as it is held.

    >>> differing("0.82 ± 0.01", "0.8184 ± 0.0142"), differing("0.82 (0.4)", "0.83 (0.4)")
    (False, True)
    """
    both = NUMBER.findall(held), NUMBER.findall(made)
    return len(both[0]) != len(both[1]) or not all(map(same, *both))
