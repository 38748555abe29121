"""Test tracks with false tags, artists and sound: training, validation and choices come out the same bit by bit."""

import hashlib
import json

import pytest
from pytorch_lightning import Trainer, seed_everything

from mwe.joint import JointEmbedding
from mwe.joint.baselines import DisentangledProxies, TagClassifier
from mwe.joint.ridge import RidgeRegression
from tests.toy_tracks import Flat, toy_data, write_toy

MODELS = {
    "joint embedding": lambda: JointEmbedding(5, Flat(), tag=1.0, artist=0.5, track=0.5),
    "classifier": lambda: TagClassifier(Flat()),
    "proxies": lambda: DisentangledProxies(Flat()),
}
QUIET = {
    "accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False,
    "enable_model_summary": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The toy and its poisoned copy."""
    made = {}
    for poisoned in (False, True):
        made[poisoned] = tmp_path_factory.mktemp("poisoned" if poisoned else "clean")
        write_toy(made[poisoned], poisoned)
    return made


def digest(model, figures):
    """A hash of all weights and figures."""
    total = hashlib.sha256(json.dumps({name: value.item() for name, value in sorted(figures.items())}).encode())
    for name, value in sorted(model.state_dict().items()):
        total.update(name.encode())
        total.update(value.numpy().tobytes())
    return total.hexdigest()


@pytest.mark.parametrize("name", MODELS)
def test_training_and_validation_do_not_look_at_test_tracks(name, folders):
    digests, tested = [], []
    for poisoned, folder in folders.items():
        seed_everything(0, verbose=False)
        model, data = MODELS[name](), toy_data(folder, poisoned)
        trainer = Trainer(max_epochs=3, **QUIET)
        trainer.fit(model, data)
        assert {"train/loss", "val/loss", "val/rocauc_clip_seen"} <= set(trainer.callback_metrics)
        digests.append(digest(model, dict(trainer.callback_metrics)))
        tested.append(trainer.test(model, data, verbose=False)[0])
    assert digests[0] == digests[1]
    assert tested[0] != tested[1]  # the poison is not in vain


@pytest.mark.parametrize("target", ["labels", "words"])
def test_the_choice_of_the_ridge_penalty_does_not_look_at_test_tracks(target, folders):
    fitted = []
    for poisoned, folder in folders.items():
        model = RidgeRegression(target, mels=4)
        Trainer(**QUIET).test(model, toy_data(folder, poisoned), verbose=False)
        weights = {name: getattr(model, name).numpy().tobytes() for name in ("weight_DF", "offset_D")}
        fitted.append({**weights, "penalty": model.notes["penalty"]})
    assert fitted[0] == fitted[1]
