"""The audio tower as an ONNX graph computes what PyTorch does, for any number of tracks and excerpts."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from mwe.audio.mel_settings import MelSettings
from mwe.audio.preprocessing import Preprocessing
from mwe.cli import main
from mwe.core.errors import MissingDataError, StaleArtefactError
from mwe.encoders import CNN1D, MusicTaggingTransformer
from mwe.joint import JointEmbedding
from mwe.search import onnx_tower
from mwe.search.onnx_tower import export_tower

ENCODERS = {
    "cnn1d": lambda: CNN1D(channels=(16, 16, 16, 16, 12)),
    "statistics": lambda: CNN1D(channels=(16, 16, 16, 16, 12), statistics=True),
    "transformer": lambda: MusicTaggingTransformer(channels=8, width=16, heads=2, layers=2),
}


def trained(name, average):
    torch.manual_seed(0)
    model = JointEmbedding(7, ENCODERS[name](), average=average)
    for _ in range(3):  # batch normalisation has something to remember
        model.encoder(3 * torch.rand(8, 130, 128))
    given = Preprocessing(MelSettings(), 3.0, 8)
    return SimpleNamespace(model=model.eval(), preprocessing=given, space="aspace")


def test_without_onnx_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingDataError, match=r"pip install 'mwe\[onnx\]'"):
        export_tower(trained("cnn1d", "unit"), tmp_path / "tower.onnx")


class TestWithOnnx:
    """What needs ONNX."""

    @pytest.fixture(autouse=True)
    def _needs_onnx(self):
        for name in ("onnx", "onnxscript", "onnxruntime"):
            pytest.importorskip(name, reason=f"{name} is not installed (extra `onnx`)")

    @pytest.mark.parametrize(
        ("name", "average"), [("cnn1d", "unit"), ("transformer", "unit"), ("cnn1d", "raw"), ("statistics", "unit")]
    )
    def test_the_graph_agrees_with_pytorch(self, name, average, tmp_path):
        import onnxruntime

        one, path = trained(name, average), tmp_path / "tower.onnx"
        assert export_tower(one, path) <= 1e-4
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        told = session.get_modelmeta().custom_metadata_map
        assert told["embedding_space"] == "aspace"
        assert Preprocessing.from_dict(json.loads(told["preprocessing"])) == one.preprocessing
        rng = np.random.default_rng(0)
        for shape in ((1, 1), (1, 8), (2, 3), (5, 8), (7, 1)):
            strong = rng.random((shape[0], 1, 1, 128)) < 0.2  # each track has bands of its own
            mel_BELM = (4 * strong * rng.random((*shape, 130, 128))).astype(np.float32)
            (found,) = session.run(["embedding"], {"mel": mel_BELM})
            with torch.no_grad():
                expected = normalize(one.model.embed(torch.from_numpy(mel_BELM)), dim=-1).numpy()
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected, atol=1e-4)
            assert expected.std(axis=0).max() > 1e-3 or shape[0] == 1  # different tracks differ

    def test_a_graph_that_differs_is_not_kept(self, tmp_path, monkeypatch):
        monkeypatch.setattr(onnx_tower, "TOLERANCE", -1.0)
        with pytest.raises(StaleArtefactError, match="the graph differs from the model"):
            export_tower(trained("cnn1d", "unit"), tmp_path / "tower.onnx")
        assert list(tmp_path.iterdir()) == []

    def test_the_command_writes_it_beside_the_weights(self, run, tmp_path, capsys):
        main(["export", str(run), str(tmp_path / "out"), "--onnx", "true"])
        assert f"{tmp_path / 'out/audio_tower.onnx'}: at most " in capsys.readouterr().out
        assert (tmp_path / "out/audio_tower.onnx").stat().st_size > 10_000
