"""The real-music table: models on recordings that none of them was trained on.

Shape suffixes: N tracks, T tags, Q queries.
"""

from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import write_csv, write_text
from mwe.core.tokens import tag_key
from mwe.encoders.weights import published_tags
from mwe.open_model.hearing import COLLECTIONS
from mwe.reproduce.real_music_figures import DRAWS, LEAST, Bootstrap, Figure, Judged, figures_of
from mwe.reproduce.real_music_rows import RowScores, TowerEvidence, rows_of
from mwe.search.model import TrainedModel
from mwe.search.sources import TABLE
from mwe.tracks import FolderTracks, JamendoTracks, TrackTags
from mwe.tracks.folder import read_rows
from mwe.words import WordVectors

QUERIES = Path(str(files("mwe.reproduce"))) / "real_music_queries.tsv"
JAMENDO = "autotagging.tsv"
HEADER = ("row", "figure", "value", "low", "high", "low_by_artists", "high_by_artists", "counted")
REFERENCE, TESTED = "demo model", "open model"


def read_recordings(folder: Path) -> TrackTags:
    """Read a folder of recordings with a ``tracks.tsv``, or an ``autotagging.tsv`` in the format of MTG-Jamendo.

    Raises:
        MissingDataError: It has neither.
        BadFileError: The table is damaged.
    """
    if (folder / TABLE).is_file():
        return FolderTracks(str(folder)).read()
    if (folder / JAMENDO).is_file():
        return JamendoTracks(root=str(folder), file=JAMENDO).read()
    raise MissingDataError(f"neither {TABLE} nor {JAMENDO} in {folder}. `mwe data list` describes both formats.")


def read_queries(path: Path = QUERIES) -> dict[str, frozenset[str]]:
    """Read queries and the tags of which a right answer has one."""
    rows = read_rows(path, ("query", "tags"))
    return {row["query"]: frozenset(map(tag_key, row["tags"].split("|"))) for _, row in rows}


def judged_by_tags(tracks: TrackTags, queries: dict[str, frozenset[str]]) -> tuple[list[str], list[str], Judged]:
    """Return the tags that are measured, the queries that have an answer, and what is known of both.

    Raises:
        BadFileError: No tag has two tracks with it and two without.
    """
    label_NT = tracks.matrix.toarray()
    count_T = label_NT.sum(axis=0)
    measured_T = (count_T >= LEAST) & (len(label_NT) - count_T >= LEAST)
    if not measured_T.any():
        remedy = "Give recordings with more tags in common."
        raise BadFileError(tracks.name, f"no tag has {LEAST} tracks with it and {LEAST} without", remedy)
    tags = [tag for tag, measured in zip(tracks.tags, measured_T, strict=True) if measured]
    classes = {tag_key(name) for collection in COLLECTIONS for name in published_tags(collection)}
    keys = np.array([tag_key(tag) for tag in tracks.tags])
    relevant = {query: label_NT[:, np.isin(keys, sorted(meant))].any(axis=1) for query, meant in queries.items()}
    answered = [query for query, right_N in relevant.items() if right_N.any()]
    class_T = np.array([tag_key(tag) in classes for tag in tags])
    relevant_NQ = np.stack([relevant[query] for query in answered], axis=1)
    # who plays is not known of some: they count as an artist each
    artists = [artist or f"track {track}" for artist, track in zip(tracks.artist_ids, tracks.track_ids, strict=True)]
    return tags, answered, Judged(label_NT[:, measured_T], class_T, relevant_NQ, artists)


def real_music_table(
    folder: Path,
    out: Path,
    model: str | Path = "open",
    demo: Path | None = None,
    glove: Path | None = None,
    draws: int = DRAWS,
) -> dict[str, dict[str, Figure]]:
    """Measure all rows on recordings; write ``real-music.csv`` and ``real-music.md``.

    Args:
        folder: Recordings with a table of their tags.
        out: Folder of the tables.
        model: The open model.
        demo: Run of the demonstration's model; without one its row is left out.
        glove: Folder of imported GloVe vectors; without one that row is left out.
        draws: Draws of the bootstrap.

    Returns:
        Figures by row and name.
    """
    tracks = read_recordings(folder)
    tags, queries, judged = judged_by_tags(tracks, read_queries())
    heard = TowerEvidence(TrainedModel(model), tracks.audio)
    bootstrap = Bootstrap(judged.artists, draws)
    reference = None if demo is None else TrainedModel(demo)
    words = None if glove is None else WordVectors.load(glove)
    rows = list(rows_of(heard, tracks.audio, tags, queries, reference, words))
    figures = {row.name: figures_of(row, judged, bootstrap) for row in rows}
    if reference is not None:
        figures[f"{TESTED} less {REFERENCE}"] = {
            name: figure.minus(figures[REFERENCE][name])
            for name, figure in figures[TESTED].items()
            if name in figures[REFERENCE]
        }
    _write(out, figures, _about(tracks, tags, queries, judged, draws) + _read_as(rows))
    return figures


def _about(tracks: TrackTags, tags: Sequence[str], queries: Sequence[str], judged: Judged, draws: int) -> str:
    recordings, artists = len(tracks.track_ids), len(set(judged.artists))
    classes, chance = int(judged.class_T.sum()), judged.relevant_NQ.mean()
    return (
        f"{recordings} recordings of {artists} artists in `{tracks.name}`. {len(tags)} tags have {LEAST} recordings or "
        f"more with and without; {classes} of them are classes of the towers. {len(queries)} queries have an answer, "
        f"chance {chance:.2f}. A tag that a row does not know counts one half by tag and is left out by clip; a query "
        "of which no word is known has no right answer. "
        f"Intervals of 95 % by drawing tracks, and behind the semicolon by drawing artists, {draws:,} times."
    )


def _read_as(rows: Sequence[RowScores]) -> str:
    """Say which tags without a vector were measured as what, in which rows."""
    rows_of_reading: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        for reading in row.read_as.items():
            rows_of_reading[reading].append(row.name)
    if not rows_of_reading:
        return ""
    named = [f"{tag} as *{meant}* ({', '.join(names)})" for (tag, meant), names in sorted(rows_of_reading.items())]
    count = len({tag for tag, _ in rows_of_reading})
    return f" {count} of the tags have no vector in some rows and were read as in a query: {'; '.join(named)}."


def _write(out: Path, figures: dict[str, dict[str, Figure]], about: str) -> None:
    rows = [
        (row, name, *(f"{value:.4f}" for value in (figure.value, *figure.bounds())), figure.counted)
        for row, named in figures.items()
        for name, figure in named.items()
    ]
    write_csv(out / "real-music.csv", [HEADER, *rows])
    names = list(dict.fromkeys(name for named in figures.values() for name in named))
    lines = [f"| row | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    lines += [f"| {row} | {' | '.join(_cell(named.get(name)) for name in names)} |" for row, named in figures.items()]
    write_text(out / "real-music.md", f"# Real music\n\n{about}\n\n" + "\n".join(lines) + "\n")


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    low, high, low_artists, high_artists = figure.bounds()
    return f"{figure.value:.3f} ({low:.2f} to {high:.2f}; {low_artists:.2f} to {high_artists:.2f})"
