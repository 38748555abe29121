"""Commands that print tables, from what runs and collections left."""

from pathlib import Path

from rich.console import Console

from mwe.core.numbers import PositiveInt
from mwe.reproduce.collection_statistics import Divided, table_two
from mwe.reproduce.commands import RUNS, TABLES
from mwe.reproduce.several_word_queries import Searched, table_ten
from mwe.reproduce.tagged_model import TaggedModel


def table(specification: Path, /, out: Path = TABLES, runs: Path = RUNS) -> None:
    """Build a results table from run folders.

    Args:
        specification: YAML file that describes the table, as ``mwe paper`` writes to ``outputs/tables/descriptions``.
        out: Folder of the CSV and Markdown files.
        runs: Folder of the runs.
    """
    from mwe.reproduce.result_table import table_of

    path = table_of(specification, out, runs)
    print(path.read_text(encoding="utf-8"))
    print(f"table written to {path} and {path.with_suffix('.csv')}")


def compare(specification: Path, /, out: Path = TABLES, runs: Path = RUNS, draws: int = 1000) -> None:
    """Compare rows of a results table, with intervals.

    The intervals are over seeds and over test tracks.

    Args:
        specification: YAML file of the table, with ``comparisons``, as ``mwe paper demo-joint`` writes it.
        out: Folder of the CSV and Markdown files.
        runs: Folder of the runs, tested with ``--trainer.callbacks+=mwe.joint.scores.KeepScores``.
        draws: Draws of the test tracks.
    """
    from mwe.reproduce.paired_differences import compare_rows

    path = compare_rows(specification, out, runs, draws)
    print(path.read_text(encoding="utf-8"))
    print(f"differences written to {path} and {path.with_suffix('.csv')}")


def context_differences(specification: Path, /, out: Path = TABLES, runs: Path = RUNS, draws: int = 2000) -> None:
    """Compare ways to ask for tags in context, with intervals.

    They are compared query by query.

    Args:
        specification: YAML file of a table whose ``comparisons`` name pairs of row and way, as ``mwe paper contextual``
            writes it.
        out: Folder of the CSV and Markdown files.
        runs: Folder of the runs.
        draws: Draws of the artists, or of the tracks where those are not known.
    """
    from mwe.reproduce.context_differences import write_differences

    path = write_differences(specification, out, runs, draws)
    print(path.read_text(encoding="utf-8"))
    print(f"table written to {path} and {path.with_suffix('.csv')}")


def corpus_statistics(corpus: Path, /, out: Path = TABLES) -> None:
    """Print Table I: the contents of a training text.

    Counts entities, words, tags, artists and tracks of each source.

    Args:
        corpus: Training text written by ``mwe words corpus``.
        out: Folder of the CSV and Markdown files.
    """
    from mwe.reproduce.corpus_statistics import table_one

    table, path = table_one(corpus, out)
    Console(width=160).print(table)
    print(f"table written to {path} and {path.with_suffix('.csv')}")


def collection_statistics(collections: list[Divided], out: Path = TABLES) -> None:
    """Print Table II: the splits of collections.

    Counts tracks, tags and artists of each split.

    Args:
        collections: The collections (``--config lightning_configs/experiments/table2.yaml``); of missing ones, only
            published figures are shown.
        out: Folder of the CSV and Markdown files.
    """
    table, path, waiting = table_two(collections, out, "make table2")
    Console(width=180).print(table)
    for line in waiting:
        print(f"waits: {line}")
    print(f"table written to {path} and {path.with_suffix('.csv')}")


def query_table(
    searched: list[Searched],
    queries: list[str],
    k: PositiveInt = 3,
    runs: Path = RUNS,
    out: Path = TABLES,
    command: str = "make table10",
) -> None:
    """Print Table X: the tracks that queries in words find.

    Args:
        searched: Collections and their word vectors (``--config lightning_configs/experiments/table10.yaml``).
        queries: Queries in words; those of the paper get its tracks beside them.
        k: Tracks per query.
        runs: Folder of the runs, below which the word vectors are.
        out: Folder of the CSV file.
        command: What the table names as the command that makes it.
    """
    table, path = table_ten(searched, queries, k, runs, out, command)
    Console(width=240).print(table)
    print(f"table written to {path}")


def tag_table(
    tagged: list[TaggedModel],
    k: int = 5,
    runs: Path = RUNS,
    out: Path = TABLES,
    command: str = "make table11",
) -> None:
    """Print Table XI: the tags that fit songs best.

    Shows tags of content and of context, unseen tags included.

    Args:
        tagged: Models and songs (``--config lightning_configs/experiments/table11.yaml``); what is not there is named.
        k: Tags of each kind.
        runs: Folder of the runs.
        out: Folder of the CSV file.
        command: What the table names as the command that makes it.
    """
    from mwe.reproduce.song_tags import table_eleven

    table, path, waiting = table_eleven(tagged, k, runs, out, command)
    for line in waiting:
        print(f"waits: {line}")
    Console(width=160, markup=False).print(table)
    print(f"table written to {path}")
