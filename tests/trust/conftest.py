"""The readers of files that others write, each with a valid miniature: one table for all tests of bad input."""

import bz2
import gzip
import importlib.util
import io
import json
import lzma
import os
import pickle
import sqlite3
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import soundfile
import torch
from hypothesis import settings
from pyarrow import parquet

from mwe import corpora, tracks
from mwe.audio.decode import decode
from mwe.audio.mel_settings import MelSettings
from mwe.audio.npy import NpyMels
from mwe.core.runs import RunMetrics
from mwe.corpora.corpus_parts import finished_part
from mwe.reproduce.result_table import table_of
from mwe.tracks.allmusic import LABELS
from mwe.tracks.cal500_features import read_feature_table
from mwe.words import WordVectors
from mwe.words.importers import import_vectors
from siamese_tags import documents
from siamese_tags.checkpoints import load_checkpoint

settings.register_profile("fuzz", max_examples=3000, deadline=None, derandomize=False)

HERE = Path(__file__).parent
ALLMUSIC = HERE.parent / "mwe/tracks/msd_amglabels_all.h5.gz"
TEXTS: dict[str, dict[str, bytes]] = {
    reader: {name: content.encode() for name, content in files.items()}
    for reader, files in tomllib.loads((HERE / "miniatures.toml").read_text(encoding="utf-8")).items()
}
FLOATS = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
TAGS50 = {"MSD_split/50tagList.txt": "\n".join(f"tag{number}" for number in range(50)).encode()}
ROW50 = [1, *[0] * 49]


class Reader(NamedTuple):
    """A reader under test.

    Args:
        files: A valid miniature: content by relative path.
        read: How it is called with the folder of the miniature, to the end of what it reads.
        fields: What stands between the fields of a line, where a line without it is to be named by its number.
        fragile: Whether a C library reads it that is known to crash on flipped bytes; it is only cut and replaced.
    """

    files: dict[str, bytes]
    read: Callable[[Path], object]
    fields: str = ""
    fragile: bool = False

    def __repr__(self) -> str:  # reports of failures stay readable
        return f"Reader({', '.join(self.files)})"


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


def table(**columns: Any) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


def neighbour(name: str) -> Any:
    """A module of this folder, which is no package."""
    described = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    if described is None or described.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


