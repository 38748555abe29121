"""Word vectors that others published, brought into the folder form in bounded memory.

Read are GloVe text, word2vec text and binary (what LexVec and gensim's ``save_word2vec_format`` write too), and the
tables of the published musical word embedding (token, content, vector). Pickles are refused.
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
from mwe.corpora.tokens import artist_token, kind_of_id, tag_token, track_token
from mwe.words.binary import word2vec_binary
from mwe.words.published import published_rows
from mwe.words.text import text_blocks
from mwe.words.vectors import NAMES, VOCABULARY, WordVectors, saved_before, write_vocabulary

Format = Literal["auto", "glove", "word2vec", "word2vec-binary", "published"]
KINDS = ("word", "tag", "artist", "track")
PICKLE_REMEDY = (
    "Where you trust it, open it with gensim and write `vectors.save_word2vec_format('vectors.bin', binary=True)`, "
    "then import that file."
)


class Block(NamedTuple):
    """Some tokens with their vectors.

    Args:
        tokens: N tokens as the file spells them.
        vectors: float32 (N, dimensions).
        names: What each is called; none where the file does not tell.
    """

    tokens: list[str]
    vectors: np.ndarray
    names: Sequence[str] = ()


def import_vectors(
    path: Path, folder: Path, form: Format = "auto", kind: Literal["auto", "word", "tag", "artist", "track"] = "auto"
) -> WordVectors:
    """Bring a file of vectors into a folder of word vectors.

    Nothing is done where the folder holds these very vectors already. A token that occurs again is skipped, and so is a
    general word that is spelt like an artist or track ID; both are counted in ``made``.

    Args:
        path: The file, or for the published tables a folder of them; maybe compressed by gzip (``.gz``).
        folder: The folder to write.
        form: Its format; ``auto`` looks at name and content.
        kind: What the tokens are; ``auto``: of a published table what its name says (tag, artist, track), else words.

    Raises:
        MissingDataError: There is no such file.
        BadFileError: The file is a pickle, damaged or cut off.
    """
    files = _files(path)
    form = form_of(files[0]) if form == "auto" else form
    inputs, settings = {one.name: sha256(one) for one in files}, {"format": form, "kind": kind}
    former = saved_before(folder)
    if former is not None and fits(former.made, manifest(inputs, settings)):
        return former
    kept = _Kept()
    with written_together(folder, VOCABULARY, [NAMES]) as staging:
        with open(staging / "vectors.npy", "wb") as file:
            _import(files, form, kind, _GrowingMatrix(file), kept)
        if not kept.tokens:
            raise BadFileError(path, "holds no vector", "Check the file and its format.")
        if kept.names:
            write_json(staging / NAMES, kept.names)
        made = manifest(inputs, settings, kept.counts(), ("numpy",))
        write_vocabulary(staging, list(kept.tokens), [KINDS[number] for number in kept.kinds], made)
    return WordVectors.load(folder)


def _import(files: Sequence[Path], form: Format, kind: str, writer: "_GrowingMatrix", kept: "_Kept") -> None:
    for one in files:
        own = _kind_by_name(one) if kind == "auto" and form == "published" else "word" if kind == "auto" else kind
        for block in track(_blocks(one, form), f"importing {one.name}"):
            if writer.dim not in (-1, block.vectors.shape[1]):
                what = f"has vectors of {block.vectors.shape[1]} dimensions, the files before it {writer.dim}"
                raise BadFileError(one, what, "Import files of one embedding together.")
            writer.append(kept.new_ones(block, own))
    writer.close()


def names_in(folder: Path) -> dict[str, str]:
    """What imported artists and tracks are called, by token; nothing where the file did not tell.

    Raises:
        BadFileError: The names are damaged.
    """
    if not (folder / NAMES).is_file():
        return {}
    names = read_json(folder / NAMES)
    if not isinstance(names, dict):
        raise BadFileError(folder / NAMES, "holds no names by token", "Import the vectors anew.")
    return names


def form_of(path: Path) -> Format:
    """The format of a file, by its name and first bytes.

    Raises:
        BadFileError: The file is empty, a pickle, or in no format that is known.
    """
    name = path.name.removesuffix(".gz")
    if name.endswith((".parquet", ".json", ".jsonl")):
        return "published"
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            start = file.read(4096)
    except DAMAGED as error:
        raise BadFileError(path, f"cannot be read ({error})", "Fetch the file anew.") from error
    if start[:1] == b"\x80" and start[1:2] <= b"\x05":
        raise BadFileError(
            path, "is a Python pickle, as gensim's `save` writes it: it could run any code", PICKLE_REMEDY
        )
    first = start.partition(b"\n")[0].split()
    if not first:
        raise BadFileError(path, "is empty or begins with an empty line", "Fetch the file anew.", 1)
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
    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    files.sort(key=lambda one: _kind_by_name(one) == "word")  # a word that is a tag too counts as the tag
    if not files or not files[0].is_file():
        raise MissingDataError(f"{path} not found, or an empty folder. Name a file of word vectors.")
    return files


def _kind_by_name(path: Path) -> str:
    """What a published table holds, by its name: ``track-00000.parquet`` has tracks."""
    return next((kind for kind in ("track", "artist", "tag") if kind in path.name.lower()), "word")


def _blocks(path: Path, form: Format) -> Iterable[Block]:
    if form == "published":
        return (Block(*block) for block in published_rows(path))
    pairs: Iterator[tuple[list[str], np.ndarray]] = (
        word2vec_binary(path) if form == "word2vec-binary" else text_blocks(path, header=form == "word2vec")
    )
    return (Block(tokens, vectors) for tokens, vectors in pairs)


class _Kept:
    """Tokens taken so far, in order, with the number of their kind; and the names of artists and tracks."""

    def __init__(self) -> None:
        self.tokens: dict[str, None] = {}
        self.kinds = bytearray()
        self.names: dict[str, str] = {}
        self.skipped = {"skipped_repeated": 0, "skipped_like_an_id": 0}

    def counts(self) -> dict[str, int]:
        """Tokens taken and skipped."""
        return {"tokens": len(self.tokens), **self.skipped}

    def new_ones(self, block: Block, kind: str) -> np.ndarray:
        """Take a block's new tokens; return their vectors."""
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
    """A ``.npy`` file of float32 rows whose number is known at the end; NumPy leaves room for it in the header."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.rows, self.dim = file, 0, -1

    def append(self, vectors_ND: np.ndarray) -> None:
        """Write rows behind the others."""
        if self.dim < 0:
            self.dim = vectors_ND.shape[1]
            self._header()
        self.file.write(np.ascontiguousarray(vectors_ND, dtype="<f4").data)
        self.rows += len(vectors_ND)

    def close(self) -> None:
        """Put the number of rows into the header."""
        if self.rows:
            self.file.seek(0)
            self._header()

    def _header(self) -> None:
        told: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": (self.rows, self.dim)}
        np.lib.format.write_array_header_1_0(self.file, told)
