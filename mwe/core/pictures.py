"""Style and writing of pictures. Equal input gives equal bytes."""

from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mwe.core.files import written_together

# eight colours that people with common colour blindness can distinguish (Okabe and Ito, 2008)
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PINK = (
    *("#000000", "#E69F00", "#56B4E9", "#009E73"),
    *("#F0E442", "#0072B2", "#D55E00", "#CC79A7"),
)
DPI = 150


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, with a layout that avoids overlaps."""
    empty_figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(empty_figure)
    return empty_figure


def save(drawn: Figure, png: Path) -> tuple[Path, Path]:
    """Write a figure as PNG and, beside it, as SVG with selectable text.

    Args:
        drawn: The figure.
        png: File name of the PNG.

    Returns:
        Both files.
    """
    paths = png.with_suffix(".png"), png.with_suffix(".svg")
    styled = rc_context({"svg.hashsalt": "mwe", "svg.fonttype": "none"})
    with styled, written_together(png.parent, paths[0].name) as staging:
        for path, metadata in zip(paths, ({"Software": None}, {"Date": None, "Creator": None}), strict=True):
            drawn.savefig(staging / path.name, dpi=DPI, metadata=metadata)
    return paths
