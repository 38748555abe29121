"""The table of probes in Markdown and CSV, and a file of every tag for each row and collection."""

import math
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from mwe.core.files import write_csv, write_text
from mwe.reproduce.probes.measures import FIGURES, ProbeResult
from mwe.reproduce.probes.questions import ProbeTracks
from mwe.reproduce.probes.runner import ProbeSection
from mwe.reproduce.zeroshot.published import published_figures, published_lines
from mwe.reproduce.zeroshot.runner import Waiting
from mwe.reproduce.zeroshot.table import file_name, shown

PUBLISHED = Path(str(files("mwe.reproduce"))) / "probes_published.tsv"
TITLE = "# Probes on frozen vectors\n"
EXPLAINED = (
    "Classifiers that were trained on tags of other artists' tracks, on vectors that stay as they are: logistic "
    "regression, and a network with one hidden layer. Means over tags, then over folds, with ± their standard "
    "deviation; behind them 95 % intervals by drawing artists. `no probe` asks the same tracks by the words of the "
    "tags. `labels shuffled` learnt the labels of other tracks: the control.\n"
)
CSV_HEADER = (
    *("collection", "row", "method", "figure", "value", "low", "high", "spread"),
    *("tracks", "folds", "tags", "left_out", "chosen", "note"),
)
TAG_HEADER = (
    *("method", "tag", "positives", "folds", "rocauc", "rocauc_low", "rocauc_high"),
    *("prauc", "prauc_low", "prauc_high"),
)


def about(tracks: ProbeTracks) -> str:
    """Return a line on tracks and parts."""
    judged = tracks.judged
    counts = f"{len(judged.track_ids):,} tracks of {len(set(judged.artists)):,} artists, {len(judged.tags):,} tags"
    if tracks.official:
        train, valid, test = (f"{len(rows):,}" for rows in tracks.splits[0])
        parts = f"its own split: {train} for training, {valid} for validation, {test} for the test"
    else:
        parts = f"{len(tracks.splits)} folds of artists"
    shared = tracks.shared_artists()
    leak = f" **{shared:,} test tracks are by artists of its other parts.**" if shared else ""
    return f"{counts}; {parts}.{leak}"


def section_text(section: ProbeSection) -> list[str]:
    """Return the Markdown of a collection."""
    if isinstance(section.tracks, Waiting):
        return [section.tracks.reason]
    lines = [
        about(section.tracks),
        "",
        f"| row | probe | {' | '.join(FIGURES)} | tags | chosen |",
        "|---|" + "---|" * 5,
    ]
    waiting = []
    for row, results in section.rows.items():
        if isinstance(results, Waiting):
            waiting.append(f"* {row}: {results.reason}")
            continue
        for method, result in results.items():
            cells = [f"{shown(result.figures[name])}{_plus_minus(result.spread[name])}" for name in FIGURES]
            tags = ", ".join(map(str, result.measured))
            name = f"{row}, {result.note}" if result.note else row
            lines.append(f"| {name} | {method} | {' | '.join(cells)} | {tags} | {_chosen(result)} |")
    return [*lines, *([""] if waiting else []), *waiting]


def _plus_minus(spread: float) -> str:
    return "" if math.isnan(spread) else f" ± {spread:.3f}".replace(" 0.", " .")


def _chosen(result: ProbeResult) -> str:
    """Return what was chosen in the folds; what they share is said once."""
    values = [chosen.partition(" ") for chosen in result.chosen if chosen]
    return f"{values[0][0]} {', '.join(value for _, _, value in values)}" if values else ""


def write_probe_table(out: Path, sections: Mapping[str, ProbeSection]) -> Path:
    """Write ``probes.md``, ``probes.csv`` and ``probes-tags/COLLECTION--ROW.csv``.

    Args:
        out: Folder of the files.
        sections: Rows by collection.

    Returns:
        Path of the Markdown file.
    """
    text, rows, published = [TITLE, EXPLAINED], [], published_figures(PUBLISHED)
    for name, section in sections.items():
        title = name if isinstance(section.tracks, Waiting) else section.tracks.judged.title
        text += [f"## {title}", *section_text(section), *published_lines(published.get(name, ())), ""]
        for row, results in section.rows.items():
            if isinstance(results, Waiting):
                continue
            tag_rows: list[tuple[object, ...]] = []
            for method, result in results.items():
                rows += _csv_rows(name, row, method, result)
                tag_rows += [
                    (method, *probed[:3], *(f"{number:.6f}" for number in (*probed.roc, *probed.pr)))
                    for probed in result.tags
                ]
            write_csv(out / "probes-tags" / f"{name}--{file_name(row)}.csv", [TAG_HEADER, *tag_rows])
    write_csv(out / "probes.csv", [CSV_HEADER, *rows])
    write_text(out / "probes.md", "\n".join(text))
    return out / "probes.md"


def _csv_rows(name: str, row: str, method: str, result: ProbeResult) -> list[tuple[object, ...]]:
    last = (
        result.tracks,
        len(result.measured),
        len(result.tags),
        result.left_out,
        " ".join(result.chosen),
        result.note,
    )
    return [
        (name, row, method, figure, *(f"{number:.6f}" for number in (*value, result.spread[figure])), *last)
        for figure, value in result.figures.items()
    ]
