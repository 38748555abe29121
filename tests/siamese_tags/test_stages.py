from functools import partial
from pathlib import Path

import pytest
import torch
import yaml
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch.optim import Adam
from torch.optim.lr_scheduler import ExponentialLR

from mwe.core.errors import MissingDataError, StaleArtefactError
from siamese_tags.metrics import PrimingMetric
from siamese_tags.pairs import Examples
from siamese_tags.pretraining import Pretraining
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

CONFIGS = Path(__file__).parents[2] / "lightning_configs" / "siamese_tags"
FAST = partial(Adam, lr=0.01)
SLOWING = partial(ExponentialLR, gamma=0.9)
START = Pretraining(steps=5, batch_size=20)


def single(**settings):
    return SingleNetwork(**{"n_tags": 22, "n_topics": 4, "optimizer": FAST, "pretraining": START, **settings})


def siamese(**settings):
    return SiameseNetwork(**{"n_tags": 22, "n_topics": 4, "optimizer": FAST, "scheduler": SLOWING, **settings})


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.network.parameters()])


@pytest.fixture
def stage1_run(mini_data, fit, tmp_path):
    """Run folder of a short first stage, and its model."""
    model = single()
    trainer = fit(model, mini_data(), epochs=2)
    trainer.save_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    return tmp_path / "run", model


@pytest.mark.parametrize("build", [single, siamese])
def test_learns_to_prime(build, mini_data, fit):
    """Far above the random ranking (about 55 here) on the training documents, whose kinds are plain to see."""
    torch.manual_seed(0)
    model, data = build(), mini_data()
    trainer = fit(model, data, epochs=40)
    first_loss = trainer.callback_metrics["loss/prediction"]
    assert torch.isfinite(first_loss)
    [figures, _] = trainer.test(model, data, verbose=False)
    assert figures["train_map"] > 80
    assert figures["train_p@1"] == 100
    assert 0 < figures["prediction_train_p@1"] <= 100
    assert {name.split("_")[0] for name in figures} == {"train", "test", "prediction"}


@pytest.mark.parametrize("build", [single, siamese])
def test_equal_seeds_equal_weights(build, mini_data, fit):
    runs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        model = build()
        fit(model, mini_data(), epochs=2, seed=seed)
        runs.append(weights(model))
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


@pytest.mark.parametrize("build", [single, siamese])
def test_resuming_equals_no_interruption(build, mini_data, fit, tmp_path):
    torch.manual_seed(0)
    start = build().state_dict()
    whole, first, second = build(), build(), build()
    whole.load_state_dict(start)
    first.load_state_dict(start)
    fit(whole, mini_data(), epochs=4)
    fit(first, mini_data(), epochs=2).save_checkpoint(tmp_path / "half.ckpt")
    fit(second, mini_data(), epochs=4, ckpt_path=tmp_path / "half.ckpt")
    assert (weights(whole) != weights(first)).any()
    torch.testing.assert_close(weights(second), weights(whole), rtol=0, atol=0)


@pytest.mark.parametrize(("build", "blocks"), [(single, 2), (siamese, 4)])
def test_an_epoch_has_every_positive_example_and_new_company(build, blocks, mini_data, fit):
    drawn = []

    class Keeps(Callback):
        def on_train_epoch_end(self, trainer, pl_module):
            drawn.append(pl_module.drawn_3KP.clone())

    model, data = build(pretraining=None) if build is single else build(), mini_data()
    fit(model, data, epochs=2, callbacks=[Keeps()])
    positives, membership = data.tensors.positives_P2, data.tensors.membership_DT
    for document, tag, sign in drawn:
        assert document.shape == (blocks, len(positives))
        assert (torch.stack([document[0], tag[0]], dim=1) == positives).all()
        assert (document[1] == document[0]).all()
        assert (sign[:2] == torch.tensor([[1], [-1]])).all()
        assert (membership[document, tag] == (sign > 0)).all()
    assert (drawn[0][1, 1] != drawn[1][1, 1]).any()
    some = torch.tensor([5, 2, 9])
    examples = model.examples(some)
    assert (examples.tag_N == drawn[1][1][:, some].flatten()).all()


