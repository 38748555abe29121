"""The zero-shot table in Markdown and CSV, and a file of every tag for each row and collection."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mwe.core.files import write_csv, write_text
from mwe.reproduce.zeroshot.caption_runner import CaptionSection
from mwe.reproduce.zeroshot.captions import FIGURES as RETRIEVAL
from mwe.reproduce.zeroshot.published import published_figures, published_lines
from mwe.reproduce.zeroshot.runner import TagSection, Waiting
from mwe.reproduce.zeroshot.tag_figures import BY_CLIP, BY_TAG, Interval, TagResult

FIGURES = (*BY_TAG, *BY_CLIP)
TITLE = "# Tower pairs side by side\n"
EXPLAINED = (
    "Means over tags, where every tag ranks the tracks, and over clips, where every clip ranks the tags; behind them "
    "95 % intervals by drawing artists. A tag that means nothing to a row counts by tag as one that orders tracks at "
    "random, and is left out by clip. `random` draws scores; `popularity` knows how many training tracks have a tag.\n"
)
CAPTIONS_EXPLAINED = (
    "Captions: a query is right at K if one of the K nearest belongs to its track; the rank is of the first that does. "
    "Ties are in random order, and figures exact expectations. Intervals of 95 % come from drawing tracks of the "
    "queries. To `chance` no text means anything; `common words` compares texts by the words they share.\n"
)
NONE: Mapping[str, Sequence[CaptionSection]] = {}
CSV_HEADER = ("collection", "row", "figure", "value", "low", "high", "tracks", "tags", "tags_known", "note")
TAG_HEADER = (
    *("tag", "group", "positives", "judged", "known", "rocauc", "rocauc_low", "rocauc_high"),
    *("prauc", "prauc_low", "prauc_high"),
)


def shown(figure: Interval | None, digits: int = 3) -> str:
    """Return a figure with its interval as a cell.

    Examples:
        >>> shown(Interval(0.8184, 0.7951, 0.84)), shown(None)
        ('.818 (.80 to .84)', '')
    """
    if figure is None or math.isnan(figure.value):
        return ""
    value, low, high = (
        f"{number:,.{places}f}".removeprefix("0")
        for number, places in zip(figure, (digits, max(1, digits - 1), max(1, digits - 1)), strict=True)
    )
    return value if math.isnan(figure.low) else f"{value} ({low} to {high})"


def section_lines(section: TagSection) -> list[str]:
    """Return the Markdown of a collection."""
    if isinstance(section.judged, Waiting):
        return [section.judged.reason]
    judged = section.judged
    about = f"{len(judged.track_ids):,} tracks of {len(set(judged.artists)):,} artists, {len(judged.tags):,} tags."
    lines = [about, "", f"| row | {' | '.join(FIGURES)} | tags known | tracks |", "|---|" + "---|" * 6]
    waiting = []
    for row, result in section.rows.items():
        if isinstance(result, Waiting):
            waiting.append(f"* {row}: {result.reason}")
            continue
        cells = [shown(result.figures.get(name)) for name in FIGURES]
        known = sum(measure.known for measure in result.tags)
        name = f"{row}, {result.note}" if result.note else row
        lines.append(f"| {name} | {' | '.join(cells)} | {known} | {result.tracks:,} |")
    return [*lines, *([""] if waiting else []), *waiting]


def caption_lines(section: CaptionSection) -> list[str]:
    """Return the Markdown of a task with captions."""
    if not section.rows:
        return [section.about]
    lines = [section.about, "", f"| row | asked for | {' | '.join(RETRIEVAL)} | queries |", "|---|" + "---|" * 6]
    waiting = []
    for row, result in section.rows.items():
        if isinstance(result, Waiting):
            waiting.append(f"* {row}: {result.reason}")
            continue
        for direction, figures in result.directions.items():
            cells = [shown(figures[name], digits=1 if name == RETRIEVAL[-1] else 3) for name in RETRIEVAL]
            lines.append(f"| {row} | {direction} | {' | '.join(cells)} | {result.queries[direction]:,} |")
    return [*lines, *([""] if waiting else []), *waiting]


def write_table(
    out: Path, sections: Mapping[str, TagSection], captioned: Mapping[str, Sequence[CaptionSection]] = NONE
) -> Path:
    """Write ``zeroshot.md``, ``zeroshot.csv`` and ``zeroshot-tags/COLLECTION--ROW.csv``.

    Args:
        out: Folder of the files.
        sections: Rows by tag collection.
        captioned: Rows by captioned collection, a section for each task.

    Returns:
        Path of the Markdown file.
    """
    rows: list[tuple[object, ...]] = []
    text, published = [TITLE, EXPLAINED], published_figures()
    for name, section in sections.items():
        title = name if isinstance(section.judged, Waiting) else section.judged.title
        text += [f"## {title}", *section_lines(section), *published_lines(published.get(name, ())), ""]
        for row, result in section.rows.items():
            if isinstance(result, TagResult):
                rows += _csv_rows(name, row, result)
                write_csv(out / "zeroshot-tags" / f"{name}--{file_name(row)}.csv", [TAG_HEADER, *_tag_rows(result)])
    text += [CAPTIONS_EXPLAINED] if captioned else []
    for name, tasks in captioned.items():
        for task in tasks:
            text += [f"## {task.title}", *caption_lines(task), ""]
            rows += _caption_rows(name, task)
        text += published_lines(published.get(name, ()))
    write_csv(out / "zeroshot.csv", [CSV_HEADER, *rows])
    write_text(out / "zeroshot.md", "\n".join(text))
    return out / "zeroshot.md"


def file_name(row: str) -> str:
    """Return a row's name as part of a file's.

    Examples:
        >>> file_name("clap:laion/clap-htsat-unfused")
        'clap-laion-clap-htsat-unfused'
    """
    return re.sub(r"[^\w.]+", "-", row).strip("-.") or "row"


def _csv_rows(name: str, row: str, result: TagResult) -> list[tuple[object, ...]]:
    known = sum(measure.known for measure in result.tags)
    return [
        (name, row, figure, *(f"{number:.6f}" for number in value), result.tracks, len(result.tags), known, result.note)
        for figure, value in result.figures.items()
    ]


def _tag_rows(result: TagResult) -> list[tuple[object, ...]]:
    return [
        (*measure[:4], int(measure.known), *(f"{number:.6f}" for number in (*measure.roc, *measure.pr)))
        for measure in result.tags
    ]


def _caption_rows(name: str, section: CaptionSection) -> list[tuple[object, ...]]:
    return [
        (f"{name}: {direction}", row, figure, *(f"{number:.6f}" for number in value), result.queries[direction], *note)
        for row, result in section.rows.items()
        if not isinstance(result, Waiting)
        for direction, figures in result.directions.items()
        for figure, value in figures.items()
        for note in [("", "", f"{result.unknown} texts mean nothing to it" if result.unknown else "")]
    ]
