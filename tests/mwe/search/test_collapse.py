"""Models that tell nothing apart are refused, with the figure."""

import shutil

import numpy as np
import pytest
import soundfile
import torch

from mwe.core.errors import BadFileError
from mwe.joint import JointEmbedding
from mwe.search.collapse import mean_cosine, require_spread
from mwe.search.index import index_library
from mwe.search.model_export import export_run
from tests.mwe.search.test_index import HERE


def test_the_mean_cosine_is_that_of_all_pairs():
    rows_ND = np.random.default_rng(0).standard_normal((40, 5)).astype(np.float32)
    unit_ND = rows_ND / np.linalg.norm(rows_ND, axis=1, keepdims=True)
    cosine_NN = unit_ND @ unit_ND.T
    assert mean_cosine(unit_ND) == pytest.approx(cosine_NN[~np.eye(40, dtype=bool)].mean(), abs=1e-6)


def test_few_vectors_are_not_judged():
    require_spread(np.ones((7, 1)), "tags", "model")
    with pytest.raises(BadFileError, match=r"vectors of 8 tags all but coincide \(mean cosine 1\.0000\)"):
        require_spread(np.ones((8, 1)), "tags", "model")


@pytest.fixture
def collapsed(monkeypatch):
    """Models that answer every sound, or every word, alike."""

    def collapse(what):
        whole = getattr(JointEmbedding, what)

        def same(self, given):
            vectors = whole(self, given)
            return torch.ones_like(vectors) + 1e-4 * vectors

        monkeypatch.setattr(JointEmbedding, what, same)

    return collapse


@pytest.fixture
def sounds(tmp_path):
    """Sounds of several lengths."""
    folder, rng = tmp_path / "sounds", np.random.default_rng(0)
    folder.mkdir()
    for seconds in (2, 4, 6, 8):
        soundfile.write(folder / f"{seconds}.wav", 0.1 * rng.standard_normal(seconds * 22_050), 22_050)
    return folder


@pytest.mark.parametrize(("what", "named"), [("rows", "tracks"), ("prototype", "tags")])
def test_a_collapsed_model_makes_no_library(run, sounds, tmp_path, collapsed, monkeypatch, what, named):
    monkeypatch.setattr("mwe.search.collapse.LEAST", 2)
    collapsed(what)
    with pytest.raises(
        BadFileError, match=rf"its vectors of \d+ {named} all but coincide \(mean cosine (0\.9999|1\.0000)\)"
    ):
        index_library([sounds], run, tmp_path / "library", hardware=HERE)


def test_copies_of_one_sound_are_no_collapse(run, sounds, tmp_path, monkeypatch):
    monkeypatch.setattr("mwe.search.collapse.LEAST", 2)
    for name in "abc":
        shutil.copy(sounds / "4.wav", sounds / f"{name}.wav")
    copies = [sounds / f"{name}.wav" for name in "abc"]
    assert index_library(copies, run, tmp_path / "library", hardware=HERE).ok == 3


def test_a_collapsed_model_is_not_shared(run, tmp_path, collapsed, monkeypatch):
    monkeypatch.setattr("mwe.search.collapse.LEAST", 2)
    collapsed("prototype")
    with pytest.raises(BadFileError, match="all but coincide"):
        export_run(run, tmp_path / "export")
    assert not (tmp_path / "export").exists()
