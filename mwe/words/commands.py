"""Commands on finished word vectors: import, what is similar, queries in words, Table X, Figures 4 and 5."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mwe.core.errors import MissingDataError
from mwe.core.manifest import COUNTS
from mwe.core.numbers import PositiveInt
from mwe.core.pictures import save
from mwe.corpora.tokens import tag_token
from mwe.tracks import TrackReader
from mwe.words.figures import draw_maps, draw_pairs
from mwe.words.importers import Format, import_vectors, names_in
from mwe.words.table10 import Searched, table_ten
from mwe.words.vectors import Kind, Neighbour, WordVectors

WORDS = Path("outputs/words")  # where word vectors are looked for unless told
RUNS = Path("outputs")


def words_import(file: Path, out: Path = WORDS, format: Format = "auto", kind: Literal["auto", Kind] = "auto") -> None:
    """Bring published word vectors into a folder: GloVe, word2vec (text, binary), LexVec, the published MWE tables.

    Args:
        file: The file, maybe ``.gz``; for the tables of the published musical word embedding maybe a folder.
        out: Folder of the word vectors.
        format: Format of the file; by default seen from name and content.
        kind: What the tokens are; by default words, in the published tables what the file's name says.
    """
    vectors = import_vectors(file, out, format, kind)
    counts = vectors.made[COUNTS]
    repeated, like_ids = counts["skipped_repeated"], counts["skipped_like_an_id"]
    print(f"{len(vectors):,} vectors of {vectors.dim} dimensions in {out}")
    print(f"skipped: {repeated:,} repeated tokens, {like_ids:,} words spelt like IDs")


def similar(token: str, words: Path = WORDS, kind: Kind | None = None, k: PositiveInt = 10) -> None:
    """Show the words, tags, artists or tracks whose vectors are nearest to one token's.

    Args:
        token: A word, a tag, or an ID with its prefix (``track:...``, ``artist:...``).
        words: Folder of the word vectors.
        kind: Which tokens to look among; by default all.
        k: How many.
    """
    vectors = WordVectors.load(words)
    token = token if token in vectors else tag_token(token)
    found = vectors.nearest(vectors[token][None], k, kind, [token])[0]
    _neighbours(f"nearest to {token}", found, names_in(words))


def query(text: str, words: Path = WORDS, kinds: Sequence[Kind] = ("track", "tag"), k: PositiveInt = 10) -> None:
    """Find tracks and tags by a query in words, such as "deep house in miami ocean" (Table X).

    The query is the mean of its words' vectors; words without a vector are named and left out.

    Args:
        text: The query.
        words: Folder of the word vectors.
        kinds: What to look for.
        k: How many of each.
    """
    vectors = WordVectors.load(words)
    asked = vectors.of_query(text)
    if asked.unknown:
        print(f"unknown: {', '.join(asked.unknown)}")
    names = names_in(words)
    for kind in kinds:
        _neighbours(f"{kind}s for {' '.join(asked.known)}", vectors.nearest(asked.vector[None], k, kind)[0], names)


def query_table(
    searched: list[Searched],
    queries: list[str],
    k: PositiveInt = 3,
    runs: Path = RUNS,
    out: Path = RUNS / "tables",
    command: str = "make table10",
) -> None:
    """Print Table X: the tracks that queries of several words find, with their tags.

    Args:
        searched: Collections and word vectors trained on them (``--config lightning_configs/mwe/table10/open.yaml``).
        queries: Queries in words; those of the paper get its tracks beside them.
        k: Tracks a query.
        runs: Folder of the runs, below which the word vectors are.
        out: Folder of the CSV file.
        command: What the table names as the command that makes it.
    """
    shown, path = table_ten(searched, queries, k, runs, out, command)
    Console(width=240).print(shown)
    print(f"table written to {path}")


def figure4(
    words: dict[str, Path],
    pairs: list[tuple[str, str]],
    runs: Path = RUNS,
    out: Path = RUNS / "figures/figure4-pairs.png",
) -> None:
    """Draw Figure 4: how similar the words of a pair are in several word vectors.

    Args:
        words: Folders of word vectors below that of the runs, by name; those that are not there are left out and named.
        pairs: Pairs of words.
        runs: Folder of the runs.
        out: The PNG; an SVG is written beside it.
    """
    _written(save(draw_pairs(_at_hand(words, runs), pairs), out))


def figure5_words(
    words: dict[str, Path],
    collection: TrackReader,
    clusters: dict[str, list[str]],
    seed: int = 0,
    runs: Path = RUNS,
    out: Path = RUNS / "figures/figure5-words.png",
) -> None:
    """Draw the first row of Figure 5: maps of tags in several word vectors, by UMAP or else by t-SNE.

    Args:
        words: Folders of word vectors below that of the runs, by name; those that are not there are left out and named.
        collection: The collection whose tags are drawn.
        clusters: Tags that are coloured and named, by the name of what they have in common.
        seed: Seed of the maps.
        runs: Folder of the runs.
        out: The PNG; an SVG is written beside it.
    """
    _written(save(draw_maps(_at_hand(words, runs), collection.read(), clusters, seed), out))


def _at_hand(words: dict[str, Path], runs: Path) -> dict[str, WordVectors]:
    found = {name: runs / folder for name, folder in words.items() if (runs / folder / "vocabulary.json").is_file()}
    for name in [name for name in words if name not in found]:
        print(f"left out: {name}, no word vectors in {runs / words[name]}")
    if not found:
        raise MissingDataError(f"no word vectors below {runs}; `make table3 table4` trains them")
    return {name: WordVectors.load(folder) for name, folder in found.items()}


def _written(paths: tuple[Path, Path]) -> None:
    print(f"written: {', '.join(map(str, paths))}")


def _neighbours(title: str, found: Sequence[Neighbour], names: Mapping[str, str]) -> None:
    if not found:
        print(f"{title}: none has a vector")
        return
    told = any(one.token in names for one in found)
    shown = Table("token", *(["name"] if told else []), "kind", "similarity", title=title)
    for one in found:
        name = [names.get(one.token, "")] if told else []
        shown.add_row(*map(escape, (one.token, *name)), one.kind, f"{one.similarity:.3f}")
    Console().print(shown)
