"""What an index job and a library refuse: other spaces, hostile and damaged files, what is no run or source."""

import json
import os
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from mwe.audio.predict import Hardware
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError
from mwe.search import Library
from mwe.search.embed import embed_files
from mwe.search.embedding_parts import PartSettings, PartWriter
from mwe.search.index import index_library
from mwe.search.layout import open_table
from mwe.search.model import TrainedModel

HERE = Hardware(workers=0, devices=1, accelerator="cpu")


def other_run(run, out, change):
    """A copy of a run with a changed checkpoint."""
    shutil.copytree(run, out)
    path = out / "checkpoints/last.ckpt"
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)
    return out


def test_spaces_are_not_mixed(music, run, tmp_path):
    def nudge(state):
        state["state_dict"]["encoder.blocks.1.weight"][0, 0, 0] += 1e-3

    other = other_run(run, tmp_path / "other", nudge)
    same = other_run(run, tmp_path / "same", lambda state: None)
    assert TrainedModel(same).space == TrainedModel(run).space != TrainedModel(other).space
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    with pytest.raises(StaleArtefactError, match="Index into another folder"):
        index_library([music], other, out, hardware=HERE)
    with pytest.raises(StaleArtefactError, match="is of embedding space"):
        Library(out).store.require_space(TrainedModel(other))
    index_library([music], same, out, hardware=HERE)
    trained = TrainedModel(other)
    writer = PartWriter(PartSettings(tmp_path / "unfinished/parts", trained.space, trained.dim, first=0, size=1), 0)
    writer.extend(embed_files(trained, [music / "0.flac"]))
    with pytest.raises(StaleArtefactError, match=r"an unfinished job of another model .* delete"):
        index_library([music], run, tmp_path / "unfinished", hardware=HERE)


def test_preprocessing_is_part_of_the_space(run):
    trained = TrainedModel(run)
    fewer = TrainedModel(run, trained.preprocessing.__class__(trained.preprocessing.mel, 3.0, 4))
    assert fewer.space != trained.space


def test_a_hostile_checkpoint_is_refused(run, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'harmed'}",)

    other = other_run(run, tmp_path / "hostile", lambda state: state.update(extra=Hostile()))
    with pytest.raises(BadFileError, match=r"last\.ckpt: not a checkpoint of a JointEmbedding \(UnpicklingError"):
        TrainedModel(other)
    assert not (tmp_path / "harmed").exists()


def test_what_is_no_run_or_no_source_is_said(run, music, tmp_path):
    with pytest.raises(MissingDataError, match=r"fit\.yaml not found: the folder is neither a run nor an export"):
        index_library([music], tmp_path, tmp_path / "lib", hardware=HERE)
    with pytest.raises(MissingDataError, match=r"none not found\. Name a folder"):
        index_library([tmp_path / "none"], run, tmp_path / "lib", hardware=HERE)
    (tmp_path / "void").mkdir()
    with pytest.raises(MissingDataError, match="no audio files below"):
        index_library([tmp_path / "void"], run, tmp_path / "lib", hardware=HERE)
    with pytest.raises(BadFileError, match=r"track '0\.flac' is listed twice"):
        index_library([music, music], run, tmp_path / "lib", hardware=HERE)


def test_a_damaged_library_is_named(music, run, tmp_path):
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    matrix = out / "embeddings-00001.npy"
    whole = matrix.read_bytes()
    matrix.write_bytes(whole[:-100])
    with pytest.raises(BadFileError, match=r"embeddings-00001\.npy: not a readable array"):
        Library(out)
    np.save(matrix, np.zeros((3, 4), np.float32))
    with pytest.raises(BadFileError, match="float32 of shape"):
        Library(out)
    matrix.write_bytes(whole)
    tracks = out / "tracks-00001.parquet"
    tracks.write_bytes(tracks.read_bytes().replace(b"path", b"p\xe9th"))  # a name of a column that is no UTF-8
    with pytest.raises(BadFileError, match=r"tracks-00001\.parquet: not the table expected"):
        Library(out)
    tracks.write_bytes(b"PAR1")
    with pytest.raises(BadFileError, match=r"tracks-00001\.parquet: not the table expected"):
        Library(out)


@pytest.mark.parametrize(
    ("key", "value"), [("words", "../elsewhere"), ("words", "words-" + "x" * 300), ("edition", None)]
)
def test_a_declaration_names_nothing_outside_its_library(key, value, music, run, tmp_path):
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    declared = json.loads((out / "library.json").read_text())
    (out / "library.json").write_text(json.dumps(declared | {key: value}))
    with pytest.raises(StaleArtefactError, match=r"library\.json: not in the format of this version"):
        Library(out)


def test_a_table_of_other_columns_is_refused_with_its_name(tmp_path):
    pq.write_table(pa.table({"tag": ["rock"]}), tmp_path / "tags.parquet")
    schema = pa.schema([("tag", pa.string()), ("group", pa.string())])
    with pytest.raises(BadFileError, match=r"tags\.parquet.*not the table expected \(columns tag\)"):
        open_table(tmp_path / "tags.parquet", schema)
