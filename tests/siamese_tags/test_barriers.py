"""Each training of tag documents is handed the rows of others, and refuses them."""

from dataclasses import replace

import numpy as np
import pytest

from mwe.core.errors import WrongSplitError
from siamese_tags import choice
from siamese_tags.baselines import build
from siamese_tags.documents import Cal500, Fold
from siamese_tags.documents.folds import InnerFold, fold, inner_fold
from siamese_tags.evaluate import evaluate
from siamese_tags.fold_data import PrimingData, trained_on
from siamese_tags.masked.masked_data import MaskedData
from siamese_tags.masked.priming_data import MaskedPrimingData
from siamese_tags.masked.rules import RULES
from siamese_tags.masked.split import masked_split
from siamese_tags.reproduce import rule_settings
from siamese_tags.reproduce.departures import UnscaledPrimingData
from siamese_tags.reproduce.nested_split import NestedPrimingData
from siamese_tags.reproduce.unseen_rows import fit_unseen

SMALL = {"n_topics": 4, "topic_iterations": 5}


@pytest.fixture
def collection(miniature):
    return Cal500(str(miniature))


@pytest.fixture(params=["test", "unmarked"])
def exchanged(request, collection):
    """A fold whose training rows are its test rows, or do not say of which split they are."""
    rows = fold(len(collection.read()), 0)
    return Fold(rows.test if request.param == "test" else np.asarray(rows.train), rows.test)


@pytest.mark.parametrize("kind", [PrimingData, UnscaledPrimingData, MaskedPrimingData])
def test_features_topics_and_examples_of_the_stages(kind, collection, exchanged):
    data = kind(collection, **SMALL)
    data.rows = exchanged
    for part in ("features", "topics", "tensors", "identity"):
        with pytest.raises(WrongSplitError):
            getattr(data, part)


def test_documents_set_aside_for_the_choice_of_settings(collection):
    data = NestedPrimingData(collection, **SMALL)
    inner = inner_fold(fold(len(collection.read()), 0))
    data._inner = InnerFold(inner.valid, inner.train)
    with pytest.raises(WrongSplitError, match="'valid'"):
        data.setup("fit")


def test_baselines(collection, exchanged, monkeypatch):
    documents = collection.read()
    with pytest.raises(WrongSplitError):
        evaluate(build("popularity"), documents, exchanged)
    with pytest.raises(WrongSplitError):
        trained_on(documents, documents.tags, exchanged.train)
    with pytest.raises(WrongSplitError):
        choice.choose("lsa", documents, exchanged)
    inner = inner_fold(fold(len(documents), 0))
    monkeypatch.setattr(choice, "inner_fold", lambda rows: InnerFold(inner.valid, inner.valid))
    with pytest.raises(WrongSplitError, match="'valid'"):
        choice.choose("lsa", documents, fold(len(documents), 0))


@pytest.mark.parametrize("part", ["test", "validation"])
def test_rules_and_networks_of_hidden_tags(part, collection):
    split = masked_split(collection.read(), 0)
    wrong = replace(split, train=getattr(split, part), learn=getattr(split, part))
    rule = RULES["ease"]
    with pytest.raises(WrongSplitError):
        rule_settings.measure(rule, rule.settings()[0], wrong)
    with pytest.raises(WrongSplitError):
        rule_settings.choose(rule, wrong)
    with pytest.raises(WrongSplitError):
        fit_unseen(rule.build(**rule.settings()[0]), wrong, np.array([0]))
    data = MaskedData(collection)
    data.split = wrong
    with pytest.raises(WrongSplitError):
        data.train_dataloader()
    stages = MaskedPrimingData(collection, masked_training=True, **SMALL)
    stages.split = wrong
    for name in ("topics", "masked_contexts_MDC"):
        with pytest.raises(WrongSplitError):
            getattr(stages, name)
