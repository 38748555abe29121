"""Readers of what the programs themselves write and read again, each with a valid miniature."""

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from mwe.audio.mel_settings import MelSettings
from mwe.audio.preprocessing import Preprocessing
from mwe.audio.shards import FileStamp, MelRow, MelShardWriter
from mwe.audio.store import MelStore
from mwe.audio.store_settings import declare_settings
from mwe.core.files import sha256
from mwe.joint.map import JointPlane
from mwe.joint.pretrained import Description
from mwe.joint.scores import TrackScores
from mwe.reproduce.context_differences import read as read_queries
from mwe.search import Library
from mwe.search.ann import AnnReport
from mwe.search.embedding_parts import Outcome, Parts, PartSettings, PartWriter
from mwe.search.layout import TRACKS, Declaration
from mwe.search.partly_read import read_partly_read
from mwe.search.skipped_tracks import read_skipped
from mwe.search.tag_table import NONE, TagTable
from mwe.words import WordVectors
from mwe.words.context_vectors import ContextVectors, Pair
from mwe.words.torch_tokens import TokenFile, token_kinds
from siamese_tags.masked.document_figures import FIGURES, load_documents

UNIT = np.eye(3, 4, dtype=np.float32)
DECLARED = Declaration("space", "nowhere", 1, 3, 4, "words-made", "made", {})


