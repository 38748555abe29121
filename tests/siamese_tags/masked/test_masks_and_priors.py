"""What the context encoder may see before its test, and that its masks are new each time."""

from functools import partial

import numpy as np
import pytest
import torch

from siamese_tags.documents import Cal500, TagDocuments
from siamese_tags.masked import split as split_module
from siamese_tags.masked import training
from siamese_tags.masked.masked_data import MaskedData, unseen_tags
from siamese_tags.masked.priming_data import MaskedPrimingData
from siamese_tags.masked.split import masked_split
from siamese_tags.masked.training import MaskedContextModel


@pytest.fixture
def data(miniature):
    return MaskedData(Cal500(str(miniature)), batch_size=64)


def model_of(data, **settings):
    return MaskedContextModel(data.n_tags, width=4, optimizer=partial(torch.optim.Adam, lr=0.01), **settings)


def test_the_output_starts_at_the_frequencies_of_the_training_documents(data, fit, monkeypatch):
    started = []
    monkeypatch.setattr(training.ContextEncoder, "start_at", lambda self, frequency_T: started.append(frequency_T))
    fit(model_of(data), data, epochs=1)
    expected = data.split.documents.matrix_DT[data.split.train].mean(axis=0)
    np.testing.assert_allclose(started[0], expected)
    assert not np.allclose(expected, data.split.documents.matrix_DT.mean(axis=0))


def masks(data, fit, monkeypatch, seed=0):
    """The mask of all training documents in each step of three epochs, documents in one order."""
    drawn, reveal, seeds = [], training.reveal, set()

    def noted(membership_DT, generator):
        assert generator.initial_seed() not in seeds  # else a place in the batch would always have the same draw
        seeds.add(generator.initial_seed())
        revealed_DT = reveal(membership_DT, generator)
        order_D = (membership_DT.float() @ 2.0 ** torch.arange(membership_DT.shape[1])).argsort()
        drawn.append(revealed_DT[order_D])
        return revealed_DT

    monkeypatch.setattr(training, "reveal", noted)
    fit(model_of(data), data, epochs=3, seed=seed)
    monkeypatch.setattr(training, "reveal", reveal)
    return drawn


def test_every_step_and_every_seed_has_a_mask_of_its_own(data, fit, monkeypatch):
    drawn = [*masks(data, fit, monkeypatch), *masks(data, fit, monkeypatch, seed=1)]
    assert len(drawn) == 6  # one batch an epoch
    for number, mask in enumerate(drawn):
        for other in drawn[:number]:
            assert (mask != other).any(dim=1).float().mean() > 0.5
    again = masks(data, fit, monkeypatch)
    assert all(torch.equal(mask, same) for mask, same in zip(drawn[:3], again, strict=True))


def test_the_losses_of_an_epoch_are_means_over_its_steps_and_all_processes(data, monkeypatch):
    model, told = model_of(data), []
    monkeypatch.setattr(model, "log_dict", lambda figures, **how: told.append((figures, how["sync_dist"])))
    model.losses = [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 6.0])]
    model.on_train_epoch_end()
    assert told == [({"loss/output": 2.0, "loss/distance": 4.0}, True)]
    assert model.losses == []


def test_settings_are_chosen_on_a_drawn_part_of_many_validation_documents(miniature, monkeypatch):
    monkeypatch.setattr(split_module, "MOST_VALIDATION", 3)
    documents = Cal500(str(miniature)).read()
    parts = {"train": np.arange(15), "valid": np.arange(15, 25), "test": np.arange(25, 31)}
    official = TagDocuments("official", documents.ids, documents.tags, documents.matrix_DT, parts=parts)
    drawn = [masked_split(official, 0, fold_seed=seed).validation.tolist() for seed in range(4)]
    assert all(len(rows) == 3 and set(rows) < set(range(15, 25)) and rows == sorted(rows) for rows in drawn)
    assert len({tuple(rows) for rows in drawn}) > 1


def test_unseen_tags_depend_on_seed_and_fold():
    drawn = {(seed, number): unseen_tags(40, 0.2, seed, number) for seed in range(3) for number in range(3)}
    assert len({tuple(tags.tolist()) for tags in drawn.values()}) == 9
    for (seed, number), tags in drawn.items():
        assert len(set(tags.tolist())) == 8
        np.testing.assert_array_equal(tags, unseen_tags(40, 0.2, seed, number))


def test_the_numbers_of_an_official_split_are_masks_of_the_same_documents(miniature):
    documents = Cal500(str(miniature)).read()
    parts = {"train": np.arange(15), "valid": np.arange(15, 20), "test": np.arange(20, 31)}
    official = TagDocuments("official", documents.ids, documents.tags, documents.matrix_DT, parts=parts)
    splits = [masked_split(official, number, mask_seed=5) for number in range(3)]
    for number, split in enumerate(splits):
        for part in ("train", "learn", "validation", "test"):
            assert getattr(split, part).tolist() == getattr(splits[0], part).tolist()
        assert split.test.tolist() == list(range(20, 31))
        assert split.validation.tolist() == list(range(15, 20))
        for other in splits[:number]:
            assert (split.revealed_DT != other.revealed_DT).any(axis=1).mean() > 0.5


@pytest.mark.parametrize("learning", ["batch", "online"])
def test_topics_are_learnt_as_asked_for(miniature, learning):
    data = MaskedPrimingData(Cal500(str(miniature)), n_topics=3, topic_iterations=2, topic_learning=learning)
    assert data.topics.model.learning_method == learning
