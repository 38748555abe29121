"""Results tables: published and reproduced figures side by side, as CSV for programs and Markdown for people."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mwe.core.errors import MissingDataError, expecting
from mwe.core.files import read_yaml, sha256, write_csv, write_json, write_text, written_together
from mwe.core.manifest import manifest
from mwe.core.paths import data_root
from mwe.core.runs import METRICS, RunMetrics
from mwe.reproduce.findings import check_findings


@dataclass(frozen=True)
class Row:
    """One figure of a table.

    Args:
        row: Name of the model or setting.
        metric: Name of the metric.
        published: The paper's figure, if there is one.
        reproduced: Mean over runs; None without runs.
        sd: Standard deviation over runs (``n - 1``); None for a single run.
        n: Number of runs.
        collection: Name of the collection.
        seeds: Seeds or folds of the runs.
        command: Command that makes it.
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
    """Compute mean and standard deviation of each metric over the ``metrics.json`` of several run folders.

    Args:
        row: Name of the row.
        runs: Run folders.
        metrics: Metrics in order; one that no run has is left out.
        command: Command that makes the row.
        published: The paper's figures by metric.

    Raises:
        MissingDataError: A run has no ``metrics.json``.
    """
    missing = [str(run) for run in runs if not (run / METRICS).is_file()]
    if missing or not runs:
        raise MissingDataError(f"row {row!r}: no metrics.json in {', '.join(missing) or 'any run'}. Run: {command}")
    results = [RunMetrics.read(run / METRICS) for run in runs]
    rows = []
    for metric in metrics:
        values = [result.metrics[metric] for result in results if metric in result.metrics]
        if values:
            sd = statistics.stdev(values) if len(values) > 1 else None
            seeds = " ".join(run.name for run in runs)
            published_figure = (published or {}).get(metric)
            mean = statistics.fmean(values)
            rows.append(
                Row(row, metric, published_figure, mean, sd, len(values), results[0].collection, seeds, command)
            )
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
        notes: Lines below the table.
        runs: Run folders of the figures; ``<target>.json`` stores the hash of each ``metrics.json``.
    """
    listed = list(rows)
    names = [field.name for field in fields(Row)]
    cells: list[list[Any]] = [names, *([_cell(getattr(row, name)) for name in names] for row in listed)]
    text = "\n".join([markdown(title, listed), *notes, ""] if notes else [markdown(title, listed)])
    return write_pair(out / f"{target}.md", cells, text, runs)


def write_pair(path: Path, cells: Iterable[Iterable[Any]], text: str, runs: Sequence[Path] = ()) -> Path:
    """Write a table as Markdown and CSV, and the manifest of its runs: all files together or none.

    The CSV, on which `make` depends, is last.

    Returns:
        The Markdown file.
    """
    csv, manifest_name = (path.with_suffix(ending).name for ending in (".csv", ".json"))
    with written_together(path.parent, csv, [manifest_name]) as staging:
        write_csv(staging / csv, cells)
        write_text(staging / path.name, text)
        if runs:
            hashes = {"/".join(run.parts[-3:]): sha256(run / METRICS) for run in runs}
            write_json(staging / manifest_name, manifest(hashes, {"table": path.stem}, {"runs": len(hashes)}))
    return path


def markdown(title: str, rows: Sequence[Row]) -> str:
    """Return one line per row and one column per metric: reproduced ± sd, with the published figure in brackets."""
    metrics = list(dict.fromkeys(row.metric for row in rows))
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        cells.setdefault(row.row, {})[row.metric] = _figure(row)
    lines = [f"# {title}", "", "Reproduced (mean ± sd over runs); the published figure stands in brackets.", ""]
    lines += ["| row | " + " | ".join(metrics) + " |", "|---" * (len(metrics) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(figures.get(metric, "") for metric in metrics) + " |"
        for name, figures in cells.items()
    ]
    first_row = {row.row: row for row in reversed(rows) if row.n}
    if first_row:
        lines += ["", "| row | collection | runs | command |", "|---|---|---|---|"]
    for name in cells:
        if first := first_row.get(name):
            lines.append(f"| {name} | {first.collection} | {first.n}: {first.seeds} | `{first.command}` |")
    return "\n".join(lines) + "\n"


def _figure(row: Row) -> str:
    if row.reproduced is None:
        return "" if row.published is None else f"({_plain(row.published)})"
    integral = abs(row.reproduced) > 1000 and float(row.reproduced).is_integer() and row.sd is None
    counted = integral or isinstance(row.reproduced, int)
    digits = 0 if counted else 3 if abs(row.reproduced) <= 1 else 2
    sd = "" if row.sd is None else f" ± {row.sd:.{digits}f}"
    published = "" if row.published is None else f" ({_plain(row.published)})"
    return f"{row.reproduced:,.{digits}f}{sd}{published}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) > 1000 else f"{value:g}"


def _cell(value: object) -> object:
    return "" if value is None else f"{value:.6f}" if isinstance(value, float) else value


def table_of(specification: Path, out: Path = Path("outputs/tables"), runs: Path = Path("outputs")) -> Path:
    """Build the table described in a YAML file, with the name of the file.

    The file has a ``title`` and ``rows`` with ``row``, ``runs`` (pattern of run folders below ``runs``), ``metrics``,
    ``command`` and, if the paper has figures, ``published``. A row that ``waits`` for data may have no runs. It is then
    listed below the table with the missing data: a text, or the missing ones of files below the data root (``one or
    another`` if either is enough). The table has its published figures, as for a row without ``runs``. ``findings`` are
    claims of the paper to check on the rows, and ``notes`` are remarks.

    Raises:
        MissingDataError: A row that does not wait for data has no run.
        BadFileError: The file lacks a key.
    """
    remedy = "`mwe paper NAME` writes such files to outputs/tables/descriptions."
    described = read_yaml(specification, remedy)
    with expecting(specification, "not a table description", remedy):
        rows: list[Row] = []
        all_runs: list[Path] = []
        waiting: dict[str, list[str]] = {}
        for row in described["rows"]:
            folders = _folders(row, runs)
            row_figures, reason = _figures_of(row, folders)
            rows, all_runs = rows + row_figures, all_runs + folders
            if reason:
                waiting.setdefault(reason, []).append(row["row"])
        notes = _notes(described, rows, waiting)
        return write_table(specification.stem, str(described["title"]), rows, out, notes, all_runs)


def _folders(row: Mapping[str, Any], runs: Path) -> list[Path]:
    """Return the run folders of a described row."""
    return sorted(path for path in runs.glob(row["runs"]) if path.is_dir()) if "runs" in row else []


def _figures_of(row: Mapping[str, Any], folders: Sequence[Path]) -> tuple[list[Row], str]:
    """Return the figures of a described row from its run folders, and the data that it waits for if it has none."""
    if "runs" not in row:
        return _published(row), ""
    reason = "" if folders else _waits(row.get("waits"))
    if reason:
        return _published(row), reason
    return rows_of_runs(row["row"], folders, row["metrics"], row["command"], row.get("published")), ""


def _notes(described: Mapping[str, Any], rows: Sequence[Row], waiting: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the lines below the table: waiting rows, remarks, and checked claims."""
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


def _waits(patterns: str | Sequence[str] | None) -> str:
    """Return a text about the data that a row waits for; empty if there is none."""
    if patterns is None or isinstance(patterns, str):
        return patterns or ""
    root = data_root()
    missing = [pattern for pattern in patterns if not any(any(root.glob(file)) for file in pattern.split(" or "))]
    return f"{', '.join(missing)} (below {root})" if missing else ""


def _published(row: Mapping[str, Any]) -> list[Row]:
    """Return the paper's figures of a row without runs."""
    command = row.get("command", "")
    return [
        Row(row["row"], name, value, None, None, 0, "", "", command) for name, value in row.get("published", {}).items()
    ]
