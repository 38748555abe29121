import numpy as np
import pytest

from siamese_tags.documents import Cal500, TagDocuments
from siamese_tags.masked.rules import RULES
from siamese_tags.masked.rules.context import TopicContext
from siamese_tags.masked.rules.cooccurrence import Conditional, Cosine, NaiveBayes
from siamese_tags.masked.rules.linear import DropoutEase, Ease
from siamese_tags.masked.rules.neighbours import DocumentNeighbours
from siamese_tags.masked.rules.rule import unit_rows
from siamese_tags.masked.split import masked_split
from siamese_tags.reproduce.rule_settings import choose, measure


@pytest.fixture
def documents(miniature):
    return Cal500(str(miniature)).read()


@pytest.fixture
def train(documents):
    matrix = documents.matrix_DT[:20].copy()
    matrix[:, 3] = False  # a tag without a training document
    matrix[:, 4] = True  # and one of all
    return matrix


@pytest.mark.parametrize("name", RULES)
def test_finite_scores_under_all_settings(name, train, documents):
    for settings in RULES[name].settings():
        rule = RULES[name].build(**settings)
        rule.fit(train)
        scores = rule.score(documents.matrix_DT[20:])
        assert scores.shape == (11, 22)
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", sorted(set(RULES) - {"popularity"}))
def test_finds_the_kind_of_a_document(name, documents):
    split = masked_split(documents, 0)
    popularity = measure(RULES["popularity"], {}, split).compute()["map"]
    settings = {"n_topics": 25, "document_prior": 0.1} if name == "context_lda" else RULES[name].settings()[0]
    assert measure(RULES[name], settings, split).compute()["map"] > popularity + 5


def test_conditional_frequency_and_cosine_by_hand():
    train = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 1]], dtype=bool)
    conditional, cosine = Conditional(), Cosine()
    conditional.fit(train)
    cosine.fit(train)
    np.testing.assert_allclose(conditional.score(np.eye(3, dtype=bool))[0], [1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(cosine.score(np.array([[1, 1, 0]], dtype=bool))[0, 2], 1 / 6**0.5 + 1 / 4**0.5)


def test_item_knn_counts_the_nearest_tags_only():
    train = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 0, 1]], dtype=bool)
    weights = {}
    for neighbours in (0, 1, 3):
        rule = Cosine(neighbours=neighbours)
        rule.fit(train)
        weights[neighbours] = rule.weight_TT
    near, far = 2 / 6**0.5, 1 / 6**0.5
    np.testing.assert_allclose(weights[0], [[0, near, far], [near, 0, 0], [far, 0, 0]])
    np.testing.assert_allclose(weights[1], [[0, near, 0], [near, 0, 0], [far, 0, 0]])
    np.testing.assert_array_equal(weights[3], weights[0])  # more than there are


def test_topics_depend_on_the_seed(train):
    fitted = []
    for seed in (0, 0, 1):
        rule = TopicContext(n_topics=3, seed=seed)
        rule.fit(train)
        fitted.append(rule.tags_CT)
    np.testing.assert_array_equal(fitted[0], fitted[1])
    assert np.abs(fitted[0] - fitted[2]).max() > 0.01


def test_rows_of_zeros_stay():
    np.testing.assert_allclose(unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0.0, 0.0]])


def test_naive_bayes_by_hand():
    train = np.array([[1, 1], [1, 0], [0, 0], [0, 1]], dtype=bool)
    rule = NaiveBayes(pseudo_count=1.0, temper=0.5)
    rule.fit(train)
    score = rule.score(np.array([[True, False]]))[0, 1]
    assert score == pytest.approx(np.log(2 / 4) + 0.5 * np.log((1 + 1) / (2 * 2 / 4 + 1)))


def test_ease_solves_its_constrained_ridge(train):
    rule = Ease(penalty=3.0)
    rule.fit(train)
    documents = train.astype(float)
    residual = documents.T @ (documents @ rule.weight_TT - documents) + 3.0 * rule.weight_TT
    np.testing.assert_allclose(residual - np.diag(np.diag(residual)), 0, atol=1e-9)
    assert (np.diag(rule.weight_TT) == 0).all()


def test_dropout_is_what_many_noisy_documents_come_to():
    """The closed form against ridge regression on 40,000 copies of each document with tags dropped at random."""
    draw = np.random.default_rng(0)
    documents = draw.random((12, 4)) < 0.5
    rule = DropoutEase(penalty=2.0, dropout=0.3, centred=False)
    rule.fit(documents)
    copies = np.repeat(documents.astype(float), 40_000, axis=0)
    noisy = copies * (draw.random(copies.shape) >= 0.3) / 0.7
    for tag in range(4):
        others = [other for other in range(4) if other != tag]
        gram = noisy[:, others].T @ noisy[:, others] / 40_000 + 2.0 * np.eye(3)
        expected = np.linalg.solve(gram, noisy[:, others].T @ copies[:, tag] / 40_000)
        np.testing.assert_allclose(rule.weight_TT[others, tag], expected, atol=0.01)


def test_centred_regression_restores_the_mean(train):
    """Input that is the mean, as half of the tags count double, gives the mean back."""
    rule = DropoutEase(penalty=5.0, dropout=0.5, centred=True)
    rule.fit(train)
    np.testing.assert_allclose(rule.score(train.mean(axis=0)[None] / 2), train.mean(axis=0)[None], atol=1e-12)


def test_the_nearest_document_votes():
    train = np.array([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool)
    rule = DocumentNeighbours(neighbours=1)
    rule.fit(train)
    assert rule.score(np.array([[1, 0, 0, 0]], dtype=bool)).argsort()[0, -2:].tolist() in ([0, 1], [1, 0])


def test_choice_never_sees_the_test_documents(documents):
    split = masked_split(documents, 1)
    spoiled = documents.matrix_DT.copy()
    spoiled[split.test] = ~spoiled[split.test] | (np.arange(22) < 2)
    other = masked_split(TagDocuments(documents.name, documents.ids, documents.tags, spoiled), 1)
    for name in ("naive_bayes", "document_knn"):
        one, same = choose(RULES[name], split), choose(RULES[name], other)
        assert (one.settings, one.validation_map) == (same.settings, same.validation_map)
        assert type(one.validation_map) is float


def test_a_choice_fits_on_documents_to_learn_from_and_the_final_rule_on_all_training_documents(documents, monkeypatch):
    split, seen = masked_split(documents, 1), []
    monkeypatch.setattr(
        NaiveBayes, "fit", lambda rule, train_DT, fit=NaiveBayes.fit: seen.append(train_DT) or fit(rule, train_DT)
    )
    settings = choose(RULES["naive_bayes"], split).settings
    assert len(seen) == len(RULES["naive_bayes"].settings())
    assert all((train_DT == documents.matrix_DT[split.learn]).all() for train_DT in seen)
    measure(RULES["naive_bayes"], settings, split)
    np.testing.assert_array_equal(seen[-1], documents.matrix_DT[split.train])


def test_divisions_are_disjoint(documents):
    tests = []
    for number in range(3):
        split = masked_split(documents, number)
        assert not set(split.test) & set(split.train)
        assert set(split.learn) | set(split.validation) == set(split.train)
        assert not set(split.learn) & set(split.validation)
        tests += split.test.tolist()
    assert sorted(tests) == list(range(31))
