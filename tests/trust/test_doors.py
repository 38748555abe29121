"""No file runs code: for every door a file with a payload that would leave a mark."""

import gzip
import hashlib
import io
import json
import os
import pickle
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from pytorch_lightning.demos.boring_classes import BoringDataModule, BoringModel

from mwe.audio.npy import NpyMels
from mwe.audio.shards import open_mels
from mwe.core.arrays import read_array
from mwe.core.context_arrays import ARRAYS, DECLARATION, FORMAT
from mwe.core.datasets import Dataset
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError
from mwe.core.files import read_yaml
from mwe.core.stage import StageCLI
from mwe.corpora import Brown, MusicCaps, Wikipedia
from mwe.joint.pretrained import Description
from mwe.search.model import TrainedModel
from mwe.tracks import LastfmTracks
from mwe.tracks.pickles import read_plain_pickle
from mwe.words import WordVectors
from mwe.words.context_vectors import ContextVectors
from mwe.words.importers import import_vectors
from siamese_tags.checkpoints import load_checkpoint


class Payload:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def npy(mark):
    file = io.BytesIO()
    np.save(file, np.array([Payload(mark)], dtype=object), allow_pickle=True)
    return file.getvalue()


def saved(mark, **more):
    file = io.BytesIO()
    torch.save({"state_dict": {}, "extra": Payload(mark), **more}, file)
    return file.getvalue()


def yaml_of(mark):
    return f"data: !!python/object/apply:os.system ['touch {mark}']\nrows: []\n".encode()


def word_vectors(folder, mark):
    (folder / "vectors.npy").write_bytes(npy(mark))
    (folder / "vocabulary.json").write_text('{"tokens": ["a"], "kinds": ["word"], "made": {}}')
    WordVectors.load(folder)


def contextual_vectors(folder, mark):
    np.savez(folder / ARRAYS, weights=np.array([Payload(mark)], dtype=object))
    told = {
        "format": FORMAT,
        "kind": "encoder",
        "tags": ["a"],
        "arrays": hashlib.sha256((folder / ARRAYS).read_bytes()).hexdigest(),
    }
    (folder / DECLARATION).write_text(json.dumps(told))
    ContextVectors(folder)


def extension_type(folder, mark):
    """What made Arrow before 14.0.1 unpickle a column's type."""
    field = pa.field("token", pa.string(), metadata={
        "ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": pickle.dumps(Payload(mark), 0),
    })  # fmt: skip
    table = pa.table([pa.array(["a"]), pa.array([["x"]])], schema=pa.schema([field, ("vector", pa.list_(pa.string()))]))
    parquet.write_table(table, folder / "tag.parquet")
    import_vectors(folder / "tag.parquet", folder / "out")


def database(folder, mark):
    made = sqlite3.connect(folder / "lastfm_tags.db")
    made.execute("CREATE TABLE t (x)")
    made.execute(f"CREATE VIEW tids AS SELECT load_extension('{mark}') AS tid")
    made.execute("CREATE TABLE tags (tag)")
    made.execute("CREATE TABLE tid_tag (tid, tag, val)")
    made.commit()
    made.close()
    LastfmTracks(str(folder)).read()


def literal(folder, mark):
    call = f"__import__('os').system('touch {mark}')"
    (folder / "musiccaps-public.csv").write_text(f'ytid,aspect_list,caption\na,"{call}",x\n')
    list(MusicCaps(str(folder)).reviews())


def run_configuration(folder, mark, data=None):
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints/last.ckpt").write_bytes(saved(mark))
    (folder / "fit.yaml").write_bytes(data or yaml_of(mark))
    TrainedModel(folder)


def run_of_a_program(folder, mark):
    called = {"class_path": "subprocess.Popen", "init_args": {"args": ["touch", str(mark)]}}
    whole = {"class_path": "mwe.joint.AudioWordDataModule", "init_args": {"collection": called, "words": "w"}}
    run_configuration(folder, mark, json.dumps({"data": whole}).encode())


def shared_model(folder, mark):
    called = {"class_path": "subprocess.Popen", "init_args": {"args": ["touch", str(mark)]}}
    told = {"word_dim": 1, "average": "unit", "encoder": called, "preprocessing": {}, "space": "x"}
    (folder / "config.json").write_text(json.dumps({"format": 1, "library_name": "mwe", **told}))
    Description.read(folder)


def billion_laughs(folder, mark):
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    (folder / "d.xml").write_text(f'<!DOCTYPE m [<!ENTITY l0 "ha">{entities}]><m><page><ns>0</ns>&l11;</page></m>')
    list(Wikipedia(str(folder / "d.xml")).documents())


def foreign_entity(folder, mark):
    (folder / "secret").write_text("secret " * 100)
    told = f'<!DOCTYPE m [<!ENTITY s SYSTEM "file://{folder}/secret">]>'
    text = "<revision><text>&s;</text></revision>"
    (folder / "d.xml").write_text(f"{told}<m><page><ns>0</ns>{text}</page></m>")
    list(Wikipedia(str(folder / "d.xml"), min_words=1).documents())


