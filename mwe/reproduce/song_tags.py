"""Table XI: the tags that a trained model predicts for songs, separately for content and context."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import write_csv
from mwe.core.paths import data_root
from mwe.reproduce.tagged_model import Kind, TaggedModel
from mwe.search.embed import embed_files
from mwe.search.model import TrainedModel
from mwe.search.tag_table import unit_rows
from mwe.tracks import TrackTags

KINDS: tuple[Kind, ...] = ("content", "context")
COLUMNS = ("song", "kind", "rank", "tag", "in training", "score", "has the tag", "published", "command")


def table_eleven(
    tagged: Sequence[TaggedModel], k: int, runs: Path, out: Path, command: str
) -> tuple[Table, Path, list[str]]:
    """Tag songs: return a table to print, the path of ``table11.csv``, and the songs that wait for data.

    Args:
        tagged: Models and songs.
        k: Tags of each kind.
        runs: Folder of the runs.
        out: Folder of the CSV file.
        command: Command that makes it, for the table.
    """
    table = Table(*COLUMNS[:-1], title="Table XI: tags of songs by content and context")
    rows: list[list[str]] = []
    waiting: list[str] = []
    for model in tagged:
        try:
            rows += _tagged(model, k, runs)
        except MissingDataError as missing:
            rows += _cited(model)
            waiting.append(f"{', '.join(model.songs) or model.run}: {missing}")
    for row in rows:
        table.add_row(*row)
    path = out / "table11.csv"
    write_csv(path, [COLUMNS, *([*row, command] for row in rows)])
    return table, path, waiting


def _tagged(tagged: TaggedModel, k: int, runs: Path) -> list[list[str]]:
    trained = TrainedModel(runs / tagged.run)
    tracks = trained.data.tracks
    songs = {name: data_root() / file for name, file in tagged.songs.items()}
    missing = next((path for path in songs.values() if not path.is_file()), None)
    if missing is not None:
        raise MissingDataError(f"{missing} not found. Copy the recording there.")
    test_rows = _test_tracks(tracks, tagged.test_tracks)
    paths = [*songs.values(), *(tracks.audio[row] for row in test_rows)]
    outcomes = embed_files(trained, paths)
    for path, outcome in zip(paths, outcomes, strict=True):
        if outcome.embedding_D is None:
            raise BadFileError(path, f"{outcome.row.status} {outcome.row.detail}", "Use another recording.")
    words = trained.words.of_tags(tracks.tags)
    prototype_TD = unit_rows(trained.encode_words(words.vectors))
    names = [*songs, *(f"{tracks.name}: {tracks.track_ids[row]}" for row in test_rows)]
    song_rows = [*(None for _ in songs), *test_rows]
    rows: list[list[str]] = []
    for name, song_row, outcome in zip(names, song_rows, outcomes, strict=True):
        score_T = np.where(words.known, prototype_TD @ outcome.embedding_D, -np.inf)
        rows += _rows(name, score_T, tracks, tagged, k, None if song_row is None else set(tracks.of_track(song_row)))
    return rows


def _rows(
    name: str, score_T: np.ndarray, tracks: TrackTags, tagged: TaggedModel, k: int, has: set[str] | None
) -> Iterator[list[str]]:
    """Yield the k best tags of each kind, their scores, and whether the song has them, if known."""
    kinds = np.array([tagged.kind(tag, group) for tag, group in zip(tracks.tags, tracks.groups, strict=True)])
    for kind in KINDS:
        columns = np.flatnonzero((kinds == kind) & np.isfinite(score_T))
        best = columns[np.argsort(-score_T[columns], kind="stable")[:k]]
        cited_tags = [*tagged.published.get(name, {}).get(kind, ()), *[""] * k]
        for rank, (column, cited) in enumerate(zip(best, cited_tags, strict=False), 1):
            tag = tracks.tags[column]
            right = "" if has is None else str(int(tag in has))
            seen = str(int(not tracks.unseen[column]))
            yield [name, kind, str(rank), tag, seen, f"{score_T[column]:.3f}", right, cited]


def _cited(tagged: TaggedModel) -> list[list[str]]:
    """Return the paper's tags of songs that cannot be tagged yet."""
    return [
        [name, kind, str(rank), "", "", "", "", tag]
        for name, tags in tagged.published.items()
        for kind in KINDS
        for rank, tag in enumerate(tags.get(kind, ()), 1)
    ]


def _test_tracks(tracks: TrackTags, count: int) -> Sequence[int]:
    test = tracks.splits["test"]
    if not count or not len(test) or not tracks.audio:
        return []
    chosen: list[int] = test[np.linspace(0, len(test) - 1, min(count, len(test))).round().astype(int)].tolist()
    return chosen
