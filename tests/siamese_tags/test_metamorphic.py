"""Whole runs of both stages and of a baseline on documents that are the same but for what may not matter."""

from functools import partial

import numpy as np
import pytest
import torch

from siamese_tags.baselines import build
from siamese_tags.baselines.baseline import Queries
from siamese_tags.documents import Cal500, Collection, TagDocuments
from siamese_tags.documents.folds import fold
from siamese_tags.fold_data import PrimingData
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
