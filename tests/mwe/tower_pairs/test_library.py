"""A library of a tower pair: indexed, searched, tagged and exported by the commands that serve joint embeddings."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mwe.audio.predict import Hardware
from mwe.cli import main
from mwe.core.errors import BadFileError, BadRequestError, StaleArtefactError, UnknownNameError
from mwe.core.files import read_json, write_json
from mwe.search import Library
from mwe.search.embed import embed_files
from mwe.search.index import index_library
from mwe.search.library_model import library_model
from mwe.tower_pairs.encoding import embed_texts, embed_waveforms
from tests.mwe.search.test_index import HERE, assert_same, content


@pytest.fixture(scope="session")
def indexed(clap, music, tmp_path_factory):
    """Folder of a library, and what the job reported."""
    root = tmp_path_factory.mktemp("libraries") / "clap"
    return root, index_library([music], f"clap:{clap}", root, hardware=HERE)


@pytest.fixture
def library(indexed, tmp_path):
    shutil.copytree(indexed[0], tmp_path / "lib")
    return Library(tmp_path / "lib")


@pytest.fixture
def pair(clap):
    return library_model(f"clap:{clap}").pair


@pytest.fixture
def no_tower(monkeypatch):
    """A model that is opened is an error."""

    def opened(name):
        raise AssertionError(f"{name} was opened")

    monkeypatch.setattr("mwe.search.pair_model.open_pair", opened)


def test_a_file_has_the_vector_of_its_sound(library, pair, tones):
    assert len(library) == 7
    assert library.store.declared.preprocessing["sample_rate"] == 16_000
    for octave in (0, 4, 6):  # shorter than an excerpt, and longer than two
        wave_T = np.tile(tones[octave].numpy(), 5)[: int(0.6 * (octave + 1) * 16_000)]
        np.testing.assert_allclose(library.matrix_ND[octave], embed_waveforms(pair, wave_T[None], 16_000)[0], atol=1e-4)


def test_two_processes_and_other_batches_give_the_same_library(library, clap, music, tmp_path):
    two = Hardware(workers=0, devices=2, accelerator="cpu", strategy="ddp_spawn")
    index_library([music], f"clap:{clap}", tmp_path / "two", hardware=two)
    assert_same(content(tmp_path / "two"), content(library.root))
    alone = [embed_files(library.store.trained, [music / f"{octave}.wav"])[0].embedding_D for octave in range(7)]
    np.testing.assert_allclose(np.stack(alone), library.matrix_ND, atol=1e-5)


def test_a_sentence_goes_through_the_text_tower_whole(library, pair):
    sentence = "the low drone of a slow bass guitar"
    [unit_D] = embed_texts(pair, [sentence])
    answer = library.search(sentence, k=7)
    assert answer.terms == ((1.0, repr(sentence)),)
    assert [hit.score for hit in answer.hits] == pytest.approx(
        sorted(library.matrix_ND @ unit_D, reverse=True), abs=1e-5
    )


def test_a_tag_is_asked_in_the_template(library, pair):
    low_D, deep_D = embed_texts(pair, ["This audio is a low song.", "This audio is a deep sea song."])
    hits = library.search("tag:low", k=7).hits
    assert hits[0].score == pytest.approx(float((library.matrix_ND @ low_D).max()), abs=1e-5)
    answer = library.search("tag:deep sea", k=1)
    assert answer.hits[0].score == pytest.approx(float((library.matrix_ND @ deep_D).max()), abs=1e-5)
    assert answer.notes == ("'deep sea' is no tag of the library; 'This audio is a deep sea song.' was asked",)


def test_each_term_of_a_sum_is_encoded(library, pair):
    calm_D, odd_D = embed_texts(pair, ["calm music", "This audio is a odd: tone song."])
    wanted_D = 2 * calm_D - odd_D
    answer = library.search("2*calm music - tag:odd: tone", k=7)
    cosine_N = library.matrix_ND @ (wanted_D / np.linalg.norm(wanted_D))
    assert [hit.score for hit in answer.hits] == pytest.approx(sorted(cosine_N, reverse=True), abs=1e-5)


def test_tracks_artists_and_tags_need_no_tower(library, no_tower):
    assert library.search("track:t2", k=1).hits[0].track_id != "t2"
    assert {hit.artist_id for hit in library.search("artist:artist0", k=7).hits} == {f"artist{n}" for n in range(4)}
    assert len(library.search("tag:low + track:t1 - tag:high", k=3).hits) == 3
    with pytest.raises(UnknownNameError, match="unknown artist 'artist9'"):
        library.search("artist:artist9")
    with pytest.raises(AssertionError, match="was opened"):
        library.search("any other words")


def test_files_are_tagged_by_prompts(library, pair, music):
    [tagged] = library.tag_files([music / "3.wav"], k=1000)
    cosine_of = {score.tag: score.cosine for score in tagged.tags}
    assert {"low", "high", "odd: tone", "jazz"} <= cosine_of.keys()
    assert all(score.probability is None and score.seen is None for score in tagged.tags)
    [prompt_D] = embed_texts(pair, ["This audio is a jazz song."])
    assert cosine_of["jazz"] == pytest.approx(float(library.matrix_ND[3] @ prompt_D), abs=1e-4)
    assert library.search(f"file:{music / '3.wav'}", k=1).hits[0].track_id == "t3"


def test_a_tag_in_context_is_one_clear_error(library, no_tower):
    with pytest.raises(BadRequestError, match=r"made with clap:.* a tower pair, which knows no tags in context"):
        library.search("low", context=["odd: tone"])


def test_the_collapse_is_met_before_any_file_is_read(collapsed_clap, music, tmp_path, monkeypatch):
    def read(*_, **__):
        raise AssertionError("files were read")

    monkeypatch.setattr("mwe.search.index.predict_files", read)
    with pytest.raises(
        BadFileError, match=r"its vectors of \d+ texts all but coincide \(mean cosine (0\.999\d|1\.0000)\)"
    ):
        index_library([music], f"clap:{collapsed_clap}", tmp_path / "lib", hardware=HERE)
    assert not (tmp_path / "lib/library.json").exists()


def test_a_second_run_asks_the_text_tower_nothing(library, clap, collapsed_clap, music, monkeypatch):
    def encoded(self, texts):
        raise AssertionError(f"{len(texts)} texts were encoded")

    monkeypatch.setattr("mwe.search.pair_model.PairModel.encode_texts", encoded)
    report = index_library([music], f"clap:{clap}", library.root, hardware=HERE)
    assert (report.ok, report.reused) == (7, 7)
    # other weights, and another library, are judged
    for weights, out in ((collapsed_clap, library.root), (clap, library.root.parent / "other")):
        with pytest.raises(AssertionError, match="32 texts were encoded"):
            index_library([music], f"clap:{weights}", out, hardware=HERE)


def test_a_second_run_with_other_tags_embeds_no_file(library, clap, music, tmp_path):
    table = re.sub(
        r"\t(\d\.wav)", rf"\t{music}/\1", (music / "tracks.tsv").read_text("utf-8").replace("high", "shrill")
    )
    (tmp_path / "tracks.tsv").write_text(table, encoding="utf-8")
    report = index_library([tmp_path / "tracks.tsv"], f"clap:{clap}", library.root, hardware=HERE)
    assert (report.ok, report.reused) == (7, 7)
    assert "tags are asked as 'This audio is a {} song.'" in report.note
    assert "shrill" in Library(library.root).tags.tags
    assert len([path for path in library.root.iterdir() if path.name.startswith("words-")]) == 1


def test_other_weights_are_refused(library, fused_clap, music):
    with pytest.raises(StaleArtefactError, match="is of embedding space"):
        index_library([music], f"clap:{fused_clap}", library.root, hardware=HERE)


def test_the_commands_take_it_from_end_to_end(clap, music, tmp_path, capsys):
    lib = str(tmp_path / "lib")
    main(["index", str(music), "--model", f"clap:{clap}", "--out", lib, "--workers", "0", "--accelerator", "cpu"])
    assert "7 ok" in capsys.readouterr().out
    main(["index", str(music), "--out", lib, "--workers", "0", "--accelerator", "cpu"])  # the model of the library
    main(["search", "slow bass + tag:low - track:t6", "--library", lib, "--format", "json", "--why", "true"])
    answer = json.loads(capsys.readouterr().out.split("\n", 2)[2])
    assert [term["understood"] for term in answer["terms"]] == ["'slow bass'", "tag low", "track t6"]
    main(["tag", str(music / "0.wav"), "--library", lib, "--format", "json"])
    assert json.loads(capsys.readouterr().out)[0]["tags"]
    main(["compare", str(music / "0.wav"), str(music / "1.wav"), "--library", lib])
    main(["library", "export", str(tmp_path / "tracks.parquet"), "--library", lib])
    assert "7 tracks of embedding space" in capsys.readouterr().out


def test_an_export_of_a_pair_is_refused_in_one_line(clap, tmp_path):
    with pytest.raises(
        SystemExit, match=r"mwe export: clap:.*: is a tower pair, whose weights are shared as they are\."
    ):
        main(["export", f"clap:{clap}", str(tmp_path / "out")])


PAIR = """
import torch
from mwe.tower_pairs import PairDescription

