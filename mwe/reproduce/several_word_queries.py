"""Table X: tracks retrieved by queries of several words, with their tags."""

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
    """A collection to search.

    Args:
        collection: Reader of the tracks.
        words: Folder of word vectors trained on them, below that of the runs.
    """

    collection: TrackReader
    words: str


def table_ten(
    searched: Sequence[Searched], queries: Sequence[str], k: int, runs: Path, out: Path, command: str
) -> tuple[Table, Path]:
    """Find the tracks nearest to each query, as a table to print and as ``table10.csv``.

    Args:
        searched: Collections.
        queries: Queries in words; those of the paper are shown beside its tracks.
        k: Tracks per query.
        runs: Folder of the runs.
        out: Folder of the CSV file.
        command: Command that makes it.

    Raises:
        MissingDataError: A folder has no vectors.
        UnknownNameError: No word of a query has a vector.
    """
    names = ("collection", "query", "unknown words", "track", "artist", "tags", "similarity", "published", "its tags")
    lines = [line for item in searched for line in _nearest(item, queries, k, runs)]
    table = Table(*names, title="Table X: tracks found by queries of several words")
    for line in lines:
        table.add_row(*line)
    write_csv(out / "table10.csv", [(*names, "command"), *((*line, command) for line in lines)])
    return table, out / "table10.csv"


def _nearest(searched: Searched, queries: Sequence[str], k: int, runs: Path) -> Iterator[list[str]]:
    tracks, vectors = searched.collection.read(), WordVectors.load(runs / searched.words)
    # only tracks of the collection, since tracks known only from reviews have no tags
    track_vectors = vectors.of_tracks(tracks.track_ids)
    norms = norms_of(track_vectors.vectors)
    for text in queries:
        query = vectors.of_query(text)
        rows, similarities = nearest_rows(
            query.vector[None], track_vectors.vectors, norms, np.flatnonzero(track_vectors.known), k
        )
        published = (*PUBLISHED.get(text, ()), *[("", "")] * k)
        for row, similarity, cited in zip(rows[0], similarities[0], published, strict=False):
            track = [tracks.track_ids[row], tracks.artist_ids[row], ", ".join(tracks.of_track(row))]
            yield [tracks.name, text, " ".join(query.unknown), *track, f"{similarity:.3f}", *cited]
