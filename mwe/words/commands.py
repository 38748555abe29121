"""Commands on finished word vectors: import, what is similar, queries in words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from mwe.corpora.tokens import tag_token
from mwe.words.importers import Format, import_vectors
from mwe.words.vectors import Kind, Neighbour, WordVectors

WORDS = Path("outputs/words")  # where word vectors are looked for unless told


def words_import(file: Path, out: Path = WORDS, format: Format = "auto", kind: Literal["auto", Kind] = "auto") -> None:
    """Bring published word vectors into a folder: GloVe, word2vec (text, binary), LexVec, the published MWE tables.

    Args:
        file: The file, maybe ``.gz``; for the tables of the published musical word embedding maybe a folder.
        out: Folder of the word vectors.
        format: Format of the file; by default seen from name and content.
        kind: What the tokens are; by default words, in the published tables what the file's name says.
    """
    vectors = import_vectors(file, out, format, kind)
    repeated, like_ids = vectors.made["skipped_repeated"], vectors.made["skipped_like_an_id"]
    print(f"{len(vectors):,} vectors of {vectors.dim} dimensions in {out}")
    print(f"skipped: {repeated:,} repeated tokens, {like_ids:,} words spelt like IDs")


def similar(token: str, words: Path = WORDS, kind: Kind | None = None, k: int = 10) -> None:
    """Show the words, tags, artists or tracks whose vectors are nearest to one token's.

    Args:
        token: A word, a tag, or an ID with its prefix (``track:...``, ``artist:...``).
        words: Folder of the word vectors.
        kind: Which tokens to look among; by default all.
        k: How many.
    """
    vectors = WordVectors.load(words)
    token = token if token in vectors else tag_token(token)
    _neighbours(f"nearest to {token}", vectors.nearest(vectors[token][None], k, kind, [token])[0])


def query(text: str, words: Path = WORDS, kinds: Sequence[Kind] = ("track", "tag"), k: int = 10) -> None:
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
    for kind in kinds:
        _neighbours(f"{kind}s for {' '.join(asked.known)}", vectors.nearest(asked.vector[None], k, kind)[0])


def _neighbours(title: str, found: Sequence[Neighbour]) -> None:
    if not found:
        print(f"{title}: none has a vector")
        return
    shown = Table("token", "kind", "similarity", title=title)
    for one in found:
        shown.add_row(one.token, one.kind, f"{one.similarity:.3f}")
    Console().print(shown)
