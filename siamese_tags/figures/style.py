"""How all pictures look, and how they are written: equal input gives equal bytes."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mwe.core.files import atomic_write

# eight colours that people with any common colour blindness tell apart (Okabe and Ito, 2008)
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PINK = (
    *("#000000", "#E69F00", "#56B4E9", "#009E73"),
    *("#F0E442", "#0072B2", "#D55E00", "#CC79A7"),
)
GREY = "#BBBBBB"
DPI = 150


def figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches, laid out so that nothing overlaps."""
    made = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(made)
    return made


def save(drawn: Figure, png: Path) -> tuple[Path, Path]:
    """Write a figure as PNG and, beside it, as SVG whose text stays text.

    Args:
        drawn: The figure.
        png: File name of the PNG.

    Returns:
        Both files.
    """
    paths = png.with_suffix(".png"), png.with_suffix(".svg")
    with rc_context({"svg.hashsalt": "siamese-tags", "svg.fonttype": "none"}):
        for path, metadata in zip(paths, ({"Software": None}, {"Date": None, "Creator": None}), strict=True):
            with atomic_write(path) as temporary:
                drawn.savefig(temporary, dpi=DPI, metadata=metadata)
    return paths


def pixels(drawn: Figure) -> NDArray[np.uint8]:
    """A figure as height × width × 3 colour values, which loggers take for an image."""
    drawn.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(drawn)
    image, (width, height) = canvas.print_to_buffer()
    return np.frombuffer(image, dtype=np.uint8).reshape(height, width, 4)[..., :3]


def short(tag: str) -> str:
    """A tag as a reader wants it: ``Instrument_-_Acoustic_Guitar`` becomes ``Acoustic Guitar``.

    The category that CAL500 and MTG-Jamendo put in front goes, but for the denial ``NOT``.
    """
    tag = tag.rsplit("---", 1)[-1]
    denied, name = ("NOT ", tag[4:]) if tag.startswith("NOT-") else ("", tag)
    for category in ("Emotion-", "Genre--_", "Genre-", "Instrument_-_", "Song-", "Usage-", "Vocals-"):
        if name.startswith(category):
            name = name.removeprefix(category)
            break
    return denied + name.replace("_/_", "/").replace("_", " ").strip()
