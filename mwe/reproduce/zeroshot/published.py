"""Figures that others published on the collections of the zero-shot table, with their sources."""

from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from mwe.tracks.folder import read_rows

PUBLISHED = Path(str(files("mwe.reproduce"))) / "zeroshot_published.tsv"
COLUMNS = ("collection", "system", "figure", "value", "note", "source")


class PublishedFigure(NamedTuple):
    """A figure that others published.

    Attributes:
        system: What was measured.
        figure: Name of the figure.
        value: The figure.
        note: What a reader should know.
        source: Where it was read.
    """

    system: str
    figure: str
    value: float
    note: str
    source: str


def published_figures(path: Path = PUBLISHED) -> dict[str, list[PublishedFigure]]:
    """Return the published figures by collection."""
    published: dict[str, list[PublishedFigure]] = defaultdict(list)
    for _, row in read_rows(path, COLUMNS):
        cells = [row[name] for name in COLUMNS[1:3]]
        published[row["collection"]].append(
            PublishedFigure(cells[0], cells[1], float(row["value"]), row["note"], row["source"])
        )
    return dict(published)


def published_lines(published: Sequence[PublishedFigure]) -> list[str]:
    """Return Markdown of published figures, a line for each system and source.

    Examples:
        >>> figures = [PublishedFigure("MuLan", "ROC-AUC by tag", 0.782, "", "tab-mulan.png")]
        >>> published_lines(figures)
        ['', 'Published:', '', '* MuLan: ROC-AUC by tag .782 (tab-mulan.png)']
    """
    grouped: dict[tuple[str, str], list[PublishedFigure]] = defaultdict(list)
    for figure in published:
        grouped[figure.system, figure.source].append(figure)
    lines = []
    for (system, source), figures in grouped.items():
        values = ", ".join(f"{figure.figure} {figure.value:.3f}".replace(" 0.", " .") for figure in figures)
        notes = "".join(f"; {note}" for note in dict.fromkeys(figure.note for figure in figures) if note)
        lines.append(f"* {system}: {values} ({source}{notes})")
    return ["", "Published:", "", *lines] if lines else []
