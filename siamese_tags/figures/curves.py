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
from siamese_tags.datamodule import SPLITS
from siamese_tags.figures.style import GREY
from siamese_tags.metrics import CURVE
from siamese_tags.tables.build import table_of
from siamese_tags.tables.rows import TableRow

RECALL_R = np.linspace(0, 100, len(CURVE))
TITLES = {"train": "Training documents", "test": "Test documents"}
# a family of models has a colour, its members differ by line and marker
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
    """One line of a panel: its name, its precision in percent by recall, and how it is drawn."""

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
    """Precision by recall, averaged over folds, of every row of a table that ranks by distance or score.

    Args:
        runs: Folder with one folder a row.
        folds: Folds to average over.
        target: The table, by the name of its make target.

    Raises:
        MissingDataError: A run is missing; the message says how to make it.
        StaleArtefactError: A run was measured before the curves were kept.
    """
    table = table_of(target)
    read = [(row, [_read(runs / row.folder / f"fold{fold}", row) for fold in folds]) for row in table.rows]
    measured = [(row, [one.metrics for one in of_row]) for row, of_row in read]
    drawn = figure(13, 11)
    named = sorted({one.collection for _, of_row in read for one in of_row})
    drawn.suptitle(f"Priming on {', '.join(named)}: rows of {table.name}, mean of {len(folds)} folds")
    for axes, split in zip(drawn.subplots(2, 1), SPLITS, strict=True):
        _panel(axes, curves_of(measured, split), TITLES[split])
    return drawn


def curves_of(measured: Sequence[tuple[TableRow, Sequence[dict[str, float]]]], split: str) -> list[Curve]:
    """The curves of one part, the one with the largest area first; a row without figures on the part is left out.

    Raises:
        StaleArtefactError: A row has figures on the part, but no curve.
    """
    curves = []
    members: dict[str, int] = {}
    for row, metrics in measured:
        colour = colour_of(row.folder)
        place = members[colour] = members.get(colour, -1) + 1
        if any(f"{row.prefix}{split}_map" not in one for one in metrics):
            continue
        names = [f"{row.prefix}{split}_{name}" for name in CURVE]
        if any(name not in one for one in metrics for name in names):
            raise StaleArtefactError(
                f"row {row.label!r}: metrics.json without a precision-recall curve. Delete it and run: {row.command}"
            )
        precision_R = np.mean([[one[name] for name in names] for one in metrics], axis=0)
        curves.append(
            Curve(
                row.label,
                precision_R,
                colour,
                LINES[place % len(LINES)],
                MARKERS[(place + place // len(LINES)) % len(MARKERS)],
            )
        )
    return sorted(curves, key=lambda curve: -curve.area)


def draw_run_curves(metrics: Mapping[str, float]) -> Figure | None:
    """The curves of one run from what it logged, such as ``test_precision@0.0``; nothing where it logged none."""
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
    """The colour of a row's family; grey for references that are no model of the paper."""
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
    beside: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "frameon": False}
    axes.legend(title="area under the curve (%)", fontsize=8.5, handlelength=4, **beside)
