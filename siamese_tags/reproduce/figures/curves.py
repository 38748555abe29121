"""Figures 4 and 5: 11-point precision-recall curves of all rows of a table. Shape suffix: R recall levels."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from mwe.core.errors import MissingDataError, StaleArtefactError
from mwe.core.pictures import BLACK, BLUE, GREEN, ORANGE, PINK, RED, SKY, figure
from mwe.core.runs import RunMetrics
from siamese_tags.fold_data import SPLITS
from siamese_tags.metrics import CURVE
from siamese_tags.reproduce.figures.style import GREY
from siamese_tags.reproduce.priming_rows import TableRow
from siamese_tags.reproduce.priming_table import table_of

RECALL_R = np.linspace(0, 100, len(CURVE))
TITLES = {"train": "Training documents", "test": "Test documents"}
# a family of models has a colour; its members differ by line and marker
FAMILIES = {
    ("siamese_ce",): RED,
    ("single_ce", "untrained"): ORANGE,
    ("pca", "lsa", "ease"): BLUE,
    ("infoth",): PINK,
    ("lda", "plsa"): GREEN,
    ("rbm", "crbm"): SKY,
    ("cbow", "sg"): BLACK,
}
LINES = ("-", "--", ":", "-.", (0, (6, 1.5, 1, 1.5, 1, 1.5)))
MARKERS = "osD^v"


class Curve(NamedTuple):
    """One line of a panel: its name, its precision in percent by recall, and its style."""

    label: str
    precision_R: NDArray[np.float64]
    colour: str
    line: Any
    marker: str

    @property
    def area(self) -> float:
        """Area under the curve in percent."""
        return float(np.trapezoid(self.precision_R, RECALL_R) / 100)


def draw_curves(runs: Path, folds: Sequence[int], target: str) -> Figure:
    """Draw precision by recall, averaged over folds, of every row of a table.

    Args:
        runs: Folder with one folder per row.
        folds: Folds to average over.
        target: Make target of the table.

    Raises:
        MissingDataError: A run is missing.
        StaleArtefactError: A run has no curves, because an older version measured it.
    """
    table = table_of(target)
    runs_of = [(row, [_read(runs / row.folder / f"fold{fold}", row) for fold in folds]) for row in table.rows]
    measured = [(row, [run.metrics for run in runs_of_row]) for row, runs_of_row in runs_of]
    drawn = figure(13, 11)
    collections = sorted({run.collection for _, runs_of_row in runs_of for run in runs_of_row})
    drawn.suptitle(f"Priming on {', '.join(collections)}: rows of {table.name}, mean of {len(folds)} folds")
    for axes, split in zip(drawn.subplots(2, 1), SPLITS, strict=True):
        _panel(axes, curves_of(measured, split), TITLES[split])
    return drawn


def curves_of(measured: Sequence[tuple[TableRow, Sequence[dict[str, float]]]], split: str) -> list[Curve]:
    """Return the curves of one split, the largest area first; rows without figures on the split are left out.

    Raises:
        StaleArtefactError: A row has figures on the split, but no curve.
    """
    curves = []
    members: dict[str, int] = {}
    for row, metrics in measured:
        colour = colour_of(row.folder)
        position = members[colour] = members.get(colour, -1) + 1
        if any(f"{row.prefix}{split}_map" not in run for run in metrics):
            continue
        names = [f"{row.prefix}{split}_{name}" for name in CURVE]
        if any(name not in run for run in metrics for name in names):
            raise StaleArtefactError(
                f"row {row.label!r}: metrics.json without a precision-recall curve. Delete it and run: {row.command}"
            )
        precision_R = np.mean([[run[name] for name in names] for run in metrics], axis=0)
        curves.append(
            Curve(
                row.label,
                precision_R,
                colour,
                LINES[position % len(LINES)],
                MARKERS[(position + position // len(LINES)) % len(MARKERS)],
            )
        )
    return sorted(curves, key=lambda curve: -curve.area)


def draw_run_curves(metrics: Mapping[str, float]) -> Figure | None:
    """Draw the curves of one run from its metrics, such as ``test_precision@0.0``; return None if it has none."""
    prefixes = [name.removesuffix(CURVE[0]) for name in metrics if name.endswith(CURVE[0])]
    if not prefixes:
        return None
    curves = [
        Curve(
            prefix.strip("_").replace("_", ", "),
            np.array([metrics[f"{prefix}{name}"] for name in CURVE]),
            ORANGE if prefix.startswith("prediction") else RED,
            LINES["test" not in prefix],
            MARKERS["test" not in prefix],
        )
        for prefix in prefixes
    ]
    drawn = figure(9, 5)
    _panel(drawn.subplots(), sorted(curves, key=lambda curve: -curve.area), "Priming")
    return drawn


def colour_of(folder: str) -> str:
    """Return the colour of a row's family; grey for references that are not models of the paper."""
    for folders, colour in FAMILIES.items():
        if folder.startswith(folders):
            return colour
    return GREY


def _read(run: Path, row: TableRow) -> RunMetrics:
    if not (run / "metrics.json").is_file():
        raise MissingDataError(f"row {row.label!r}: no metrics.json in {run}. Run: {row.command}")
    return RunMetrics.read(run / "metrics.json")


def _panel(axes: Axes, curves: Sequence[Curve], title: str) -> None:
    for curve in curves:
        axes.plot(
            RECALL_R,
            curve.precision_R,
            color=curve.colour,
            linestyle=curve.line,
            marker=curve.marker,
            markersize=4,
            linewidth=2.2 if curve.colour == RED else 1.4,
            label=f"{curve.area:.1f}  {curve.label}",
            zorder=3 if curve.colour == RED else 2,
        )
    axes.set_title(title, loc="left")
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 101)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(decimals=0))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    legend: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "frameon": False}
    axes.legend(title="area under the curve (%)", fontsize=8.5, handlelength=4, **legend)
