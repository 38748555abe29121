"""Table X: tracks found by queries of several words, with the tags they carry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from mwe.core.files import write_csv
from mwe.tracks import TrackReader
from mwe.words.nearest import nearest_rows, norms_of
from mwe.words.vectors import WordVectors

# the paper's rows: query, track, its annotated tags
PUBLISHED = {
    "deep house in miami ocean": (
        ("Do Ya Like It - Blue 6", "electronica, house"),
        ("Trespassers - Newworldaquarium", "electronic, club/dance"),
        ("Mama Coca - Jay Haze", "electronic"),
    ),
    "meditation in the forest": (
        ("Saguaro - Dean Evenson", "relax, newage, healing, ambient"),
        ("Ice Castle - Kirsty Hawkshaw", "healing, ambient"),
        ("InTROsacro - Bruno Sanfilippo", "chillout, calm/peaceful, relaxation, ambient"),
    ),
}


@dataclass(frozen=True)
class Searched:
    """Where tracks are looked for.

    Args:
        collection: Reader of the tracks.
        words: Word vectors trained on them, a folder below that of the runs.
    """

    collection: TrackReader
    words: str


def table_ten(
    searched: Sequence[Searched], queries: Sequence[str], k: int, runs: Path, out: Path, command: str
) -> tuple[Table, Path]:
    """The tracks nearest to each query, as a table to print and as ``table10.csv``.

    Args:
        searched: Collections.
        queries: Queries in words; those of the paper get its tracks beside them.
        k: Tracks a query.
        runs: Folder of the runs.
        out: Folder of the CSV file.
        command: What to type to make it.

    Raises:
        MissingDataError: There are no vectors in a folder.
        UnknownNameError: No word of a query has a vector.
    """
    names = ("collection", "query", "unknown words", "track", "artist", "tags", "similarity", "published", "its tags")
    found = [line for one in searched for line in _found(one, queries, k, runs)]
    shown = Table(*names, title="Table X: tracks found by queries of several words")
    for line in found:
        shown.add_row(*line)
    write_csv(out / "table10.csv", [(*names, "command"), *((*line, command) for line in found)])
    return shown, out / "table10.csv"


def _found(searched: Searched, queries: Sequence[str], k: int, runs: Path) -> Iterator[list[str]]:
    tracks, vectors = searched.collection.read(), WordVectors.load(runs / searched.words)
    # tracks of the collection alone: those that only reviews name have no tags to show
    found = vectors.of_tracks(tracks.track_ids)
    norms = norms_of(found.vectors)
    for text in queries:
        asked = vectors.of_query(text)
        places, similarities = nearest_rows(asked.vector[None], found.vectors, norms, np.flatnonzero(found.known), k)
        published = (*PUBLISHED.get(text, ()), *[("", "")] * k)
        for row, similarity, told in zip(places[0], similarities[0], published, strict=False):
            own = [tracks.track_ids[row], tracks.artist_ids[row], ", ".join(tracks.of_track(row))]
            yield [tracks.name, text, " ".join(asked.unknown), *own, f"{similarity:.3f}", *told]
