"""Which tracks and tags each part of a training may see, and what its draws depend on."""

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer, seed_everything

from mwe.core.errors import WrongSplitError
from mwe.core.split_rows import marked
from mwe.core.tokens import artist_token, tag_token, track_token
from mwe.joint import JointEmbedding
from mwe.joint.audio_word_data import ExcerptDataset
from mwe.joint.baselines import DisentangledProxies, TagClassifier
from mwe.joint.ridge import RidgeRegression
from mwe.tracks import SPLITS
from tests.toy_tracks import ARTISTS, FRAMES, IDS, PARTS, Flat, toy_data, write_toy


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("toy")
    write_toy(root)
    return root


@pytest.fixture
def data(folder):
    module = toy_data(folder)
    module.setup("fit")
    return module


def vectors(data, prefix, names):
    return np.stack([data.vectors[prefix(name)] for name in names])


def test_the_toy_is_what_the_tests_below_take_it_for(data):
    assert data._excerpt_frames() == 3
    assert {name: tuple(data.positions(name)) for name in SPLITS} == {n: tuple(part) for n, part in PARTS.items()}


@pytest.mark.parametrize("split", ["train", "valid"])
def test_unseen_tags_are_no_prototypes(data, split):
    prototypes = data.supervision("tag", split)
    np.testing.assert_array_equal(prototypes.vectors_PW, vectors(data, tag_token, ["calm", "loud"]))
    assert prototypes.labels(torch.arange(12)).sum(dim=1).tolist() == [1] * 12


@pytest.mark.parametrize("split", ["train", "valid"])
def test_prototypes_of_artists_and_tracks_are_those_of_the_split(data, split):
    rows = list(PARTS[split])
    for name, prefix, ids in (("artist", artist_token, ARTISTS), ("track", track_token, IDS)):
        prototypes, names = data.supervision(name, split), sorted({ids[row] for row in rows})
        np.testing.assert_array_equal(prototypes.vectors_PW, vectors(data, prefix, names))
        labels = prototypes.labels(torch.arange(12))
        assert labels.sum(dim=1).nonzero().flatten().tolist() == rows
        assert all(names[int(labels[row].argmax())] == ids[row] for row in rows)


