"""Import of published word vectors into a folder of word vectors, in bounded memory.

Reads GloVe text, word2vec text and binary (also written by LexVec and gensim's ``save_word2vec_format``), and the
tables of the published musical word embedding (token, content, vector). Pickles are rejected.
"""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import read_json, sha256, write_json, written_together
from mwe.core.lines import DAMAGED
from mwe.core.manifest import fits, manifest
from mwe.core.progress import track
from mwe.core.tokens import artist_token, kind_of_id, tag_token, track_token
from mwe.words.binary_format import word2vec_binary
from mwe.words.published_format import published_rows
from mwe.words.text_format import text_blocks
from mwe.words.vectors import NAMES, VOCABULARY, WordVectors, saved_before, write_vocabulary

Format = Literal["auto", "glove", "word2vec", "word2vec-binary", "published"]
KINDS = ("word", "tag", "artist", "track")
PICKLE_REMEDY = (
    "If you trust it, open it with gensim and write `vectors.save_word2vec_format('vectors.bin', binary=True)`, "
    "then import that file."
)


class Block(NamedTuple):
    """Some tokens with their vectors.

    Attributes:
        tokens: N tokens as the file spells them.
        vectors: float32 (N, dimensions).
        names: Display name of each token; empty if the file has none.
    """

    tokens: list[str]
    vectors: np.ndarray
    names: Sequence[str] = ()


def import_vectors(
    path: Path, folder: Path, form: Format = "auto", kind: Literal["auto", "word", "tag", "artist", "track"] = "auto"
) -> WordVectors:
    """Import a file of vectors into a folder of word vectors.

    Does nothing if the folder already holds the same vectors. Repeated tokens are skipped, and so are words spelt like
    an artist or track ID; both are counted in ``made``.

    Args:
        path: The file, or a folder of published tables; may be compressed by gzip (``.gz``).
        folder: The folder to write.
        form: Format of the file; ``auto`` detects it from name and content.
        kind: Kind of the tokens; ``auto`` takes it from the name of a published table (tag, artist, track), else word.

    Raises:
        MissingDataError: There is no such file.
        BadFileError: The file is a pickle, damaged or truncated.
    """
    files = _files(path)
    form = form_of(files[0]) if form == "auto" else form
    inputs, settings = {file.name: sha256(file) for file in files}, {"format": form, "kind": kind}
    former = saved_before(folder)
    if former is not None and fits(former.made, manifest(inputs, settings)):
        return former
    vocabulary = _ImportedTokens()
    with written_together(folder, VOCABULARY, [NAMES]) as staging:
        with open(staging / "vectors.npy", "wb") as file:
            _import(files, form, kind, _GrowingMatrix(file), vocabulary)
        if not vocabulary.tokens:
            raise BadFileError(path, "holds no vector", "Check the file and its format.")
        if vocabulary.names:
            write_json(staging / NAMES, vocabulary.names)
        made = manifest(inputs, settings, vocabulary.counts(), ("numpy",))
        write_vocabulary(staging, list(vocabulary.tokens), [KINDS[number] for number in vocabulary.kinds], made)
    return WordVectors.load(folder)


def _import(
    files: Sequence[Path], form: Format, kind: str, writer: "_GrowingMatrix", vocabulary: "_ImportedTokens"
) -> None:
    for path in files:
        token_kind = kind
        if kind == "auto":
            token_kind = _kind_by_name(path) if form == "published" else "word"
        for block in track(_blocks(path, form), f"importing {path.name}"):
            if writer.dim not in (-1, block.vectors.shape[1]):
                problem = f"has vectors of {block.vectors.shape[1]} dimensions, earlier files have {writer.dim}"
                raise BadFileError(path, problem, "Import files of one embedding together.")
            writer.append(vocabulary.take_new(block, token_kind))
    writer.close()


def names_in(folder: Path) -> dict[str, str]:
    """Read the display names of imported artists and tracks by token; empty if the file had none.

    Raises:
        BadFileError: The names are damaged.
    """
    if not (folder / NAMES).is_file():
        return {}
    names = read_json(folder / NAMES)
    if not isinstance(names, dict):
        raise BadFileError(folder / NAMES, "holds no names by token", "Import the vectors again.")
    return names


