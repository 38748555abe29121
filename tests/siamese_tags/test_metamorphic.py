"""Whole runs of both stages and of a baseline on documents that are the same but for what may not matter."""

from functools import partial

import numpy as np
import pytest
import torch

from mwe.tracks import tracks_of
from siamese_tags.baselines import build
from siamese_tags.baselines.baseline import Queries
from siamese_tags.documents import Cal500, Collection, TagDocuments
from siamese_tags.documents.folds import fold
from siamese_tags.evaluate import evaluate
from siamese_tags.fold_data import PrimingData
from siamese_tags.masked.rules import RULES
from siamese_tags.masked.split import masked_split
from siamese_tags.reproduce.rule_settings import measure
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

SMALL = {"n_topics": 4, "topic_iterations": 5}
FAST = partial(torch.optim.Adam, lr=0.01)
TEST_ROWS = fold(31, 0).test


class Given(Collection):
    """Documents at hand."""

    def __init__(self, documents):
        self.documents = documents

    def read(self):
        return self.documents


@pytest.fixture
def documents(miniature):
    return Cal500(str(miniature)).read()


def renamed(documents):
    """Other names of tags, in the other direction of the alphabet, and of documents."""
    tags = tuple(f"tag {99 - column}" for column in range(len(documents.tags)))
    ids = tuple(f"document {99 - row}" for row in range(len(documents.ids)))
    return TagDocuments(documents.name, ids, tags, documents.matrix_DT)


def permuted(documents):
    """Test documents in another order."""
    order = np.arange(len(documents.ids))
    order[TEST_ROWS] = TEST_ROWS[::-1]
    ids = tuple(documents.ids[row] for row in order)
    return TagDocuments(documents.name, ids, documents.tags, documents.matrix_DT[order])


def exchanged(documents):
    """False tags of test documents: each has those of the next."""
    matrix_DT = documents.matrix_DT.copy()
    matrix_DT[TEST_ROWS] = matrix_DT[np.roll(TEST_ROWS, 1)] ^ documents.matrix_DT[TEST_ROWS]
    return TagDocuments(documents.name, documents.ids, documents.tags, matrix_DT)


@pytest.mark.parametrize("network", [SingleNetwork, SiameseNetwork])
def test_names_and_the_order_of_test_documents_do_not_matter_but_their_tags_do(network, documents, fit):
    def figures(given):
        torch.manual_seed(0)
        model, data = network(22, 4, optimizer=FAST), PrimingData(Given(given), **SMALL)
        (told, *_) = fit(model, data, epochs=2).test(model, data, verbose=False)
        return {name: value for name, value in told.items() if "test" in name}

    ours = figures(documents)
    assert figures(renamed(documents)) == ours
    assert figures(permuted(documents)) == pytest.approx(ours)
    assert figures(exchanged(documents)) != ours


@pytest.mark.parametrize("name", ["ease", "pca", "lsa", "infoth"])
def test_the_order_of_tags_does_not_matter_to_a_baseline(name, documents):
    train_DT = documents.matrix_DT[fold(31, 0).train]
    every_tag = Queries.of(np.ones((1, train_DT.shape[1]), dtype=bool))
    order_T = np.random.default_rng(0).permutation(train_DT.shape[1])

    def scores_TT(matrix_DT):
        ranker = build(name)
        ranker.fit(TagDocuments("part", documents.ids[: len(matrix_DT)], documents.tags, matrix_DT))
        return ranker.rank(every_tag)

    expected_TT = scores_TT(train_DT)[np.ix_(order_T, order_T)]
    np.testing.assert_allclose(scores_TT(train_DT[:, order_T]), expected_TT, atol=1e-6)


def shuffled(documents, rows, seed):
    """Every tag at other documents of ``rows``, as many as before: frequencies stay, what goes together is lost."""
    matrix_DT, rng = documents.matrix_DT.copy(), np.random.default_rng(seed)
    for tag in range(matrix_DT.shape[1]):
        matrix_DT[rows, tag] = rng.permutation(matrix_DT[rows, tag])
    return TagDocuments(documents.name, documents.ids, documents.tags, matrix_DT)


@pytest.mark.parametrize("name", ["ease", "naive_bayes", "document_knn", "item_knn"])
def test_a_rule_learnt_from_shuffled_tags_is_at_chance(name, documents):
    train = np.asarray(masked_split(documents, 0).train)
    settings = RULES[name].settings()[0]

    def figure(family, chosen, given):
        return float(measure(RULES[family], chosen, masked_split(given, 0)).compute()["map"])

    chance = float(measure(None, {}, masked_split(documents, 0)).compute()["map"])
    learnt = np.mean([figure(name, settings, shuffled(documents, train, seed)) for seed in range(8)])
    assert figure(name, settings, documents) > chance + 10
    assert learnt < chance + 3


def test_a_network_learnt_from_shuffled_tags_is_near_chance(documents, fit):
    def figure(given):
        torch.manual_seed(0)
        model, data = SingleNetwork(22, 4, optimizer=FAST), PrimingData(Given(given), **SMALL)
        (told, *_) = fit(model, data, epochs=40).test(model, data, verbose=False)[1:]
        return next(value for name, value in told.items() if name.startswith("prediction_test_map"))

    chance = evaluate(build("random"), documents, fold(31, 0))["test_map"]
    train = np.asarray(fold(31, 0).train)
    assert figure(documents) > chance + 8
    # not at chance: the context of this protocol is taken from the very tags that are to be found
    assert np.mean([figure(shuffled(documents, train, seed)) for seed in range(3)]) < chance + 5


@pytest.mark.parametrize("name", ["popularity", "ease", "lsa"])
def test_a_tag_that_no_document_has_changes_no_score_of_others(name, documents):
    unused = np.zeros((len(documents), 1), dtype=bool)
    more = TagDocuments(
        documents.name, documents.ids, (*documents.tags, "unused"), np.hstack([documents.matrix_DT, unused])
    )
    queries = Queries.of(documents.matrix_DT[TEST_ROWS])
    wider = Queries.of(more.matrix_DT[TEST_ROWS])
    rankers = build(name), build(name)
    rankers[0].fit(documents.to_learn(fold(31, 0).train))
    rankers[1].fit(more.to_learn(fold(31, 0).train))
    scores_QT, wider_QT = rankers[0].rank(queries), rankers[1].rank(wider)
    np.testing.assert_allclose(wider_QT[:, :-1], scores_QT, atol=1e-6)


def test_a_document_without_tags_is_left_out(documents):
    lists = {
        name: list(np.array(documents.tags)[row]) for name, row in zip(documents.ids, documents.matrix_DT, strict=True)
    }
    ours = TagDocuments.of(tracks_of("mine", lists))
    silent = TagDocuments.of(tracks_of("mine", {**lists, "silent": []}))
    assert silent.ids == ours.ids
    assert silent.matrix_DT.tolist() == ours.matrix_DT.tolist()