def test_the_loss_is_eq_5_with_both_predictions(mini_data, fit):
    steps = []

    class Notes(Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            steps.append({name: float(value) for name, value in outputs.items()})

    fit(siamese(alpha=7.0), mini_data(), epochs=1, callbacks=[Notes()])
    assert len(steps) > 1
    for step in steps:
        assert step["loss"] == pytest.approx(2 * step["prediction"] + 7.0 * step["siamese"], rel=1e-5)
        assert min(abs(step["prediction"]), step["siamese"]) > 0


@pytest.mark.parametrize("build", [single, siamese])
def test_examples_depend_on_the_seed_of_the_run(build, mini_data, fit):
    torch.manual_seed(0)
    start, drawn = build().state_dict(), []
    for seed in (0, 0, 1):
        model = build(pretraining=None) if build is single else build()
        model.load_state_dict(start)
        fit(model, mini_data(), epochs=1, seed=seed)
        drawn.append(model.drawn_3KP)
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()


def test_near_embeddings_far_from_the_origin_keep_their_order():
    """Matrix products would take differences of large squares, which rounds small distances to zero."""
    model, n_tags = single(n_tags=40), 40
    steps = torch.arange(1.0, n_tags + 1).cumsum(0).flip(0)  # the last tags are the closest
    embedded = torch.stack([torch.full((n_tags,), 4000.0), steps * 1e-3], dim=1)[None]
    model.network.embed_grid = lambda features, contexts: embedded
    model.features_TF, model.contexts_DC = torch.zeros(n_tags, 1), torch.zeros(1, 1)
    model.membership_DT = (torch.arange(n_tags) >= n_tags // 2)[None]
    metric = PrimingMetric()
    model.rank(torch.tensor([0]), metric)
    distance = (embedded[0, :, None, 1] - embedded[0, None, :, 1]).abs()
    expected = PrimingMetric()
    tags = torch.arange(n_tags // 2, n_tags)
    expected.add_documents(torch.tensor([0]), torch.zeros_like(tags), tags, -distance[tags], model.membership_DT)
    assert {name: float(value) for name, value in metric.compute().items()} == {
        name: pytest.approx(float(value)) for name, value in expected.compute().items()
    }


def test_pretraining_moves_the_hidden_layers_only(mini_data, fit):
    torch.manual_seed(0)
    model = single(optimizer=partial(Adam, lr=0.0))
    before = [layer.weight.clone() for layer in model.network.layers()]
    fit(model, mini_data(), epochs=1)
    moved = [(layer.weight != old).any().item() for layer, old in zip(model.network.layers(), before, strict=True)]
    assert moved == [True, True, True, False]


def test_second_stage_starts_from_the_first(stage1_run, mini_data, fit):
    folder, model = stage1_run
    for artefact in (folder, folder / "checkpoints" / "last.ckpt"):
        second = siamese(init_from=str(artefact), optimizer=partial(Adam, lr=0.0))
        fit(second, mini_data(), epochs=1)
        assert (weights(second) == weights(model)).all()


def test_second_stage_refuses_other_data(stage1_run, mini_data, fit):
    for settings in ({"fold": 1}, {"document_prior": 0.9}):
        with pytest.raises(StaleArtefactError, match=r"init_from=.*trained on other data.*now"):
            fit(siamese(init_from=str(stage1_run[0])), mini_data(**settings), epochs=1)


def test_second_stage_refuses_other_sizes(stage1_run, mini_data, fit):
    with pytest.raises(StaleArtefactError, match=r"Set `hidden` as in its fit\.yaml"):
        fit(siamese(init_from=str(stage1_run[0]), hidden=(20, 10)), mini_data(), epochs=1)


def test_second_stage_refuses_other_files(tmp_path, mini_data, fit):
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(StaleArtefactError, match="not written by a stage of siamese_tags"):
        fit(siamese(init_from=str(tmp_path / "other.ckpt")), mini_data(), epochs=1)


@pytest.mark.parametrize("artefact", ["run", "run/last.ckpt"])
def test_missing_first_stage(tmp_path, artefact, mini_data, fit):
    with pytest.raises(MissingDataError, match=r"init_from=.*Fit the first stage of this fold first"):
        fit(siamese(init_from=str(tmp_path / artefact)), mini_data(), epochs=1)


def test_a_checkpoint_is_not_tested_on_another_fold(stage1_run, mini_data, fit):
    trainer = fit(single(), mini_data(), epochs=1)
    with pytest.raises(StaleArtefactError, match="this checkpoint was trained on other data"):
        trainer.test(single(), mini_data(fold=2), ckpt_path=stage1_run[0] / "checkpoints" / "last.ckpt", verbose=False)


def test_distance_of_one_document_by_hand(stage1_run, mini_data, fit):
    """The ranking that is tested is the one of single embeddings, one by one."""
    model, data = single(), mini_data()
    trainer = fit(model, data, epochs=3)
    [figures, _] = trainer.test(model, data, verbose=False)
    hits, queries = 0, 0
    with torch.no_grad():
        for row in data.rows.train.tolist():
            examples = Examples(torch.full((22,), row), torch.arange(22), torch.ones(22))
            embedding, _ = model(examples)
            own = data.tensors.membership_DT[row]
            for query in own.nonzero().flatten().tolist():
                nearest = (embedding - embedding[query]).norm(dim=1).argsort()[:5]
                hits, queries = hits + own[nearest].sum().item(), queries + 1
    assert figures["train_p@5"] == pytest.approx(100 * hits / 5 / queries, abs=0.1)


def test_bad_share():
    with pytest.raises(ValueError, match=r"share_inside=1\.5"):
        siamese(share_inside=1.5)


def test_other_datamodule_is_refused(mini_data, fit, monkeypatch):
    data = mini_data()
    monkeypatch.setattr("siamese_tags.stage.PrimingData", int)
    with pytest.raises(TypeError, match=r"SingleNetwork needs a .*, not a PrimingData"):
        fit(single(), data, epochs=1)


@pytest.mark.parametrize("row", ["single_ce", "siamese_ce"])
def test_a_fit_that_breaks_off_leaves_its_last_tenth_epoch(row, mini_data, tmp_path):
    class BreaksOff(Callback):
        def on_train_epoch_start(self, trainer, pl_module):
            if trainer.current_epoch == 23:
                raise RuntimeError("power cut")

    given = yaml.safe_load((CONFIGS / "stages" / f"{row}.yaml").read_text(encoding="utf-8"))["trainer"]["callbacks"][0]
    kept = ModelCheckpoint(dirpath=tmp_path / "checkpoints", **given["init_args"])
    plain = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(max_epochs=30, callbacks=[kept, BreaksOff()], **plain)
    with pytest.raises(RuntimeError, match="power cut"):
        trainer.fit(single(pretraining=None) if row == "single_ce" else siamese(), mini_data())
    [left] = (tmp_path / "checkpoints").iterdir()
    assert left.name == "last.ckpt"
    assert torch.load(left, weights_only=True)["epoch"] == 19


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_draws_depend_on_any_seed_that_pytorch_has_and_on_their_number(seed):
    torch.manual_seed(seed)
    model = single()
    first, again, other = (torch.rand(5, generator=model.seeded(number)) for number in (3, 3, 4))
    assert torch.equal(first, again)
    assert (first != other).all()
    torch.manual_seed(7)
    assert (torch.rand(5, generator=model.seeded(3)) != first).all()
