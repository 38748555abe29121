"""Results tables: published and reproduced figures side by side, as CSV for programs and Markdown for people."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mwe.core.errors import MissingDataError, expecting
from mwe.core.files import read_yaml, sha256, write_csv, write_json, write_text, written_together
from mwe.core.findings import check_findings
from mwe.core.manifest import manifest
from mwe.core.paths import data_root
from mwe.core.runs import METRICS, RunMetrics


@dataclass(frozen=True)
class Row:
    """One figure of a table.

    Args:
        row: Name of the model or setting.
        metric: What was measured.
        published: The paper's figure, where there is one.
        reproduced: Mean over runs; nothing where there is none yet.
        sd: Standard deviation over runs (``n - 1``), where there is more than one.
        n: Number of runs.
        collection: What it was measured on.
        seeds: Seeds or folds of the runs.
        command: What to type to make it.
    """

    row: str
    metric: str
    published: float | None
    reproduced: float | None
    sd: float | None
    n: int
    collection: str
    seeds: str
    command: str


def rows_of_runs(
    row: str,
    runs: Sequence[Path],
    metrics: Sequence[str],
    command: str,
    published: dict[str, float] | None = None,
) -> list[Row]:
    """Mean and standard deviation of each metric over the ``metrics.json`` of several run folders.

    Args:
        row: Name of the row.
        runs: Run folders.
        metrics: Metrics to take, in order; one that no run has is left out.
        command: What to type to make the row.
        published: The paper's figures by metric.

    Raises:
        MissingDataError: A run has no ``metrics.json``.
    """
    missing = [str(run) for run in runs if not (run / METRICS).is_file()]
    if missing or not runs:
        raise MissingDataError(f"row {row!r}: no metrics.json in {', '.join(missing) or 'any run'}. Run: {command}")
    read = [RunMetrics.read(run / METRICS) for run in runs]
    rows = []
    for metric in metrics:
        values = [one.metrics[metric] for one in read if metric in one.metrics]
        if values:
            sd = statistics.stdev(values) if len(values) > 1 else None
            seeds = " ".join(run.name for run in runs)
            named = (published or {}).get(metric)
            mean = statistics.fmean(values)
            rows.append(Row(row, metric, named, mean, sd, len(values), read[0].collection, seeds, command))
    return rows


def write_table(
    target: str,
    title: str,
    rows: Iterable[Row],
    out: Path = Path("outputs/tables"),
    notes: Sequence[str] = (),
    runs: Sequence[Path] = (),
) -> Path:
    """Write ``<out>/<target>.csv`` and ``.md``, the latter with notes at its end; return the path of the Markdown.

    Args:
        target: Name of the files.
        title: Title.
        rows: The figures.
        out: Folder of the files.
        notes: What stands below the table.
        runs: Run folders that the figures come from; ``<target>.json`` keeps the hash of each one's ``metrics.json``.
    """
    listed = list(rows)
    names = [field.name for field in fields(Row)]
    cells: list[list[Any]] = [names, *([_cell(getattr(row, name)) for name in names] for row in listed)]
    shown = "\n".join([markdown(title, listed), *notes, ""] if notes else [markdown(title, listed)])
    return write_pair(out / f"{target}.md", cells, shown, runs)


def write_pair(path: Path, cells: Iterable[Iterable[Any]], shown: str, runs: Sequence[Path] = ()) -> Path:
    """Write a table's Markdown, beside it its CSV, and what runs it was made of: all are new, or none is.

    The CSV, which `make` looks at, comes last.

    Returns:
        The Markdown file.
    """
    csv, made = (path.with_suffix(ending).name for ending in (".csv", ".json"))
    with written_together(path.parent, csv, [made]) as staging:
        write_csv(staging / csv, cells)
        write_text(staging / path.name, shown)
        if runs:
            hashes = {"/".join(run.parts[-3:]): sha256(run / METRICS) for run in runs}
            write_json(staging / made, manifest(hashes, {"table": path.stem}, {"runs": len(hashes)}))
    return path


def markdown(title: str, rows: Sequence[Row]) -> str:
    """One line per row, one column per metric: reproduced ± sd, with the published figure in brackets."""
    metrics = list(dict.fromkeys(row.metric for row in rows))
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        cells.setdefault(row.row, {})[row.metric] = _figure(row)
    lines = [f"# {title}", "", "Reproduced (mean ± sd over runs); the published figure stands in brackets.", ""]
    lines += ["| row | " + " | ".join(metrics) + " |", "|---" * (len(metrics) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(own.get(metric, "") for metric in metrics) + " |" for name, own in cells.items()
    ]
    run = {row.row: row for row in reversed(rows) if row.n}
    if run:
        lines += ["", "| row | collection | runs | command |", "|---|---|---|---|"]
    for name in cells:
        if first := run.get(name):
            lines.append(f"| {name} | {first.collection} | {first.n}: {first.seeds} | `{first.command}` |")
    return "\n".join(lines) + "\n"


def _figure(row: Row) -> str:
    if row.reproduced is None:
        return "" if row.published is None else f"({_plain(row.published)})"
    whole = abs(row.reproduced) > 1000 and float(row.reproduced).is_integer() and row.sd is None
    counted = whole or isinstance(row.reproduced, int)
    digits = 0 if counted else 3 if abs(row.reproduced) <= 1 else 2
    sd = "" if row.sd is None else f" ± {row.sd:.{digits}f}"
    published = "" if row.published is None else f" ({_plain(row.published)})"
    return f"{row.reproduced:,.{digits}f}{sd}{published}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) > 1000 else f"{value:g}"


def _cell(value: object) -> object:
    return "" if value is None else f"{value:.6f}" if isinstance(value, float) else value


def table_of(specification: Path, out: Path = Path("outputs/tables"), runs: Path = Path("outputs")) -> Path:
    """Build the table that a YAML file describes, called as the file is.

    The file has a ``title`` and ``rows`` with ``row``, ``runs`` (pattern of run folders below ``runs``), ``metrics``,
    ``command`` and, where the paper has figures, ``published``. A row that ``waits`` for data may be without runs; it
    is listed below the table with what it waits for: words, or files below the data root of which those are named that
    are not there (``one or another`` where either does). Its published figures stand in the table, as do those of a row
    that has no ``runs`` to be made. ``findings`` are claims of the paper to be checked on the rows, ``notes`` remarks.

    Raises:
        MissingDataError: No run of a row is there that waits for nothing; the message gives the command that makes it.
        BadFileError: The file lacks one of the keys.
    """
    remedy = "See lightning_configs/tables."
    described = read_yaml(specification, remedy)
    with expecting(specification, "not a table description", remedy):
        rows: list[Row] = []
        read: list[Path] = []
        waiting: dict[str, list[str]] = {}
        for row in described["rows"]:
            found = _folders(row, runs)
            own, reason = _own_rows(row, found)
            rows, read = rows + own, read + found
            if reason:
                waiting.setdefault(reason, []).append(row["row"])
        notes = _notes(described, rows, waiting)
        return write_table(specification.stem, str(described["title"]), rows, out, notes, read)


def _folders(row: Mapping[str, Any], runs: Path) -> list[Path]:
    """Run folders of a described row."""
    return sorted(path for path in runs.glob(row["runs"]) if path.is_dir()) if "runs" in row else []


def _own_rows(row: Mapping[str, Any], found: Sequence[Path]) -> tuple[list[Row], str]:
    """Figures of a described row from its run folders, and what it waits for where it has none of its own."""
    if "runs" not in row:
        return _published(row), ""
    reason = "" if found else _waits(row.get("waits"))
    if reason:
        return _published(row), reason
    return rows_of_runs(row["row"], found, row["metrics"], row["command"], row.get("published")), ""


def _notes(described: Mapping[str, Any], rows: Sequence[Row], waiting: Mapping[str, Sequence[str]]) -> list[str]:
    """What stands below the table: rows that wait, remarks, claims checked."""
    notes: list[str] = []
    if waiting:
        lines = [f"- {'; '.join(dict.fromkeys(names))}: {reason}" for reason, names in waiting.items()]
        notes += ["## Rows that wait for data", "", *lines, ""]
    if remarks := described.get("notes"):
        notes += ["## Notes", "", *(f"- {remark}" for remark in remarks), ""]
    cited = {row["row"] for row in described["rows"] if "runs" not in row}
    figures = {(row.row, row.metric): row.published if row.row in cited else row.reproduced for row in rows}
    known = {key: value for key, value in figures.items() if value is not None}
    if checked := check_findings(described.get("findings", ()), known):
        notes += ["## The paper's findings", "", *checked]
    return notes


def _waits(told: str | Sequence[str] | None) -> str:
    """What a row waits for, in words; nothing where all is there."""
    if told is None or isinstance(told, str):
        return told or ""
    root = data_root()
    missing = [one for one in told if not any(any(root.glob(file)) for file in one.split(" or "))]
    return f"{', '.join(missing)} (below {root})" if missing else ""


def _published(row: Mapping[str, Any]) -> list[Row]:
    """The paper's figures of a row without runs."""
    command = row.get("command", "")
    return [
        Row(row["row"], name, value, None, None, 0, "", "", command) for name, value in row.get("published", {}).items()
    ]
