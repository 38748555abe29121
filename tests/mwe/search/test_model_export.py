"""Models that are exported and read back: the same vectors, the same space, and nothing that runs code."""

import json
import os
import pickle
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.torch
import torch
import yaml

import mwe
from mwe import JointEmbedding
from mwe.audio.predict import Hardware
from mwe.cli import main
from mwe.core.errors import BadFileError, MissingDataError, UnknownNameError
from mwe.core.files import read_json, write_json
from mwe.core.runs import RunMetrics
from mwe.joint.pretrained import ENCODERS, FETCHED, known_encoder
from mwe.search import Library
from mwe.search.calibrate import tags_of_run
from mwe.search.embed import embed_files
from mwe.search.index import index_library
from mwe.search.model import TrainedModel
from mwe.search.model_export import export_run

HERE = Hardware(workers=0, devices=1, accelerator="cpu")


@pytest.fixture
def exported(run, tmp_path):
    export_run(run, tmp_path / "exported")
    return tmp_path / "exported"


def change(path, **values):
    write_json(path, {**read_json(path), **values})


def test_a_model_is_the_same_after_export_and_import(run, exported, miniature):
    before, after = TrainedModel(run), TrainedModel(exported)
    assert (after.exported, after.space, after.words_hash) == (True, before.space, before.words_hash)
    assert after.preprocessing == before.preprocessing
    model = JointEmbedding.from_pretrained(exported)
    assert not model.training
    mel = torch.rand(3, 8, 130, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(model.embed(mel), before.model.embed(mel), atol=1e-6, rtol=0)
    words = before.words.vectors[:20]
    np.testing.assert_allclose(after.encode_words(words), before.encode_words(words), atol=1e-6)
    assert after.words.tokens == before.words.tokens
    files = [miniature / "audio/t03.flac"]
    found, expected = (embed_files(one, files)[0].embedding_D for one in (after, before))
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    "encoder",
    [
        ("CNN1D", "channels", "[16,16,16,16,12]", "pools", "[4,4,4,1,2]"),
        ("MusicTaggingTransformer", "channels", "8", "width", "16", "heads", "2", "layers", "1"),
    ],
)
def test_encoders_of_other_sizes_are_told_and_made_anew(encoder, prepared, tmp_path):
    kind, *values = encoder
    given = [(f"--model.encoder.{name}", value) for name, value in zip(values[::2], values[1::2], strict=True)]
    where = ("--trainer.max_epochs", "1", "--trainer.logger.save_dir", str(tmp_path))
    main(["fit", *prepared.arguments(*where, "--model.encoder", kind, *(one for pair in given for one in pair))])
    before = TrainedModel(tmp_path / "demo/joint/seed0")
    export_run(before.run, tmp_path / "exported")
    told = read_json(tmp_path / "exported/config.json")["encoder"]
    assert told["class_path"] == f"mwe.encoders.{kind}"
    assert {name: json.dumps(told["init_args"][name]) for name in values[::2]} == dict(
        zip(values[::2], (value.replace(",", ", ") for value in values[1::2]), strict=True)
    )
    after = TrainedModel(tmp_path / "exported")
    mel = torch.rand(2, 3, 130, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(after.model.embed(mel), before.model.embed(mel), atol=1e-6, rtol=0)


def test_an_export_takes_the_place_of_its_run(run, exported, music, tmp_path):
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    before = Library(out)
    shutil.copy(music / "0.flac", music / "new.flac")
    report = index_library([music], exported, out, hardware=HERE)
    assert (report.ok, report.reused) == (9, 8)
    library = Library(out)
    assert library.store.declared.run == str(exported)
    assert (library.space, library.store.declared.words) == (before.space, before.store.declared.words)
    assert library.search(f"file:{music / '0.flac'}", k=1).hits[0].score == pytest.approx(1, abs=1e-5)


def test_an_export_needs_nothing_of_its_run(run, music, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    calibrated, _ = tags_of_run(TrainedModel(alone))
    export_run(alone, tmp_path / "exported")
    shutil.rmtree(alone)
    report = index_library([music], tmp_path / "exported", tmp_path / "lib", hardware=HERE)
    assert "scores calibrated before the export: 0 tags on their own validation tracks, 6 pooled" in report.note
    library = Library(tmp_path / "lib")
    assert (library.tags.tags, library.tags.seen) == (calibrated.tags, calibrated.seen)
    np.testing.assert_array_equal(library.tags.slope, calibrated.slope)
    assert library.search("low", k=1).hits
    assert all(0 < one.probability < 1 for one in library.tag_files([music / "0.flac"])[0].tags)
    with pytest.raises(MissingDataError, match="without its training collection"):
        _ = TrainedModel(tmp_path / "exported").data


def test_the_files_are_what_is_fetched_and_no_pickles(run, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    RunMetrics({"rocauc_tag": 0.8}, "mine", 3).write(alone)
    export_run(alone, tmp_path / "exported")
    files = [path for path in (tmp_path / "exported").rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path / "exported").as_posix() for path in files} == set(FETCHED)
    for path in files:
        content = path.read_bytes()
        assert content[:1] != b"\x80"  # a pickle
        assert content[:2] != b"PK"  # a checkpoint of PyTorch
        assert str(tmp_path.parent).encode() not in content  # where it was made is nobody's business


def test_the_card_tells_data_seeds_licence_and_figures(run, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    notes = {"tags_without_vector": 1, "data": {"collection": "0a1b", "mel": "2c3d"}}
    RunMetrics({"rocauc_tag": 0.8123, "rocauc_tag_excluded": 2.0}, "mine", 0, notes).write(alone)
    export_run(alone, tmp_path / "stated", licence="CC-BY-4.0")
    card = (tmp_path / "stated/README.md").read_text(encoding="utf-8")
    told = yaml.safe_load(card.split("---")[1])
    assert (told["library_name"], told["license"]) == ("mwe", "cc-by-4.0")
    for text in (
        *("train 14, valid 4, test 6", "seed 0", "| rocauc_tag | 0.8123 |", "area under the ROC curve"),
        "Hashes of the test data: collection `0a1b`, mel `2c3d`.",
        *("Counted: rocauc_tag_excluded 2, tags_without_vector 1.", "- pitch: low, middle, high, *bass drone*"),
        *("mel.hop_length: 512", "`FolderTracks`", "## Licence of the weights\n\nCC-BY-4.0"),
        f"Embedding space `{TrainedModel(alone).space}`",
    ):
        assert text in card
    export_run(run, tmp_path / "not")
    card = (tmp_path / "not/README.md").read_text(encoding="utf-8")
    assert "license" not in yaml.safe_load(card.split("---")[1])
    assert "**Not stated.**" in card
    assert "None: the run has no `metrics.json`" in card


@pytest.mark.parametrize(
    "encoder",
    [
        {"class_path": "subprocess.Popen", "init_args": {"args": ["touch", "harmed"]}},
        {"class_path": "os.system", "init_args": {"command": "touch harmed"}},
        {"class_path": "hostile.Encoder"},
        {"class_path": "mwe.encoders.audio_encoder.AudioEncoder", "init_args": {"width": 3}},
        {"class_path": ["mwe.encoders.CNN1D"]},
        {"class_path": "mwe.encoders.CNN1D", "init_args": {"mels": {"class_path": "hostile.Encoder"}}},
        {"class_path": "mwe.encoders.CNN1D", "init_args": {"unknown": 3}},
        {"class_path": "mwe.encoders.CNN1D", "init_args": {"channels": [10**12] * 5}},
        {"class_path": "mwe.encoders.CNN1D", "dict_kwargs": {}},
        "hostile.Encoder",
    ],
)
def test_a_hostile_configuration_is_refused(encoder, exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hostile.py").write_text("open('harmed', 'w')\n")
    change(exported / "config.json", encoder=encoder)
    for load in (JointEmbedding.from_pretrained, TrainedModel):
        with pytest.raises(BadFileError, match=r"(?s)(config\.json|model\.safetensors): .* Download the model again"):
            load(exported)
    assert not (tmp_path / "harmed").exists()
    assert "hostile" not in sys.modules


def test_hostile_and_damaged_weights_are_refused(exported, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'harmed'}",)

    weights = exported / "model.safetensors"
    whole = weights.read_bytes()
    for content in (pickle.dumps(Hostile()), whole[:-10], b""):
        weights.write_bytes(content)
        with pytest.raises(BadFileError, match=r"model\.safetensors: not a safetensors file"):
            JointEmbedding.from_pretrained(exported)
    assert not (tmp_path / "harmed").exists()
    state = safetensors.torch.load(whole)
    for name, value in (("semantic.bias", torch.zeros(3)), ("extra", torch.zeros(3)), ("semantic.bias", None)):
        other = {key: one for key, one in {**state, name: value}.items() if one is not None}
        safetensors.torch.save_file(other, weights)
        with pytest.raises(BadFileError, match=rf"model\.safetensors: {name} is .*, but the configuration expects"):
            JointEmbedding.from_pretrained(exported)
    safetensors.torch.save_file({**state, "semantic.bias": state["semantic.bias"] + 1}, weights)
    with pytest.raises(BadFileError, match=r"config\.json: says embedding space"):
        TrainedModel(exported)


@pytest.mark.parametrize(
    "values",
    [
        {"format": 2},
        {"more": 1},
        {"word_dim": "16"},
        {"average": "os.system"},
        {"preprocessing": {"mel": {"n_fft": 10**15}, "seconds": 3.0, "excerpts": 8}},
        {"preprocessing": {"mel": {}, "seconds": "3", "excerpts": 8}},
        {"preprocessing": {"mel": {}, "seconds": 3.0, "excerpts": 0}},
        {"preprocessing": {"mel": {}, "seconds": float("nan"), "excerpts": 8}},
        {"preprocessing": {"mel": [], "seconds": 3.0, "excerpts": 8}},
        {"preprocessing": None},
    ],
)
def test_a_damaged_configuration_is_refused(values, exported):
    change(exported / "config.json", **values)
    with pytest.raises(BadFileError, match=r"config\.json: "):
        JointEmbedding.from_pretrained(exported)


def test_arguments_that_are_not_given_are_those_of_the_class():
    assert known_encoder({"class_path": "mwe.encoders.CNN1D"}) == known_encoder(
        {"class_path": "mwe.encoders.CNN1D", "init_args": {"mels": 128, "pools": [4, 4, 4, 2, 2]}}
    )
    assert {"mwe.encoders.CNN1D", "mwe.encoders.MusicTaggingTransformer"} <= ENCODERS.keys()
    assert "mwe.encoders.AudioEncoder" not in ENCODERS


def test_what_cannot_be_exported_is_said(run, exported, tmp_path, monkeypatch):
    with pytest.raises(BadFileError, match="is already an exported model"):
        export_run(exported, tmp_path / "again")
    with pytest.raises(BadFileError, match="is a run folder"):
        export_run(run, run)
    with pytest.raises(MissingDataError, match=r"fit\.yaml not found: the folder is neither a run nor an export"):
        export_run(tmp_path, tmp_path / "again")
    with pytest.raises(MissingDataError, match="no exported model in"):
        JointEmbedding.from_pretrained(tmp_path)
    monkeypatch.delitem(ENCODERS, "mwe.encoders.CNN1D")
    with pytest.raises(UnknownNameError, match=r"encoder that can be shared 'mwe\.encoders\.CNN1D'"):
        export_run(run, tmp_path / "again")


def test_a_run_without_its_collection_is_exported_and_the_card_says_so(run, prepared, music, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    configuration = alone / "fit.yaml"
    configuration.write_text(configuration.read_text().replace(str(prepared.collection), str(tmp_path / "gone")))
    (alone / "tags.csv").write_text("tag,group,seen,tracks\nlow,pitch,1,3\nbass drone,pitch,0,2\n")
    export_run(alone, tmp_path / "exported")
    card = (tmp_path / "exported/README.md").read_text(encoding="utf-8")
    assert "It was not available when this card was written." in card
    assert "- pitch: low, *bass drone*" in card
    assert str(tmp_path) not in card
    report = index_library([music], tmp_path / "exported", tmp_path / "lib", hardware=HERE)
    assert (report.ok, "the exported model has no calibration" in report.note) == (8, True)


def test_the_example_of_the_page_runs(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (Path(mwe.__file__).parent.parent / "docs/how-to/share.md").read_text(encoding="utf-8")
    exec(page.split("```python\n")[1].split("```")[0].replace("my-model", "exported"), {})


class TestHub:
    """The Hugging Face Hub, by a stand-in for its client: tests use no network."""

    @pytest.fixture
    def asked(self, exported, monkeypatch):
        asked = []

        def download(repository, revision, allow_patterns):
            asked.append((repository, revision))
            assert set(allow_patterns) == set(FETCHED)
            if repository != "owner/model":
                raise OSError("404 Client Error.\nRepository Not Found")
            return str(exported)

        monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(snapshot_download=download))
        return asked

    def test_a_name_is_looked_for_here_and_then_there(self, asked, run, exported, tmp_path, monkeypatch):
        assert TrainedModel("owner/model").space == TrainedModel(run).space
        JointEmbedding.from_pretrained("owner/model@v1.0")
        assert asked == [("owner/model", None), ("owner/model", "v1.0")]
        with pytest.raises(MissingDataError, match=r"owner/other is neither a local folder nor .* \(404 Client Error"):
            JointEmbedding.from_pretrained("owner/other")
        monkeypatch.chdir(tmp_path)
        shutil.copytree(exported, tmp_path / "owner/model")
        asked.clear()
        JointEmbedding.from_pretrained("owner/model")
        JointEmbedding.from_pretrained(exported)
        assert asked == []

    def test_the_client_itself_finds_a_model_in_its_cache(self, exported, tmp_path, monkeypatch):
        pytest.importorskip("huggingface_hub", reason="its client is not installed (extra `hub`)")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        cached, commit = tmp_path / "hub/models--owner--model", "a" * 40
        shutil.copytree(exported, cached / "snapshots" / commit)
        (cached / "refs").mkdir()
        (cached / "refs/main").write_text(commit)
        assert JointEmbedding.from_pretrained("owner/model").preprocessing is not None
        with pytest.raises(MissingDataError, match="owner/other is neither a local folder nor a model on the Hugging"):
            JointEmbedding.from_pretrained("owner/other")

    def test_without_the_client_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)
        with pytest.raises(MissingDataError, match=r"owner/model is no local folder; .*pip install 'mwe\[hub\]'"):
            JointEmbedding.from_pretrained("owner/model")


class TestCheckpoints:
    """What a checkpoint knows of the audio it wants."""

    def test_a_run_whose_mel_store_is_gone_still_indexes(self, run, prepared, music, tmp_path):
        alone = tmp_path / "alone"
        shutil.copytree(run, alone)
        configuration = alone / "fit.yaml"
        configuration.write_text(configuration.read_text().replace(str(prepared.mel), str(tmp_path / "gone")))
        assert TrainedModel(alone).preprocessing == TrainedModel(run).preprocessing
        report = index_library([music], alone, tmp_path / "lib", hardware=HERE)
        assert report.ok == 8
        assert "no validation track has audio" in report.note

    def test_an_older_checkpoint_asks_the_mel_store(self, run, tmp_path):
        alone = tmp_path / "alone"
        shutil.copytree(run, alone)
        path = alone / "checkpoints/last.ckpt"
        state = torch.load(path, weights_only=True)
        assert state.pop("preprocessing") == json.loads(json.dumps(TrainedModel(run).preprocessing.to_dict()))
        torch.save(state, path)
        older = TrainedModel(alone)
        assert older.model.preprocessing is None
        assert older.space == TrainedModel(run).space


def test_the_command_exports_and_says_what_is_not_stated(run, tmp_path, capsys):
    main(["export", str(run), str(tmp_path / "one")])
    assert f"licence of the weights: not stated. Set it with --licence, or in {tmp_path / 'one/README.md'}" in (
        capsys.readouterr().out
    )
    main(["export", str(run), str(tmp_path / "two"), "--licence", "cc0-1.0"])
    shown = capsys.readouterr().out
    assert "100 dimensions, embedding space" in shown
    assert "not stated" not in shown
    with pytest.raises(SystemExit, match=r"mwe export: .*none/fit\.yaml not found"):
        main(["export", str(tmp_path / "none"), str(tmp_path / "three")])