def given(name, content, read):
    """A door that takes one file."""

    def door(folder, mark):
        (folder / name).write_bytes(content(mark))
        read(folder / name)

    return door


def imported(path):
    import_vectors(path, path.parent / "out")


def pickled(mark):
    return pickle.dumps(Payload(mark))


DOORS = {
    "checkpoint of a run": given("a.ckpt", saved, lambda path: load_checkpoint(path, "")),
    "pickle": given("a.pkl", pickled, read_plain_pickle),
    "array": given("a.npy", npy, lambda path: read_array(path, "")),
    "array, mapped": given("a.npy", npy, lambda path: read_array(path, "", mapped=True)),
    "spectrograms of a store": given("shard-r0-00000.npy", npy, lambda path: open_mels(path, 4)),
    "spectrograms of others": given("a.npy", npy, lambda path: NpyMels({"a": path}).frames()),
    "word vectors": word_vectors,
    "contextual vectors": contextual_vectors,
    "word vectors of gensim": given("a.model", pickled, imported),
    "word vectors, packed pickle": given("a.gz", lambda mark: gzip.compress(pickled(mark)), imported),
    "word vectors, pickle as text": given("a.txt", lambda mark: pickle.dumps(Payload(mark), 0), imported),
    "word vectors, array as text": given("a.vec", npy, imported),
    "published table": extension_type,
    "description in YAML": given("t.yaml", yaml_of, lambda path: read_yaml(path, "")),
    "configuration of a run": run_configuration,
    "configuration that names a program": run_of_a_program,
    "model of others": shared_model,
    "database": database,
    "list in a table": literal,
    "XML that grows": billion_laughs,
    "XML that reads files": foreign_entity,
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_payload_is_refused_and_leaves_no_mark(door, tmp_path):
    mark, folder = tmp_path / "mark", tmp_path / "folder"
    folder.mkdir()
    with pytest.raises((BadFileError, StaleArtefactError)):
        door(folder, mark)
    assert not mark.exists()


def test_the_payload_works_where_it_is_let(tmp_path):
    pickle.loads(pickled(tmp_path / "mark"))
    assert (tmp_path / "mark").exists()


def test_a_zip_is_never_unpacked_onto_the_disk(tmp_path):
    with zipfile.ZipFile(tmp_path / "brown.zip", "w") as archive:
        for name in ("../escaped", "/tmp/escaped-brown", "brown/ca01"):
            archive.writestr(name, "The/at\n")
    before = sorted(tmp_path.parent.iterdir())
    assert [list(document) for document in Brown(str(tmp_path)).documents()] == [["The"]]
    assert sorted(tmp_path.iterdir()) == [tmp_path / "brown.zip"]
    assert sorted(tmp_path.parent.iterdir()) == before
    assert not Path("/tmp/escaped-brown").exists()


@pytest.mark.parametrize("place", ["file", "web"])
def test_a_stage_never_unpickles_a_checkpoint(place, server, tmp_path, monkeypatch):
    """Lightning would where it comes from the web, PyTorch where the variable is set."""
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)
    folder, address = server
    (folder / "a.ckpt").write_bytes(saved(tmp_path / "mark"))
    path = address + "a.ckpt" if place == "web" else str(folder / "a.ckpt")
    names = [f"{kind.__module__}.{kind.__name__}" for kind in (BoringModel, BoringDataModule)]
    quiet = ["--trainer.logger", "false", "--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false"]
    arguments = ["test", "--model", names[0], "--data", names[1], *quiet, "--ckpt_path", path]
    with pytest.raises(
        (BadFileError, pickle.UnpicklingError), match=r"a\.ckpt: not a checkpoint|Weights only load failed"
    ):
        StageCLI(arguments)
    with pytest.raises(ValueError, match="could then run any code"):
        StageCLI(["fit", *arguments[1:-2], "--weights_only", "false"])
    assert not (tmp_path / "mark").exists()


def test_a_configuration_builds_no_object(tmp_path, capsys):
    (tmp_path / "row.yaml").write_bytes(yaml_of(tmp_path / "mark"))
    with pytest.raises(SystemExit):
        StageCLI(["fit", "-c", str(tmp_path / "row.yaml")])
    assert "could not determine a constructor for the tag" in capsys.readouterr().err
    assert not (tmp_path / "mark").exists()


def test_a_download_with_another_checksum_is_not_put_in_place(server, tmp_path):
    folder, address = server
    (folder / "a").write_text("tampered with")
    wanted = hashlib.sha256(b"as declared").hexdigest()
    dataset = Dataset("x", "X", "home", "free", "nobody", "Ask around.", "a", address, "", {"a": wanted})
    with pytest.raises(MissingDataError, match="hash of downloaded file"):
        dataset.fetch(tmp_path / "data")
    assert not (tmp_path / "data").exists()
    (folder / "a").write_text("as declared")
    assert dataset.fetch(tmp_path / "data").complete
