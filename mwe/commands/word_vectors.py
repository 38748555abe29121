"""Commands on finished word vectors: import, nearest tokens, queries in words."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mwe.commands import WORDS
from mwe.core.manifest import COUNTS
from mwe.core.numbers import PositiveInt
from mwe.core.tokens import tag_token
from mwe.words.importers import Format, import_vectors, names_in
from mwe.words.vectors import Kind, Neighbour, WordVectors


def import_words(
    file: Path, /, out: Path = WORDS, format: Format = "auto", kind: Literal["auto", Kind] = "auto"
) -> None:
    """Import published word vectors, such as GloVe.

    Reads GloVe, word2vec (text or binary), LexVec, and the tables of the published musical word embedding.

    Args:
        file: File to import, possibly ``.gz``; for the published musical word embedding possibly a folder.
        out: Folder of the word vectors.
        format: Format of the file; by default recognised from its name and content.
        kind: What the tokens are; by default words, or what the file's name says in the published tables.

    Examples:
        mwe words import glove.6B.50d.txt --out outputs/glove
        mwe words import vectors.bin.gz --format word2vec-binary
    """
    vectors = import_vectors(file, out, format, kind)
    counts = vectors.made[COUNTS]
    repeated, like_ids = counts["skipped_repeated"], counts["skipped_like_an_id"]
    print(f"{len(vectors):,} vectors of {vectors.dim} dimensions in {out}")
    print(f"skipped: {repeated:,} repeated tokens, {like_ids:,} words spelt like IDs")


def similar(
    token: str,
    /,
    words: Path = WORDS,
    kind: Kind | None = None,
    k: PositiveInt = 10,
    format: Literal["table", "csv", "json"] = "table",
) -> None:
    """Show the words, tags, artists or tracks nearest to one.

    Nearest is by the cosine of their word vectors.

    Args:
        token: A word, a tag, or an ID with its prefix (``track:...``, ``artist:...``).
        words: Folder of the word vectors.
        kind: Kind of token to show; by default all.
        k: Number of tokens.
        format: A table, CSV or JSON. They have no files to play: ``mwe search track:ID --format m3u8`` makes a
            playlist.

    Examples:
        mwe similar guitar --words outputs/demo/words
        mwe similar "deep house" --words outputs/demo/words --kind artist --k 5
    """
    vectors = WordVectors.load(words)
    token = token if token in vectors else tag_token(token)
    neighbours = vectors.nearest(vectors[token][None], k, kind, [token])[0]
    if format == "table":
        _neighbours(f"nearest to {token}", neighbours, names_in(words))
    else:
        print(_neighbours_text(format, neighbours, names_in(words)), end="")


def query(text: str, /, words: Path = WORDS, kinds: Sequence[Kind] = ("track", "tag"), k: PositiveInt = 10) -> None:
    """Find tracks and tags by a query in words, without a library.

    The query is the mean of its words' vectors. Words without a vector are named and left out.

    Args:
        text: The query, in quotes if it has several words.
        words: Folder of the word vectors.
        kinds: Kinds of token to find.
        k: Number of each kind.

    Examples:
        mwe query "deep house in miami ocean" --words outputs/words
        mwe query "calm piano" --words outputs/words --kinds '[tag]' --k 20
    """
    vectors = WordVectors.load(words)
    parsed = vectors.of_query(text)
    if parsed.unknown:
        print(f"unknown: {', '.join(parsed.unknown)}")
    names = names_in(words)
    for kind in kinds:
        _neighbours(f"{kind}s for {' '.join(parsed.known)}", vectors.nearest(parsed.vector[None], k, kind)[0], names)


def _neighbours_text(form: Literal["csv", "json"], neighbours: Sequence[Neighbour], names: Mapping[str, str]) -> str:
    """Return neighbours as a text for other programs."""
    rows = [{**neighbour._asdict(), "name": names.get(neighbour.token, "")} for neighbour in neighbours]
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
    file = io.StringIO()
    writer = csv.DictWriter(file, ["token", "name", "kind", "similarity"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _neighbours(title: str, neighbours: Sequence[Neighbour], names: Mapping[str, str]) -> None:
    if not neighbours:
        print(f"{title}: none has a vector")
        return
    named = any(neighbour.token in names for neighbour in neighbours)
    table = Table("token", *(["name"] if named else []), "kind", "similarity", title=title)
    for neighbour in neighbours:
        name = [names.get(neighbour.token, "")] if named else []
        table.add_row(*map(escape, (neighbour.token, *name)), neighbour.kind, f"{neighbour.similarity:.3f}")
    Console().print(table)
