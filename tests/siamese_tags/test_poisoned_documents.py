"""Test documents with the tags that they should not have: everything before the test is the same bit by bit."""

import hashlib
import json
from functools import partial

import pytest
import torch

from siamese_tags.baselines import BASELINES, build
from siamese_tags.documents import Cal500, Collection, TagDocuments
from siamese_tags.documents.folds import fold
from siamese_tags.evaluate import evaluate
from siamese_tags.fold_data import PrimingData
from siamese_tags.masked.masked_data import MaskedData
from siamese_tags.masked.priming_data import MaskedPrimingData
from siamese_tags.masked.rules import RULES
from siamese_tags.masked.split import masked_split
from siamese_tags.masked.stages import MaskedSiameseNetwork, MaskedSingleNetwork
from siamese_tags.masked.training import MaskedContextModel
from siamese_tags.pretraining import Pretraining
from siamese_tags.reproduce.rule_settings import choose
from siamese_tags.reproduce.stage_settings import NestedValidation, StageSettings
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

SMALL = {"n_topics": 4, "topic_iterations": 5}
FAST = partial(torch.optim.Adam, lr=0.01)


class Poisoned(Collection):
    """Documents, some of which have all the tags that they should not have.

    Args:
        documents: The documents.
        rows: Rows of the poisoned ones.
    """

    def __init__(self, documents, rows):
        self.documents, self.poisoned_rows = documents, rows

    def read(self):
        matrix_DT = self.documents.matrix_DT.copy()
        matrix_DT[self.poisoned_rows] = ~matrix_DT[self.poisoned_rows]
        return TagDocuments(self.documents.name, self.documents.ids, self.documents.tags, matrix_DT)


@pytest.fixture
def pair(miniature):
    """Build the collection, and its copy with poisoned rows."""
    documents = Cal500(str(miniature)).read()
    return lambda rows: (Poisoned(documents, rows[:0]), Poisoned(documents, rows))


def digest(model, data, figures):
    """A hash of the weights, of what identifies the training data, and of the losses."""
    told = {**data.identity, **{name: float(value) for name, value in figures.items()}}
    total = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for name, value in sorted(model.state_dict().items()):
        total.update(name.encode())
        total.update(value.numpy().tobytes())
    return total.hexdigest()


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("build", [SingleNetwork, SiameseNetwork])
def test_neither_stage_looks_at_test_documents(build, number, pair, fit):
    more = {"pretraining": Pretraining(steps=3, batch_size=20)} if build is SingleNetwork else {}
    digests, tested = [], []
    for collection in pair(fold(31, number).test):
        torch.manual_seed(0)
        model, data = build(22, 4, optimizer=FAST, **more), PrimingData(collection, fold=number, **SMALL)
        trainer = fit(model, data, epochs=2)
        digests.append(digest(model, data, trainer.callback_metrics))
        (figures, *_) = trainer.test(model, data, verbose=False)
        tested.append(figures)
    assert digests[0] == digests[1]
    assert [tested[0][name] for name in ("train_map", "prediction_train_map")] == [
        tested[1][name] for name in ("train_map", "prediction_train_map")
    ]
    assert tested[0]["test_map"] != tested[1]["test_map"]  # the poison is not in vain


def test_the_context_encoder_does_not_look_at_test_documents(pair, fit, miniature):
    test = masked_split(Cal500(str(miniature)).read(), 1).test
    digests, tested = [], []
    for collection in pair(test):
        torch.manual_seed(0)
        data = MaskedData(collection, fold=1)
        model = MaskedContextModel(data.n_tags, width=4, members=2, linear=0.5, optimizer=FAST)
        trainer = fit(model, data, epochs=2)
        digests.append(digest(model, data, trainer.callback_metrics))
        tested.append(trainer.test(model, data, verbose=False)[0]["map"])
    assert digests[0] == digests[1]
    assert tested[0] != tested[1]


@pytest.mark.filterwarnings("ignore:The number of training batches")
@pytest.mark.parametrize("row", ["single", "siamese"])
def test_the_choice_of_the_stages_settings_does_not_look_at_test_documents(row, pair):
    outcomes = []
    for collection in pair(fold(31, 0).test):
        validation = NestedValidation(collection, (0,), every=1, share=0.2, validation_seed=0, seed=0, **SMALL)
        outcome = validation.measure(row, StageSettings(single_pretraining=2), max_epochs=2)
        outcomes.append((outcome.curve, outcome.epochs, outcome.by_fold))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", ["naive_bayes", "document_knn", "ease"])
def test_the_choice_of_a_rules_settings_does_not_look_at_test_documents(name, pair, miniature):
    test = masked_split(Cal500(str(miniature)).read(), 0).test
    clean, poisoned = (choose(RULES[name], masked_split(collection.read(), 0)) for collection in pair(test))
    assert clean.validation_map is not None
    assert (clean.settings, clean.validation_map) == (poisoned.settings, poisoned.validation_map)


# of the language models the windows and orders are one program
@pytest.mark.parametrize("name", [name for name in BASELINES if "_w" not in name or name.endswith("s1_w2")])
def test_no_baseline_looks_at_test_documents(name, pair):
    clean, poisoned = (evaluate(build(name), collection.read(), fold(31, 0)) for collection in pair(fold(31, 0).test))
    trained = [{key: value for key, value in told.items() if "train" in key} for told in (clean, poisoned)]
    assert trained[0]
    assert trained[0] == trained[1]
    assert name == "crbm" or clean["test_map"] != poisoned["test_map"]  # the C-RBM ranks training documents alone


@pytest.mark.parametrize("build_stage", [MaskedSingleNetwork, MaskedSiameseNetwork])
def test_no_stage_trained_on_masks_looks_at_test_documents(build_stage, pair, fit, miniature):
    test = masked_split(Cal500(str(miniature)).read(), 0).test
    digests, tested = [], []
    for collection in pair(test):
        torch.manual_seed(0)
        data = MaskedPrimingData(collection, masked_training=True, n_masks=2, **SMALL)
        model = build_stage(n_tags=22, n_topics=4, optimizer=FAST)
        trainer = fit(model, data, epochs=2)
        digests.append(digest(model, data, trainer.callback_metrics))
        tested.append(trainer.test(model, data, verbose=False)[0])
    assert digests[0] == digests[1]
    assert tested[0] != tested[1]
