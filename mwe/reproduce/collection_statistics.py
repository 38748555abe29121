"""Table II: the splits of collections, beside the paper's figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from mwe.core.errors import MissingDataError
from mwe.reproduce.result_table import Row, write_table
from mwe.tracks.track_tags import SPLITS, TrackReader, TrackTags

COUNTS = (
    *(f"{split} tracks" for split in SPLITS),
    "seen tags",
    "unseen tags",
    *(f"{split} artists" for split in SPLITS),
)
TITLE = "Table II: collections and their splits"


@dataclass(frozen=True)
class Divided:
    """A collection to count.

    Args:
        name: Name in the table.
        collection: Reader of the collection.
        published: Published figures by the name of the count, such as ``train tracks``.
        parts: Splits to count, if not all are available.
    """

    name: str
    collection: TrackReader
    published: dict[str, int] = field(default_factory=dict)
    parts: list[str] = field(default_factory=lambda: list(SPLITS))

    def __post_init__(self) -> None:
        unknown = [count for count in self.published if count not in COUNTS]
        if unknown:
            raise ValueError(f"{self.name}: unknown count {unknown[0]!r}; give one of {', '.join(COUNTS)}")


def table_two(collections: Sequence[Divided], out: Path, command: str) -> tuple[Table, Path, list[str]]:
    """Count tracks, tags and artists of each collection: a table to print, its Markdown file, and rows that wait.

    Args:
        collections: The collections; for a missing one, only the published figures are shown.
        out: Folder of the files.
        command: Command that makes them.
    """
    table = Table("collection", *COUNTS, title=f"{TITLE} (published figures in brackets)")
    for column in table.columns[1:]:
        column.justify = "right"
    rows: list[Row] = []
    waiting: list[str] = []
    for item in collections:
        try:
            counts = split_counts(item.collection.read(), item.parts)
        except MissingDataError as missing:
            counts = {}
            waiting.append(f"{item.name}: {missing}")
        table.add_row(item.name, *(_cell(counts.get(count), item.published.get(count)) for count in COUNTS))
        for count in COUNTS:
            if count in counts or count in item.published:
                runs = int(count in counts)
                rows.append(
                    Row(
                        item.name,
                        count,
                        item.published.get(count),
                        counts.get(count),
                        None,
                        runs,
                        item.name,
                        "",
                        command,
                    )
                )
    notes = ["## Rows that wait for data", "", *(f"- {line}" for line in waiting)] if waiting else []
    return table, write_table("table2", TITLE, rows, out, notes), waiting


def split_counts(tracks: TrackTags, parts: Sequence[str] = SPLITS) -> dict[str, int]:
    """Count tracks and known artists of some splits, and the collection's seen and unseen tags."""
    counts = {f"{part} tracks": len(tracks.splits[part]) for part in parts}
    counts["seen tags"] = int((~tracks.unseen).sum())
    if tracks.unseen.any():
        counts["unseen tags"] = int(tracks.unseen.sum())
    artists = {part: {tracks.artist_ids[row] for row in tracks.splits[part]} - {""} for part in parts}
    return counts | {f"{part} artists": len(names) for part, names in artists.items() if names}


def _cell(count: int | None, published: int | None) -> str:
    text = "" if count is None else f"{count:,}"
    return text if published is None else f"{text} ({published:,})".strip()
