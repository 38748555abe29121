"""Towers under the joint embedding: frozen and fine-tuned; published weights are needed once."""

from pathlib import Path

import pytest
import torch

from mwe.audio.mel_settings import MelSettings
from mwe.cli import main
from mwe.core.errors import MissingDataError
from mwe.core.files import read_json
from mwe.encoders import Musicnn, tower
from mwe.joint import JointEmbedding

MODELS = Path(__file__).parents[3] / "lightning_configs/mwe/model"
RUN = "outputs/demo/joint/seed0"
LAST = f"{RUN}/checkpoints/last.ckpt"


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def drawn(monkeypatch) -> dict[str, torch.Tensor]:
    """Random weights in the place of the published ones."""
    torch.manual_seed(0)
    state = {name: value.clone() for name, value in Musicnn().net.state_dict().items()}
    monkeypatch.setattr(tower, "published_state", lambda network: state)
    return state


@pytest.fixture
def arguments(prepared, tower_mel):
    """The demonstration's row with a tower, small enough for a test."""

    def given(model: str, *more: str) -> list[str]:
        sizes = ("--data.repeats", "1", "--data.test_excerpts", "2", "--data.batch_size", "8")
        return prepared.arguments("--model", str(MODELS / f"{model}.yaml"), "--data.mel", str(tower_mel), *sizes, *more)

    return given


def trained(arguments, model, *more):
    main(["fit", *arguments(model, "--trainer.max_epochs", "1", *more)])
    return torch.load(LAST, weights_only=True)


def test_a_frozen_tower_does_not_move_and_needs_its_weights_once(arguments, drawn, monkeypatch, tmp_path):
    kept = trained(arguments, "musicnn_frozen")
    for name, value in drawn.items():
        assert torch.equal(kept["state_dict"][f"encoder.net.{name}"], value), name
    learnt = sorted(name for name in kept["state_dict"] if not name.startswith("encoder.net."))
    assert learnt == ["encoder.head.bias", "encoder.head.weight", "semantic.bias", "semantic.weight"]
    assert len(kept["optimizer_states"][0]["param_groups"][0]["params"]) == len(learnt)

    def missing(network):
        raise MissingDataError("no wheel")

    monkeypatch.setattr(tower, "published_state", missing)
    main(["fit", *arguments("musicnn_frozen", "--trainer.max_epochs", "2", "--ckpt_path", LAST)])
    main(["test", *arguments("musicnn_frozen", "--ckpt_path", LAST)])
    assert 0 <= read_json(f"{RUN}/metrics.json")["metrics"]["rocauc_tag_seen"] <= 1
    main(["export", RUN, "shared"])
    model = JointEmbedding.from_pretrained(tmp_path / "shared")
    assert torch.equal(model.encoder.net.dense.weight, drawn["dense.weight"])
    assert model.encoder.tags[0] == "rock"
    assert torch.isfinite(model.encoder(torch.rand(2, 188, 96))).all()
    with pytest.raises(SystemExit, match="mwe fit: no wheel"):
        trained(arguments, "musicnn_frozen")


def test_a_tower_that_is_fine_tuned_moves(arguments, drawn):
    kept = trained(arguments, "musicnn_finetuned")["state_dict"]
    moved = {name for name, value in drawn.items() if not torch.equal(kept[f"encoder.net.{name}"], value)}
    assert moved == set(drawn) - {"tags.weight", "tags.bias"}  # nothing is learnt of tags that nobody asks for


def test_published_weights_are_fitted(arguments, published):
    kept = trained(arguments, "musicnn_frozen")["state_dict"]
    assert torch.equal(kept["encoder.net.dense.weight"], Musicnn.pretrained("msd").net.dense.weight)


def test_spectrograms_of_another_front_end_are_refused(prepared, drawn):
    told = r"do not match those of Musicnn: sample_rate 22050, not 16000, n_fft 1024, not 512.*`mwe data mel --config"
    with pytest.raises(SystemExit, match=told):
        main(["fit", *prepared.arguments("--model", str(MODELS / "musicnn_frozen.yaml"))])


def test_the_command_extracts_what_the_towers_hear(miniature):
    config = MODELS.parent / "mel/towers.yaml"
    collection = ("--collection", "FolderTracks", "--collection.root", str(miniature))
    here = ["--out", "mel", "--workers", "0", "--accelerator", "cpu"]
    main(["data", "mel", "--config", str(config), *collection, *here])
    assert MelSettings.from_dict(read_json("mel/mel.json")["mel"]) == MelSettings.from_dict(dict(Musicnn.front_end))