def form_of(path: Path) -> Format:
    """Detect the format of a file from its name and first bytes.

    Raises:
        BadFileError: The file is empty, a pickle, or in an unknown format.
    """
    name = path.name.removesuffix(".gz")
    if name.endswith((".parquet", ".json", ".jsonl")):
        return "published"
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            start = file.read(4096)
    except DAMAGED as error:
        raise BadFileError(path, f"cannot be read ({error})", "Download the file again.") from error
    if start[:1] == b"\x80" and start[1:2] <= b"\x05":
        raise BadFileError(
            path, "is a Python pickle, as gensim's `save` writes it: it could run any code", PICKLE_REMEDY
        )
    first = start.partition(b"\n")[0].split()
    if not first:
        raise BadFileError(path, "is empty or begins with an empty line", "Download the file again.", 1)
    if len(first) != 2 or not all(field.isdigit() for field in first):
        return "glove"
    body = start.partition(b"\n")[2]
    printable = all(byte >= 32 or byte in b"\t\n\r" for byte in body)
    return "word2vec" if printable and _is_text(body) else "word2vec-binary"


def _is_text(body: bytes) -> bool:
    numbers = body.partition(b"\n")[0].split()[1:3]
    try:
        return bool([float(number) for number in numbers])
    except ValueError:
        return False


def _files(path: Path) -> list[Path]:
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
    files.sort(
        key=lambda file: _kind_by_name(file) == "word"
    )  # words last: a word that is also a tag counts as the tag
    if not files or not files[0].is_file():
        raise MissingDataError(f"{path} not found, or an empty folder. Name a file of word vectors.")
    return files


def _kind_by_name(path: Path) -> str:
    """Return the kind of a published table's tokens from its name: ``track-00000.parquet`` has tracks."""
    return next((kind for kind in ("track", "artist", "tag") if kind in path.name.lower()), "word")


def _blocks(path: Path, form: Format) -> Iterable[Block]:
    if form == "published":
        return (Block(*block) for block in published_rows(path))
    pairs: Iterator[tuple[list[str], np.ndarray]] = (
        word2vec_binary(path) if form == "word2vec-binary" else text_blocks(path, header=form == "word2vec")
    )
    return (Block(tokens, vectors) for tokens, vectors in pairs)


class _ImportedTokens:
    """The tokens imported so far, in order, with their kinds, and the names of artists and tracks."""

    def __init__(self) -> None:
        self.tokens: dict[str, None] = {}
        self.kinds = bytearray()
        self.names: dict[str, str] = {}
        self.skipped = {"skipped_repeated": 0, "skipped_like_an_id": 0}

    def counts(self) -> dict[str, int]:
        """Return the numbers of imported and skipped tokens."""
        return {"tokens": len(self.tokens), **self.skipped}

    def take_new(self, block: Block, kind: str) -> np.ndarray:
        """Add the new tokens of a block and return their vectors."""
        spell = {"tag": tag_token, "artist": artist_token, "track": track_token}.get(kind)
        rows: list[int] = []
        for row, name in enumerate(block.tokens):
            token = spell(name) if spell else name
            if spell is None and kind_of_id(token):
                self.skipped["skipped_like_an_id"] += 1
            elif not token or token in self.tokens:
                self.skipped["skipped_repeated"] += 1
            else:
                self.tokens[token] = None
                rows.append(row)
                if kind in ("artist", "track") and block.names and block.names[row] not in ("", name):
                    self.names[token] = block.names[row]
        self.kinds.extend([KINDS.index(kind)] * len(rows))
        return block.vectors if len(rows) == len(block.tokens) else block.vectors[rows]


class _GrowingMatrix:
    """A ``.npy`` file of float32 rows, whose number is only known at the end; NumPy's header leaves room for it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.rows, self.dim = file, 0, -1

    def append(self, vectors_ND: np.ndarray) -> None:
        """Append rows."""
        if self.dim < 0:
            self.dim = vectors_ND.shape[1]
            self._header()
        self.file.write(np.ascontiguousarray(vectors_ND, dtype="<f4").data)
        self.rows += len(vectors_ND)

    def close(self) -> None:
        """Write the number of rows into the header."""
        if self.rows:
            self.file.seek(0)
            self._header()

    def _header(self) -> None:
        header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": (self.rows, self.dim)}
        np.lib.format.write_array_header_1_0(self.file, header)
