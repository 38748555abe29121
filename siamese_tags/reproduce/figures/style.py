"""Style of pictures of tags, in addition to `mwe.core.pictures`: readable names, and pixels for loggers."""

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mwe.core.pictures import DPI

GREY = "#BBBBBB"


def pixels(drawn: Figure) -> NDArray[np.uint8]:
    """Return a figure as height × width × 3 colour values, an image for loggers."""
    drawn.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(drawn)
    image, (width, height) = canvas.print_to_buffer()
    return np.frombuffer(image, dtype=np.uint8).reshape(height, width, 4)[..., :3]


def short(tag: str) -> str:
    """Return a readable name of a tag: ``Instrument_-_Acoustic_Guitar`` becomes ``Acoustic Guitar``.

    This removes the category prefix of CAL500 and MTG-Jamendo, but keeps the negation ``NOT``.
    """
    tag = tag.rsplit("---", 1)[-1]
    denied, name = ("NOT ", tag[4:]) if tag.startswith("NOT-") else ("", tag)
    for category in ("Emotion-", "Genre--_", "Genre-", "Instrument_-_", "Song-", "Usage-", "Vocals-"):
        if name.startswith(category):
            name = name.removeprefix(category)
            break
    return denied + name.replace("_/_", "/").replace("_", " ").strip()