def kept(write: Callable[[Path], object]) -> dict[str, bytes]:
    """What something writes into a folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def mel_store(folder: Path) -> None:
    declare_settings(folder, MelSettings(n_mels=4), {})
    writer = MelShardWriter(folder, n_mels=4)
    writer.append(MelRow("a", "a.wav", FileStamp(1, 1), loudness_db=-3.0), np.ones((5, 4)))
    writer.append(MelRow("b", "b.wav", FileStamp(1, 1), "empty", "0 bytes"))
    writer.flush()


def library(folder: Path) -> None:
    blank = np.full(1, np.nan, np.float32)
    WordVectors(["rock", "track:t0"], UNIT[:2], ["tag", "track"]).save(folder / DECLARED.words)
    np.save(folder / DECLARED.matrix_file, UNIT)
    columns = {
        "track_id": ["t0", "t1", "t2"], "artist_id": ["Air", "Air", ""], "path": ["a.wav", "b.wav", "c.wav"],
        "size": [1, 2, 3], "mtime_ns": [1, 2, 3], "seconds": [1.0, 2.0, 3.0], "loudness_db": [-1.0, -2.0, -3.0],
        "tags": [[0], [], [0]],
    }  # fmt: skip
    parquet.write_table(pa.table(columns, schema=TRACKS), folder / DECLARED.tracks_file)
    tags = TagTable(("rock",), ("",), (True,), blank, blank, (NONE,))
    parquet.write_table(tags.to_table(), folder / DECLARED.tags_file)
    DECLARED.write(folder)


def asked(folder: Path) -> object:
    """All that a query of a library reads."""
    opened = Library(folder)
    return [opened.search(query) for query in ("rock", "tag:rock", "track:t1", "artist:Air")]


def part(folder: Path) -> None:
    writer = PartWriter(PartSettings(folder, "space", 4, 0, 8), 0)
    writer.extend([Outcome(MelRow("a", "a.wav", FileStamp(1, 1)), 3.0, UNIT[0])])
    writer.extend([Outcome(MelRow("b", "b.wav", FileStamp(1, 1), "empty", "0 bytes"), 0.0, None)])
    writer.flush()


def parts(folder: Path) -> object:
    found = Parts(folder, "space")
    return [(found.status(name), found.source(name), found.embedding(name)) for name in found.index_of]


def context(folder: Path) -> None:
    draw = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "tags_MTE": (2, 3, 3), "place_MTZ": (2, 3, 4), "size_ME": (2, 3), "centre_MEE": (2, 3, 3), "origin_MZ": (2, 4),
        "pull_M": (2,), **{f"{norm}_{end}_ME": (2, 3) for norm in ("into", "out") for end in ("scale", "offset")},
    }  # fmt: skip
    arrays: dict[str, Any] = {name: draw.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    np.savez(folder / "context.npz", **arrays)
    hashed = sha256(folder / "context.npz")
    told = {"format": 1, "kind": "encoder", "tags": ["a", "b", "c"], "arrays": hashed, "made": {}}
    (folder / "context.json").write_text(json.dumps(told))


def tokens(folder: Path) -> None:
    (folder / "c.txt").write_text("rock pop rock\nsad\n")
    (folder / "c.vocabulary.json").write_text('{"kinds": {"rock": "tag"}}')
    TokenFile.of(folder / "c.txt")


def numbered(folder: Path) -> object:
    found = TokenFile.of(folder / "c.txt")
    return found.numbers.sum(), token_kinds(folder / "c.txt", found.vocabulary.tokens, found.corpus_sha256)


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


PLANE = JointPlane("x", "t-SNE", ["a"], [[0.0, 1.0]], ["rock"], [""], [False], [[1.0, 0.0]])
PARTLY_READ = b"track_id\tpath\tcondition\tverdict\na\ta.wav\ttruncated\ttruncated: 1.0 s of the 2.0 s it states\n"
SKIPPED = b"track_id\tpath\treason\tdetail\tsize\tmtime_ns\nb\tb.wav\tempty\t0 bytes\t0\t1\n"
REPORT = {
    "cells": 1, "probes": 1, "recall_tracks": 1.0, "recall_words": 1.0, "track_queries": 1, "word_queries": 1,
    "space": "space", "wanted": 0.9, "cells_wanted": None,
}  # fmt: skip
SCORES = npz(
    tracks=np.array(["a"]), tags=np.array(["rock"]), unseen=np.array([False]), score=np.ones((1, 1), np.float32),
    label=np.ones((1, 1), bool), embedding=UNIT[:1],
)  # fmt: skip


def readers(reader: Callable[..., Any], table: Callable[..., bytes]) -> dict[str, Any]:
    """Readers by name.

    Args:
        reader: Makes one from a miniature and how it is read.
        table: The bytes of a Parquet file of columns.
    """
    queries = {name: ["x"] for name in ("track_id", "tag", "context", "unit", "way")} | {"ap": [0.5]}
    documents = {"document": ["1"], "artist": ["Air"], "queries": [2.0], **{name: [50.0] for name in FIGURES}}
    described = Description(
        4, "unit", {"class_path": "mwe.encoders.CNN1D"}, Preprocessing(MelSettings(), 3.0, 4), "space"
    )
    return {
        "mel store": reader(kept(mel_store), lambda at: MelStore.open(at).crops([0], [0], 4)),
        "library": reader(kept(library), asked),
        "skipped tracks": reader({"skipped.tsv": SKIPPED}, read_skipped, "\t"),
        "partly read tracks": reader({"partly_read.tsv": PARTLY_READ}, read_partly_read, "\t"),
        "approximate index": reader(
            {DECLARED.ann_report_file: json.dumps(REPORT).encode()}, lambda at: AnnReport.read(at, DECLARED)
        ),
        "parts of a library": reader(kept(part), parts),
        "contextual vectors": reader(kept(context), lambda at: ContextVectors(at).embed([Pair("a", ("b",))])),
        "tokens": reader(kept(tokens), numbered),
        "map": reader(kept(lambda at: (at / "map.json").write_text(json.dumps(vars(PLANE)))), JointPlane.read),
        "scores": reader({"scores.npz": SCORES}, TrackScores.read),
        "queries in context": reader(
            {"row/context.parquet": table(**queries)},
            lambda at: read_queries(at, "row", "x", "ap"),
        ),
        "documents of a run": reader({"documents.parquet": table(**documents)}, load_documents),
        "shared model": reader(kept(described.write), Description.read),
    }
