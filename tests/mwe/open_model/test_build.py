"""The stages of the open model: deterministic, resumed, and an export like any other."""

import numpy as np
import pytest
import soundfile

from mwe import JointEmbedding
from mwe.core.files import sha256
from mwe.open_model import build
from mwe.search.embed import embed_files
from mwe.search.model import TrainedModel


def digests(folder):
    return {path.name: sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_sources_give_the_same_model(miniature, tmp_path):
    first, second = (miniature(name).export(tmp_path / name / "export") for name in ("one", "two"))
    assert digests(first.run) == digests(second.run)
    assert {"config.json", "model.safetensors", "README.md", "tags.parquet", "vectors.npy"} <= set(digests(first.run))


def test_finished_stages_are_not_run_again(miniature, tmp_path, monkeypatch):
    chosen = miniature().chosen()
    monkeypatch.setattr(build, "train_skipgram", lambda *_: pytest.fail("words were trained again"))
    monkeypatch.setattr(build, "train_context", lambda *_: pytest.fail("contexts were trained again"))
    assert str(miniature().chosen()) == str(chosen)


def test_what_was_measured_before_a_stop_is_kept(miniature, monkeypatch):
    measured, measure = [], build.OpenModel.measured

    def stopped(self, dataset, *others):
        measured.append(dataset)
        if len(measured) == 2:
            raise KeyboardInterrupt
        return measure(self, dataset, *others)

    monkeypatch.setattr(build.OpenModel, "measured", stopped)
    with pytest.raises(KeyboardInterrupt):
        miniature().chosen()
    monkeypatch.setattr(
        build.OpenModel, "measured", lambda self, *given: measured.append(given[0]) or measure(self, *given)
    )
    miniature().chosen()
    assert measured == ["mtg_jamendo", "cal10k", "cal10k", "musiccaps"]


def test_no_word_of_a_collection_is_in_what_measures_it(miniature):
    made = miniature()
    made.chosen()
    made.words()
    for dataset in build.MEASURED:
        text = (made.folder / f"without-{dataset}/corpus.txt").read_text()
        assert f"only_{dataset}" not in text
        assert ("calm piano" not in text) == (dataset == "musiccaps")
    assert all(f"only_{dataset}" in made.corpus.read_text() for dataset in build.MEASURED)


def test_the_lightest_of_the_best_settings_is_chosen(miniature, monkeypatch):
    means = {(0.1, 0.0): 0.60, (0.1, 1.0): 0.695, (1.0, 1.0): 0.696, (0.1, 2.0): 0.70, (1.0, 2.0): 0.68}
    figures = {setting: build.LeftOutFigures(*[mean] * 4) for setting, mean in means.items()}
    other = build.LeftOutFigures(*[0.5] * 4)
    monkeypatch.setattr(
        build.OpenModel, "measured", lambda self, dataset, whole, grid: [figures.get(one, other) for one in grid]
    )
    settings, chosen = miniature().choose(penalties=(0.1, 1.0), weights=(0.0, 1.0, 2.0))
    assert (settings.penalty, settings.weight) == (1.0, 1.0)
    assert chosen.mean() == pytest.approx(0.696)


def test_the_export_is_a_model_like_any_other(miniature, tmp_path):
    trained = miniature().export(tmp_path / "export")
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "noise.wav", 0.1 * rng.standard_normal(80_000), 16_000)
    soundfile.write(tmp_path / "softer.wav", 0.025 * rng.standard_normal(80_000), 16_000)
    [outcome] = embed_files(TrainedModel(tmp_path / "export"), [tmp_path / "noise.wav"])
    assert outcome.embedding_D.shape == (14,)
    model = JointEmbedding.from_pretrained(tmp_path / "export")
    assert model.preprocessing.loudness == -14.0
    words = trained.words
    assert words["deep_house"] == pytest.approx(words["deephouse"])  # the spelling that a collection has
    np.testing.assert_allclose(trained.encode_words(words["rock"][None])[0], words["rock"], atol=1e-6)
    trained.require_means()


def test_tags_are_calibrated_and_named(miniature, tmp_path):
    miniature().export(tmp_path / "export")
    from mwe.search.calibrate import tags_of_run

    table, note = tags_of_run(TrainedModel(tmp_path / "export"))
    assert note == f"scores calibrated before the export, on simulated hearing of tag documents ({len(table)} tags)"
    assert dict(zip(table.tags, table.seen, strict=True)) | {"rock": True, "deep house": False} == dict(
        zip(table.tags, table.seen, strict=True)
    )
    assert {"rock", "deep house"} <= set(table.tags)
    assert "a slow song" not in table.tags  # a description
    assert np.isfinite(table.slope).all()
