"""Settings that the papers, or the code published with them, name are the defaults."""

import inspect

import pytest

from mwe.corpora import CorpusSettings
from mwe.joint import AudioWordDataModule, JointEmbedding
from mwe.joint.losses import Triplet
from mwe.metrics.functional import ndcg
from mwe.metrics.tasks import KS
from mwe.words.torch_skipgram import SkipGram
from siamese_tags.features.topics import TopicContexts
from siamese_tags.fold_data import PrimingData
from siamese_tags.masked.rules.context import TopicContext
from siamese_tags.masked.split import masked_split
from siamese_tags.metrics import PrimingMetric
from siamese_tags.reproduce.stage_settings import StageSettings
from siamese_tags.stage2 import SiameseNetwork

SETTINGS = {
    CorpusSettings: {"reviews": True, "tags": True, "ids": True, "review_repeats": 4, "copies": 1, "shuffle": True},
    SkipGram: {"dim": 300, "window": 15, "negatives": 20, "sample": 1e-3},
    AudioWordDataModule: {"seconds": 3.0, "test_excerpts": 8, "batch_size": 128, "test_tracks": "test"},
    Triplet: {"margin": 0.4, "negatives": 1, "candidates": 0},
    JointEmbedding: {"tag": 1.0, "artist": 0.0, "track": 0.0, "average": "unit"},
    ndcg: {"k": 30},
    SiameseNetwork: {
        "hidden": (100, 100, 10), "kappa": "swapped", "alpha": 2000.0, "beta": 3.0, "rho": 0.1, "sensitivity": 0.5,
    },
    TopicContexts: {"n_topics": 25},
    TopicContext: {"n_topics": 25},
    PrimingMetric: {"levels": 100},
    masked_split: {"n_folds": 3, "fold_seed": 0, "mask_seed": 0},
    # where the descent to the settings of both stages starts
    StageSettings: {
        "document_prior": 0.5, "single_pretraining": 300, "single_lr": 0.003, "single_epochs": 150,
        "siamese_start": "random", "siamese_lr": 0.005, "siamese_rho": 0.1, "siamese_share_inside": 0.5,
    },
    PrimingData: {"n_folds": 3, "n_topics": 25},
}  # fmt: skip


@pytest.mark.parametrize("used", SETTINGS, ids=lambda used: used.__name__)
def test_defaults(used):
    parameters = inspect.signature(used).parameters
    assert {name: parameters[name].default for name in SETTINGS[used]} == SETTINGS[used]


def test_recall_is_at_1_2_4_and_8():
    assert KS == (1, 2, 4, 8)
