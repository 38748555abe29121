"""Table II: how collections are divided, beside the paper's figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mwe.core.errors import MissingDataError
from mwe.core.tables import Row, write_table
from mwe.tracks.tags import SPLITS, TrackReader, TrackTags

COUNTS = (
    *(f"{split} tracks" for split in SPLITS),
    "seen tags",
    "unseen tags",
    *(f"{split} artists" for split in SPLITS),
)
TITLE = "Table II: collections and their splits"


@dataclass(frozen=True)
class Divided:
    """A collection to be counted.

    Args:
        name: What the table calls it.
        collection: Reader of the collection.
        published: Published figures by the name of the count, such as ``train tracks``.
        parts: Splits that are counted, where not all can be had.
    """

    name: str
    collection: TrackReader
    published: dict[str, int] = field(default_factory=dict)
    parts: list[str] = field(default_factory=lambda: list(SPLITS))

    def __post_init__(self) -> None:
        unknown = [count for count in self.published if count not in COUNTS]
        if unknown:
            raise ValueError(f"{self.name}: no count is called {unknown[0]!r}; there are {', '.join(COUNTS)}")


def collection_statistics(collections: list[Divided], out: Path = Path("outputs/tables")) -> None:
    """Print Table II: tracks, tags and artists of the splits of collections.

    Args:
        collections: The collections (``--config lightning_configs/mwe/table2/collections.yaml``); of those that are not
            there, only published figures are shown.
        out: Folder of the CSV and Markdown files.
    """
    shown, path, waiting = table_two(collections, out, "make table2")
    Console(width=180).print(shown)
    for one in waiting:
        print(f"waits: {one}")
    print(f"table written to {path} and {path.with_suffix('.csv')}")


def table_two(collections: Sequence[Divided], out: Path, command: str) -> tuple[Table, Path, list[str]]:
    """Tracks, tags and artists of each collection: to print, as ``table2.csv`` and ``.md``, and what rows wait for.

    Args:
        collections: The collections; of one that is not there, only the published figures are shown.
        out: Folder of the files.
        command: What to type to make them.
    """
    shown = Table("collection", *COUNTS, title=f"{TITLE} (published figures in brackets)")
    for column in shown.columns[1:]:
        column.justify = "right"
    rows: list[Row] = []
    waiting: list[str] = []
    for one in collections:
        try:
            found = split_counts(one.collection.read(), one.parts)
        except MissingDataError as missing:
            found = {}
            waiting.append(f"{one.name}: {missing}")
        shown.add_row(one.name, *(_cell(found.get(count), one.published.get(count)) for count in COUNTS))
        for count in COUNTS:
            if count in found or count in one.published:
                runs = int(count in found)
                rows.append(
                    Row(one.name, count, one.published.get(count), found.get(count), None, runs, one.name, "", command)
                )
    notes = ["## Rows that wait for data", "", *(f"- {one}" for one in waiting)] if waiting else []
    return shown, write_table("table2", TITLE, rows, out, notes), waiting


def split_counts(tracks: TrackTags, parts: Sequence[str] = SPLITS) -> dict[str, int]:
    """Tracks and known artists of some splits, and the collection's seen and unseen tags."""
    found = {f"{part} tracks": len(tracks.splits[part]) for part in parts}
    found["seen tags"] = int((~tracks.unseen).sum())
    if tracks.unseen.any():
        found["unseen tags"] = int(tracks.unseen.sum())
    artists = {part: {tracks.artist_ids[row] for row in tracks.splits[part]} - {""} for part in parts}
    return found | {f"{part} artists": len(own) for part, own in artists.items() if own}


def _cell(count: int | None, published: int | None) -> str:
    told = "" if count is None else f"{count:,}"
    return told if published is None else f"{told} ({published:,})".strip()