def zipped(name: str, content: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def database(*statements: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = sqlite3.connect(f"{folder}/made.db")
        for statement in statements:
            made.execute(statement)
        made.commit()
        made.close()
        return Path(folder, "made.db").read_bytes()


def sound(ending: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, 0.3 * np.sin(np.arange(22050) / 8), 22050, format=ending)
    return file.getvalue()


def checkpoint() -> bytes:
    file = io.BytesIO()
    torch.save({"state_dict": {"network.weight": torch.ones(2)}, "epoch": 1}, file)
    return file.getvalue()


def pickles(protocol: int, contents: dict[str, Any]) -> dict[str, bytes]:
    return {name: pickle.dumps(content, protocol) for name, content in contents.items()}


def drained(texts: Iterable[Iterable[str]]) -> int:
    return sum(1 for document in texts for _ in document)


def vectors(files: dict[str, bytes]) -> Reader:
    (name,) = files
    return Reader(files, lambda at: import_vectors(at / name, at / "out"))


def audio(ending: str) -> Reader:
    return Reader({f"a.{ending}": sound(ending)}, lambda at: decode(at / f"a.{ending}"))


LASTFM = database(
    "CREATE TABLE tags (tag TEXT)",
    "CREATE TABLE tids (tid TEXT)",
    "CREATE TABLE tid_tag (tid INT, tag INT, val FLOAT)",
    "INSERT INTO tags VALUES ('rock'), ('pop')",
    "INSERT INTO tids VALUES ('TRA'), ('TRB')",
    "INSERT INTO tid_tag VALUES (1, 1, 100.0), (2, 2, 80.0)",
)
METADATA = database("CREATE TABLE songs (track_id TEXT, artist_id TEXT)", "INSERT INTO songs VALUES ('TRA', 'AR1')")
JAMS = json.dumps({"annotations": [{"data": [{"value": "Genre--_Rock"}]}], "file_metadata": {"artist": "Air"}}).encode()
PICKLED = pickles(
    0,
    {
        "MSD_split/filtered_list_train.cP": ["TRA", "TRB"],
        "MSD_split/filtered_list_test.cP": ["TRC"],
        "MSD_split/msd_id_to_tag_vector.cP": {track: np.array(ROW50) for track in ("TRA", "TRB", "TRC")},
        "MSD_split/MSD_id_to_7D_id.pkl": {"TRA": "11"},
        "MSD_split/7D_id_to_path.pkl": {"11": "1/1.mp3"},
    },
)
LISTED = {
    **{f"MSD_split/{part}_x_msd_id.txt": f"TR{part}\n".encode() for part in ("train", "valid", "test")},
    **{f"MSD_split/{part}_y.npy": npy([ROW50]) for part in ("train", "valid", "test")},
}
OLD_ZEROSHOT = pickles(
    2,
    {
        "track_ids_in_key_order.p": ["TRA", "TRB", "TRC"],
        "tag_ids_in_key_order.p": ["rock", "pop", "jazz"],
        "tag_key_split_TGS01.p": [[0, 1], [2]],
        "track_keys_AB_TRS01_TGS01.p": [[0], [1]],
        "track_keys_C_TRS01_TGS01.p": [2],
        "all_track_to_tag_bin_matrix.p": np.eye(3),
    },
)
PACKED = {"a.txt": b"one line\n", "b.txt.gz": gzip.compress(b"x\n"), "c.txt.bz2": bz2.compress(b"x\n")}
WORDS = {
    "vectors.npy": npy(FLOATS),
    "vocabulary.json": json.dumps({"tokens": ["a", "b", "c"], "kinds": ["word", "tag", "track"], "made": {}}).encode(),
}
BINARY = b"3 4\n" + b"".join(b"w%d " % number + row.tobytes() + b"\n" for number, row in enumerate(FLOATS))
PUBLISHED = table(token=["rock", "pop"], vector=[[0.5, 1.0], [1.0, 2.0]])


def tracks_from(reader: str, contents: dict[str, bytes], fields: str = "", fragile: bool = False, **how: Any) -> Reader:
    return Reader(contents, lambda at: getattr(tracks, reader)(root=str(at), **how).read(), fields, fragile)


def documents_from(reader: str, files: dict[str, bytes], fields: str = "", **how: Any) -> Reader:
    return Reader(files, lambda at: getattr(documents, reader)(root=str(at), **how).read(), fields)


def reviews_from(reader: str, files: dict[str, bytes], fields: str = "") -> Reader:
    return Reader(files, lambda at: list(getattr(corpora, reader)(root=str(at)).reviews()), fields)


READERS: dict[str, Reader] = {
    "folder": tracks_from("FolderTracks", TEXTS["folder"], "\t"),
    "held out": Reader(
        TEXTS["folder"] | TEXTS["held_out"],
        lambda at: corpora.read_held_out(at / "held.tsv", tracks.FolderTracks(str(at)).read()),
        "\t",
    ),
    "jamendo": tracks_from("JamendoTracks", TEXTS["jamendo"], "\t"),
    "jamendo documents": documents_from("Jamendo", TEXTS["jamendo"], "\t"),
    "magnatagatune": tracks_from("MagnaTagATuneTracks", TEXTS["magnatagatune"], ","),
    "magnatagatune songs": documents_from("MagnaSongs", TEXTS["magnatagatune"], ","),
    "magtag5k": documents_from("MagTag5k", TEXTS["magtag5k"], ","),
    "cal10k": tracks_from("Cal10kTracks", TEXTS["cal10k"], "\t"),
    "cal10k documents": documents_from("Cal10k", TEXTS["cal10k"], "\t", min_songs=1),
    "cal500": documents_from("Cal500", {f"jams/{song}.jamz": gzip.compress(JAMS) for song in (1, 2)}),
    "cal500 features": Reader(TEXTS["cal500_features"], lambda at: read_feature_table(at / "cal500.arff")),
    "tsv documents": Reader(
        TEXTS["tsv_documents"],
        lambda at: documents.TsvDocuments(str(at / "tags.tsv"), splits=str(at / "parts.tsv")).read(),
        "\t",
    ),
    "cls": tracks_from("ClsTracks", TEXTS["cls"], "\t", files=["g.cls"]),
    "lastfm": tracks_from("LastfmTracks", TEXTS["lastfm"] | {"lastfm_tags.db": LASTFM}, "<SEP>", min_tracks=1),
    "msd500": tracks_from("Msd500Tracks", TEXTS["msd500"] | {"track_metadata.db": METADATA}, "\t"),
    "top 50 tables": tracks_from("MsdTop50Tracks", TEXTS["top50"], ",", form="tables"),
    "top 50 pickles": tracks_from("MsdTop50Tracks", TAGS50 | PICKLED, form="pickles"),
    "top 50 lists": tracks_from("MsdTop50Tracks", TAGS50 | LISTED, form="lists"),
    "ecals": tracks_from("EcalsTracks", TEXTS["ecals"]),
    "zero-shot": tracks_from("MsdZeroShotTracks", TEXTS["zeroshot"]),
    "zero-shot pickles": tracks_from("MsdZeroShotTracks", OLD_ZEROSHOT),
    "allmusic": tracks_from("AllMusicLabelTracks", {LABELS: gzip.decompress(ALLMUSIC.read_bytes())}, fragile=True),
    "plain text": Reader(
        PACKED | {"d.txt.xz": lzma.compress(b"x\n")}, lambda at: drained(corpora.PlainText(str(at)).documents())
    ),
    "wikitext": Reader(TEXTS["wikitext"], lambda at: drained(corpora.WikiText(root=str(at)).documents())),
    "brown": Reader(
        {"brown.zip": zipped("brown/ca01", "The/at jury/nn\n")}, lambda at: drained(corpora.Brown(str(at)).documents())
    ),
    "wikipedia": Reader(
        TEXTS["wikipedia"], lambda at: drained(corpora.Wikipedia(str(at / "d.xml"), min_words=1).documents())
    ),
    "wikipedia packed": Reader(
        {"d.xml.bz2": bz2.compress(TEXTS["wikipedia"]["d.xml"])},
        lambda at: drained(corpora.Wikipedia(str(at / "d.xml.bz2"), min_words=1).documents()),
    ),
    "amazon": reviews_from("AmazonReviews", TEXTS["amazon"]),
    "song describer": reviews_from("SongDescriber", TEXTS["song_describer"]),
    "musiccaps": reviews_from("MusicCaps", TEXTS["musiccaps"], ","),
    "album reviews": reviews_from("AlbumReviews", TEXTS["album_reviews"]),
    "keyed texts": Reader(TEXTS["keyed_texts"], lambda at: list(corpora.KeyedTexts(str(at / "k.csv")).reviews()), ","),
    "glove": vectors(TEXTS["glove"]),
    "glove packed": vectors({"g.txt.gz": gzip.compress(TEXTS["glove"]["g.txt"])}),
    "word2vec": vectors(TEXTS["word2vec"]),
    "word2vec binary": vectors({"w.bin": BINARY}),
    "published parquet": vectors({"tag.parquet": PUBLISHED}),
    "published json": vectors(TEXTS["published_json"]),
    "published lines": vectors(TEXTS["published_lines"]),
    "word vectors": Reader(WORDS, WordVectors.load),
    "spectrograms": Reader(
        {"a.npy": npy(FLOATS)}, lambda at: NpyMels({"a": at / "a.npy"}, MelSettings(n_mels=3)).crops([0], [0], 2)
    ),
    **{f"audio {ending}": audio(ending) for ending in ("wav", "flac", "mp3", "ogg")},
    "run metrics": Reader(TEXTS["run_metrics"], lambda at: RunMetrics.read(at / "metrics.json")),
    "corpus part": Reader(
        TEXTS["corpus_part"], lambda at: list(part.counts()) if (part := finished_part(at)) else None, "\t"
    ),
    "corpus sources": Reader(TEXTS["corpus_sources"], lambda at: corpora.source_statistics(at / "c.txt")),
    "table": Reader(TEXTS["table"], lambda at: table_of(at / "t.yaml", at / "out", at / "runs")),
    "checkpoint": Reader({"a.ckpt": checkpoint()}, lambda at: load_checkpoint(at / "a.ckpt", "Train anew.")),
    **neighbour("own_readers").readers(Reader, table),
}


@pytest.fixture(autouse=True)
def _no_collections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read from the real collections."""
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "no-data"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``reader`` is run with every one of them; for ``line_reader``: with those of lines."""
    for name, chosen in (
        ("reader", list(READERS)),
        ("line_reader", [key for key, one in READERS.items() if one.fields]),
    ):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, [READERS[key] for key in chosen], ids=chosen)


@pytest.fixture
def miniatures() -> dict[str, Reader]:
    """All readers by name."""
    return READERS


@pytest.fixture
def write() -> Callable[[Path, dict[str, bytes]], None]:
    """How a miniature is written into a folder."""

    def write(folder: Path, files: dict[str, bytes]) -> None:
        for name, content in files.items():
            os.makedirs((folder / name).parent, exist_ok=True)
            (folder / name).write_bytes(content)

    return write
