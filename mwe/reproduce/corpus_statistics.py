"""Table I: counts of the corpora, beside the paper's."""

from dataclasses import asdict, fields
from pathlib import Path

from rich.table import Table

from mwe.corpora.corpus_parts import CorpusStatistics
from mwe.corpora.mixture import source_statistics
from mwe.reproduce.result_table import Row, write_table

COUNTS = tuple(field.name for field in fields(CorpusStatistics) if field.name != "lines")
# by the class of the source, or a prefix of the collection's name
PUBLISHED = {
    "Wikipedia": {"entities": 4_848_680, "words": 9_868_901, "vocabulary": 9_868_901, "tokens": 2_746_156_881},
    "AmazonReviews": {
        "entities": 447_406,
        "tracks": 31_471,
        "artists": 14_013,
        "words": 660_014,
        "vocabulary": 705_498,
    },
    "Last.fm": {"entities": 428_408, "tracks": 428_408, "artists": 32_752, "tags": 1_147, "vocabulary": 462_307},
    "AllMusic": {"entities": 507_435, "tracks": 507_435, "artists": 25_203, "tags": 1_402, "vocabulary": 534_040},
}


def table_one(corpus: Path, out: Path) -> tuple[Table, Path]:
    """Count every source of a corpus, as a table to print and as ``table1.csv`` and ``.md``.

    Args:
        corpus: The training file, as ``mwe words corpus`` writes it.
        out: Folder of the files.

    Raises:
        MissingDataError: The corpus is missing.
    """
    table = Table("source", *COUNTS, title="Table I: the corpora (the paper's counts in brackets)")
    for column in table.columns[1:]:
        column.justify = "right"
    rows: list[Row] = []
    for name, kind, counts in source_statistics(corpus):
        published = published_counts(name, kind)
        values = asdict(counts)
        table.add_row(name, *(_cell(values[count], published.get(count)) for count in COUNTS))
        rows += [
            Row(name, count, published.get(count), float(values[count]), None, 1, name, "", "mwe words corpus")
            for count in COUNTS
        ]
    return table, write_table("table1", "Table I: the corpora", rows, out)


def published_counts(name: str, source: str) -> dict[str, int]:
    """Return the paper's counts of a source; empty if it has none."""
    return PUBLISHED.get(source) or next((counts for key, counts in PUBLISHED.items() if name.startswith(key)), {})


def _cell(count: int, published: int | None) -> str:
    return f"{count:,}" if published is None else f"{count:,} ({published:,})"
