"""Pictures reach the loggers that take images, after the test and on one process."""

from functools import partial

import numpy as np
import pytest
from pytorch_lightning import Trainer
from pytorch_lightning.loggers.logger import DummyLogger
from torch.optim import Adam

from mwe.core.logger import RunLogger
from siamese_tags.documents import Cal500
from siamese_tags.masked.masked_data import MaskedData
from siamese_tags.masked.training import MaskedContextModel
from siamese_tags.reproduce.figures.callback import RunPictures
from siamese_tags.stage1 import SingleNetwork


class Gallery(DummyLogger):
    """A logger that takes images."""

    def __init__(self):
        super().__init__()
        self.images = {}

    def log_image(self, key, images, step=None):
        """Keep them."""
        self.images[key] = images


@pytest.fixture
def tested(tmp_path):
    """Test a model with the callback and a logger."""

    def run(model, data, logger, **settings):
        callbacks = [RunPictures(**settings)]
        Trainer(
            accelerator="cpu",
            logger=logger,
            callbacks=callbacks,
            enable_checkpointing=False,
            enable_progress_bar=False,
            default_root_dir=tmp_path,
        ).test(model, data, verbose=False)
        return logger

    return run


def single():
    return SingleNetwork(n_tags=22, n_topics=4, optimizer=partial(Adam, lr=0.01))


def test_a_stage_shows_its_curves_and_a_tag(tested, mini_data):
    logger = tested(single(), mini_data(), Gallery())
    assert set(logger.images) == {"pictures/precision-recall", "pictures/instances"}
    for [image] in logger.images.values():
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
        assert image.std() > 10


def test_the_tag_can_be_chosen(tested, mini_data):
    first = tested(single(), mini_data(), Gallery(), tag="Song-Recorded").images["pictures/instances"][0]
    second = tested(single(), mini_data(), Gallery(), tag="Usage-Driving").images["pictures/instances"][0]
    assert first.shape != second.shape or (first != second).any()


def test_a_context_encoder_shows_a_tag(tested, miniature):
    model = MaskedContextModel(n_tags=22, width=8, optimizer=partial(Adam, lr=0.01))
    logger = tested(model, MaskedData(Cal500(str(miniature)), batch_size=10), Gallery())
    assert set(logger.images) == {"pictures/instances"}


def test_nothing_is_drawn_for_a_logger_without_images(tested, mini_data, tmp_path, monkeypatch):
    monkeypatch.setattr("siamese_tags.reproduce.figures.callback.instances_of", None)  # calling it would fail
    tested(single(), mini_data(), RunLogger(str(tmp_path)))