class Bright:
    description = PairDescription("bright-1", dim=2, sample_rate=8000, seconds=0.5, template="{} sound", licence="mine")

    def encode_audio(self, waveform_BT, rate):
        change_B = waveform_BT.diff(dim=1).abs().mean(dim=1) / waveform_BT.abs().mean(dim=1)
        return torch.stack([1 - change_B, change_B], dim=1)

    def encode_text(self, texts):
        return torch.tensor([[-0.3, 1.0] if "high" in text else [1.0, len(text) / 10] for text in texts])

class NoText:
    description = Bright.description
    encode_audio = Bright.encode_audio

class WrongShape(Bright):
    def encode_text(self, texts):
        return torch.ones(len(texts), 3)

class NoDescription:
    pass
"""


@pytest.fixture
def my_module(tmp_path, monkeypatch):
    (tmp_path / "my_module.py").write_text(PAIR, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_module"
    sys.modules.pop("my_module", None)


def test_a_class_of_ones_own_is_a_model(my_module, music, tmp_path, monkeypatch):
    report = index_library([music], "class:my_module.Bright", tmp_path / "lib", hardware=HERE)
    assert "Licence of the weights: mine" in report.note
    monkeypatch.setenv("MWE_CLASSES", "my_module.Bright")
    library = Library(tmp_path / "lib")
    assert {hit.track_id for hit in library.search("a high tone", k=2).hits} == {"t6", "t5"}


def test_a_library_never_runs_a_class_without_asking(my_module, music, tmp_path, monkeypatch):
    index_library([music], "class:my_module.Bright", tmp_path / "lib", hardware=HERE)
    sys.modules.pop("my_module")
    monkeypatch.setenv("MWE_CLASSES", "other.Pair")
    asked = r"library\.json: its model is the class my_module\.Bright, whose code would be run\. If you trust it, set"
    assert Library(tmp_path / "lib").search("track:t1", k=1).hits
    for act in (
        lambda: Library(tmp_path / "lib").search("a high tone"),
        lambda: Library(tmp_path / "lib").tag_files([music / "0.wav"]),
        lambda: main(["index", str(music), "--out", str(tmp_path / "lib")]),
    ):
        with pytest.raises((BadFileError, SystemExit)) as refused:
            act()
        if isinstance(refused.value, BadFileError):
            assert refused.match(asked)
        assert "my_module" not in sys.modules


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("my_module.NoText", "my_module.NoText: has no encode_text"),
        ("my_module.NoDescription", "its description is no PairDescription"),
        ("my_module.WrongShape", r"encode_text returned \(32, 3\) instead of \(32, 2\)"),
        ("my_module.Missing", "my_module has no Missing"),
        ("no_such_module.Pair", r"no_such_module cannot be imported .* PYTHONPATH"),
        ("Pair", "cannot be imported"),
    ],
)
def test_classes_that_are_no_pairs_are_refused(my_module, music, tmp_path, name, problem):
    with pytest.raises((BadFileError, FileNotFoundError), match=problem):
        index_library([music], f"class:{name}", tmp_path / "lib", hardware=HERE)


def test_a_library_file_cannot_smuggle_a_class(library, tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    declared = read_json(library.root / "library.json")
    write_json(library.root / "library.json", {**declared, "run": "class:evil.Evil"})
    with pytest.raises(BadFileError, match="whose code would be run"):
        Library(library.root).search("calm")
    assert not (tmp_path / "ran").exists()


def test_a_search_by_track_imports_no_framework(library):
    code = (
        "import sys; from mwe.search import Library\n"
        f"Library({str(library.root)!r}).search('tag:low + track:t1')\n"
        "assert not {'torch', 'transformers', 'pytorch_lightning'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_a_tag_learnt_from_examples_stands_for_the_text(library):
    from mwe.search.learn_tag import keep, learnt_tag

    learning = learnt_tag(library, "low hum", [0, 1])
    assert learning.tag.word  # the text tower knows any text
    keep(library, learning.tag)
    again = Library(library.root)
    for query in ("low hum", "tag:low hum"):
        answer = again.search(query, 2)
        assert answer.terms[0][1] == "tag low hum (learnt from 2 examples and the word)"
        np.testing.assert_allclose(answer.hits[0].score, (again.matrix_ND @ learning.tag.vector_D).max(), atol=1e-5)
    assert "learnt" not in again.search("low hum, please").terms[0][1]