@pytest.mark.parametrize("split", SPLITS)
def test_each_loader_reads_the_tracks_of_its_split(data, split):
    loader = {"train": data.train_dataloader, "valid": data.val_dataloader, "test": data.test_dataloader}[split]()
    batches = list(loader)
    tracks = torch.cat([batch.track for batch in batches])
    assert sorted(tracks.tolist()) == list(PARTS[split])
    heard = torch.cat([batch.mel.flatten(1)[:, 3] for batch in batches])
    assert (heard // 100).long().tolist() == tracks.tolist()


def starts(data, epoch=0):
    """The first frame of every training track's excerpt, and the order of the tracks, as the loader gives them."""
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    batches = list(loader)
    order = torch.cat([batch.track for batch in batches]).tolist()
    first = torch.cat([batch.mel[:, 0, 0] for batch in batches]).tolist()
    return dict(sorted(zip(order, first, strict=True))), order


def test_excerpts_and_order_depend_on_epoch_and_seed_and_on_nothing_else(data, monkeypatch):
    drawn = {}
    for seed in ("0", "7"):  # the order of torch's sampler depends on the sum of seed and epoch
        monkeypatch.setenv("PL_GLOBAL_SEED", seed)
        for epoch in (0, 1):
            drawn[seed, epoch] = starts(data, epoch)
            assert starts(data, epoch) == drawn[seed, epoch]
    for place in (0, 1):
        assert len({str(value[place]) for value in drawn.values()}) == 4


def test_every_start_of_an_excerpt_is_drawn_as_often_as_any_other(data):
    excerpts = ExcerptDataset(data.store, data.row, np.arange(12), frames=7, excerpts=0)
    drawn = []
    for epoch in range(50):
        excerpts.set_epoch(epoch)
        drawn += excerpts.__getitems__(list(range(12))).mel[:, 0, 0].tolist()
    assert set(drawn) == {0, 1, 2}
    assert min(drawn.count(start) for start in (0, 1, 2)) > len(drawn) / 4
    whole = ExcerptDataset(data.store, data.row, np.arange(12), frames=FRAMES, excerpts=0)
    assert whole.__getitems__([0]).mel[0, :, 0].tolist() == list(range(FRAMES))


def test_validation_loss_is_that_of_the_prototypes_of_validation(data):
    seed_everything(0, verbose=False)
    model = JointEmbedding(5, Flat(), tag=1.0, track=0.5, artist=0.0)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(max_epochs=1, accelerator="cpu", enable_model_summary=False, **quiet)
    trainer.fit(model, data)
    model.eval()
    expected = {}
    with torch.no_grad():
        for name in ("tag", "track"):
            prototypes = data.supervision(name, "valid")
            each = []
            for batch in data.val_dataloader():
                vectors_BD, track_B = model.encoder(batch.mel.flatten(0, 1).float()), batch.track.repeat_interleave(2)
                each.append(model.criteria[name](vectors_BD, track_B, prototypes, model.prototype))
            assert torch.cat([loss.valid_B for loss in each]).all()
            expected[name] = torch.cat([loss.each_B for loss in each]).mean()
    for name, value in expected.items():
        torch.testing.assert_close(trainer.callback_metrics[f"val/loss_{name}"], value)
    torch.testing.assert_close(trainer.callback_metrics["val/loss"], expected["tag"] + 0.5 * expected["track"])


def test_a_track_is_the_mean_of_unit_vectors_or_of_raw_ones():
    excerpts_BED = torch.tensor([[[3.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    rows = {name: JointEmbedding(5, Flat(), average=name).rows(excerpts_BED).tolist() for name in ("unit", "raw")}
    assert rows == {"unit": [[0.5, 0.5, 0.0]], "raw": [[1.5, 0.5, 0.0]]}


MODELS = {
    "joint embedding": lambda: JointEmbedding(5, Flat(), tag=1.0, artist=0.5, track=0.5),
    "classifier": lambda: TagClassifier(Flat()),
    "proxies": lambda: DisentangledProxies(Flat()),
}


def fit(model, data):
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    Trainer(max_epochs=1, accelerator="cpu", enable_model_summary=False, **quiet).fit(model, data)


@pytest.mark.parametrize("split", ["valid", "test", "all"])
@pytest.mark.parametrize("name", MODELS)
def test_a_loader_of_other_tracks_does_not_reach_a_training(name, split, folder, monkeypatch):
    data = toy_data(folder)
    monkeypatch.setattr(data, "train_dataloader", lambda: data._evaluation(split))
    with pytest.raises(WrongSplitError, match=f"'{split}' where those of 'train'"):
        fit(MODELS[name](), data)


def test_test_tracks_in_the_place_of_training_tracks_are_refused(data, folder, monkeypatch):
    own = data.positions
    monkeypatch.setattr(data, "positions", lambda split: own("test" if split == "train" else split))
    with pytest.raises(WrongSplitError):
        data.train_dataloader()
    other = toy_data(folder)
    other.setup("fit")
    own_of_other = other.positions
    monkeypatch.setattr(other, "train_dataloader", lambda: toy_data(folder).train_dataloader())
    monkeypatch.setattr(other, "positions", lambda split: own_of_other("test" if split == "train" else split))
    with pytest.raises(WrongSplitError):
        fit(MODELS["joint embedding"](), other)


def test_unseen_tags_in_the_place_of_seen_ones_are_refused(folder, monkeypatch):
    data = toy_data(folder)
    data.setup("fit")
    monkeypatch.setattr(data, "seen_tags", lambda: marked(np.flatnonzero(data.tracks.unseen), "unseen"))
    with pytest.raises(WrongSplitError, match="'unseen' where those of 'seen'"):
        fit(MODELS["joint embedding"](), data)
    with pytest.raises(WrongSplitError):
        marked(marked([0], "unseen"), "seen")


def test_ridge_regression_refuses_test_tracks(folder, monkeypatch):
    data = toy_data(folder)
    data.setup("test")
    own = data.positions
    monkeypatch.setattr(data, "positions", lambda split: own("test" if split == "train" else split))
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    with pytest.raises(WrongSplitError):
        Trainer(accelerator="cpu", enable_model_summary=False, **quiet).test(
            RidgeRegression("labels", mels=4), data, verbose=False
        )
