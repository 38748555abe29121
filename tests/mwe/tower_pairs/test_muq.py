"""The adapter of MuQ-MuLan with a double of its package, which needs an earlier transformers and another torchaudio.

The double does what the package's text tower does: it averages over padding too.
"""

import json
import sys
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mwe.core.errors import BadFileError, MissingDataError
from mwe.tower_pairs import open_pair

CONFIG = {
    "mulan": {"sr": 24000, "clip_secs": 10, "dim_latent": 4},
    "audio_model": {"name": "OpenMuQ/MuQ-large-msd-iter"},
    "text_model": {"name": "xlm-roberta-base"},
}


class Double(nn.Module):
    """Words of one letter each are told apart; padding counts in the mean."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.letters = nn.Embedding(128, config["mulan"]["dim_latent"])

    def forward(self, wavs=None, texts=None):
        if wavs is not None:
            return wavs[:, :4]
        length = max(map(len, texts))
        ids = torch.tensor([[ord(letter) for letter in text.ljust(length, "\0")] for text in texts])
        return self.letters(ids).mean(dim=1)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "muq", SimpleNamespace(MuQMuLan=Double))
    monkeypatch.setattr("mwe.tower_pairs.muq.version", lambda name: "4.57.1")
    folder = tmp_path / "MuQ-MuLan-large"
    for base in ("MuQ-large-msd-iter", "xlm-roberta-base"):
        (folder / base).mkdir(parents=True)
        (folder / base / "config.json").write_text("{}", encoding="utf-8")
        save_file({"none": torch.zeros(1)}, folder / base / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n", encoding="utf-8")
    save_file(Double(CONFIG).state_dict(), folder / "model.safetensors")
    return folder


def test_a_text_has_the_same_vector_beside_longer_ones(weights):
    pair, _ = open_pair(f"muq:{weights}")
    assert not torch.allclose(pair.model(texts=["ab", "abcdef"])[0], pair.model(texts=["ab"])[0])  # the package alone
    torch.testing.assert_close(pair.encode_text(["ab", "abcdef"])[:1], pair.encode_text(["ab"]))


def test_it_says_what_it_expects_and_its_licence(weights):
    pair, name = open_pair(f"muq:{weights}")
    described = pair.description
    assert (described.sample_rate, described.seconds, described.dim) == (24_000, 10.0, 4)
    assert (name, described.licence) == (f"muq:{weights}", "cc-by-nc-4.0")
    assert pair.model.config["text_model"]["name"] == str(weights / "xlm-roberta-base")


def test_models_that_bring_code_are_refused(weights):
    (weights / "xlm-roberta-base/tokenizer_config.json").write_text('{"auto_map": {}}', encoding="utf-8")
    with pytest.raises(BadFileError, match="names code, which the package would run"):
        open_pair(f"muq:{weights}")


def test_other_models_to_build_on_are_refused(weights):
    config = {**CONFIG, "audio_model": {"name": "m-a-p/MERT-v1-330M"}}
    (weights / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(BadFileError, match="is built on 'm-a-p/MERT-v1-330M', which is no muq"):
        open_pair(f"muq:{weights}")


def test_weights_of_another_model_are_refused(weights):
    save_file({"letters.weight": torch.zeros(3, 3)}, weights / "model.safetensors")
    with pytest.raises(BadFileError, match="not a MuQ-MuLan model"):
        open_pair(f"muq:{weights}")


def test_without_the_package_is_one_clear_error(weights, monkeypatch):
    monkeypatch.setitem(sys.modules, "muq", None)
    with pytest.raises(MissingDataError, match=r"needs the package muq, which cannot be imported .* `pip install muq`"):
        open_pair(f"muq:{weights}")


def test_a_later_transformers_is_one_clear_error(weights, monkeypatch):
    monkeypatch.setattr("mwe.tower_pairs.muq.version", lambda name: "5.24.0")
    with pytest.raises(MissingDataError, match=r"muq 0\.1\.0 does not run with 5\.24\.0"):
        open_pair(f"muq:{weights}")
