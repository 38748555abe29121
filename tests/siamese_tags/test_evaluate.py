import numpy as np
import pytest

from siamese_tags.baselines import RandomRanker
from siamese_tags.documents import Cal500
from siamese_tags.documents.folds import fold
from siamese_tags.evaluate import evaluate, priming


class Oracle:
    """Knows the documents; keeps what it was fitted on and the ids that it was asked for."""

    ids: tuple = ()

    def fit(self, documents):
        self.fitted = documents

    def rank(self, queries):
        self.ids += queries.ids
        return queries.membership_DT[queries.document_Q].astype(float)


@pytest.fixture
def documents(miniature):
    return Cal500(str(miniature)).read()


def test_oracle_is_perfect_and_fitted_on_training_documents(documents):
    oracle, rows = Oracle(), fold(len(documents), 1)
    figures = evaluate(oracle, documents, rows)
    assert oracle.fitted.ids == tuple(documents.ids[row] for row in rows.train)
    names = ["p@1", "p@2", "p@5", "map", "auc", *(f"precision@{level / 10}" for level in range(11))]
    assert set(figures) == {f"{split}_{name}" for split in ("train", "test") for name in (*names, "p@10")}
    assert all(figures[f"{split}_{name}"] == pytest.approx(100) for split in ("train", "test") for name in names)


def test_ranking_for_training_documents_has_no_figures_of_test_documents(documents):
    oracle, rows = Oracle(), fold(len(documents), 1)
    oracle.train_only = True
    figures = evaluate(oracle, documents, rows)
    assert {name.split("_")[0] for name in figures} == {"train"}
    assert oracle.ids == tuple(documents.ids[row] for row in rows.train)


def test_random_is_analytic(documents):
    sizes = documents.matrix_DT.sum(axis=1)
    p = np.average((sizes - 1) / 21, weights=sizes)
    runs = [priming(RandomRanker(seed), documents, np.arange(31)) for seed in range(30)]
    for k in (1, 2, 5, 10):
        expected = 100 * (1 + (k - 1) * p) / k
        assert np.mean([run[f"p@{k}"] for run in runs]) == pytest.approx(expected, abs=1.0)


def test_parts_do_not_depend_on_blocks(documents, monkeypatch):
    whole = evaluate(Oracle(), documents, fold(31, 0))
    monkeypatch.setattr("siamese_tags.evaluate.BLOCK", 3)
    assert evaluate(Oracle(), documents, fold(31, 0)) == pytest.approx(whole)
