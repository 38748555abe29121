"""Formulas of the rankings that do not look at the document."""

import numpy as np
import pytest
import torch

from siamese_tags.baselines import PCARanker, PopularityRanker, Queries, RandomRanker
from siamese_tags.baselines.ease import EASERanker
from siamese_tags.baselines.infoth import InfoThRanker, smooth_rows
from siamese_tags.baselines.lsa import LSARanker
from siamese_tags.baselines.similarity import similarity
from siamese_tags.baselines.untrained import UntrainedRanker
from siamese_tags.baselines.word2vec import Word2VecRanker, sentences
from siamese_tags.documents import Cal500
from siamese_tags.features.weights import weigh


@pytest.fixture(scope="module")
def documents(miniature):
    return Cal500(str(miniature)).read()


@pytest.fixture(scope="module")
def queries(documents):
    return Queries.of(documents.matrix_DT[:5])


def calm_above_loud(similarity_TT):
    return similarity_TT[:9, :9].mean() - similarity_TT[:9, 9:18].mean()


def test_random_depends_on_the_seed(queries):
    one, same, other = (RandomRanker(seed).rank(queries) for seed in (0, 0, 1))
    assert (one == same).all()
    assert (one != other).any()


def test_popularity_is_the_number_of_training_documents(documents, queries):
    ranker = PopularityRanker()
    ranker.fit(documents.subset(range(10)))
    scores = ranker.rank(queries)
    others = np.arange(22) != queries.tag_Q[0]
    assert (scores[0][others] == documents.matrix_DT[:10].sum(axis=0)[others]).all()


def test_pca_finds_tags_that_go_together(documents):
    ranker = PCARanker(dimensions=3)
    ranker.fit(documents)
    assert calm_above_loud(ranker.similarity_TT) > 0.5


@pytest.mark.parametrize("measure", ["cosine", "euclidean", "mutual_information"])
def test_a_tag_is_nearest_to_itself(measure):
    vectors = np.random.default_rng(0).random((6, 4))
    similar = similarity(vectors, measure)
    assert (similar.argmax(axis=1) == np.arange(6)).all()
    np.testing.assert_allclose(similar, similar.T)


def test_similarities_by_hand():
    vectors = np.array([[3.0, 0], [0, 4], [3, 4]])
    np.testing.assert_allclose(similarity(vectors, "cosine")[2], [0.6, 0.8, 1])
    np.testing.assert_allclose(similarity(vectors, "euclidean")[2], [-4, -3, 0])
    assert similarity(vectors, "mutual_information")[0, 1] == pytest.approx(-1)


def test_lsa_is_the_cosine_of_the_low_rank_matrix(documents):
    ranker = LSARanker(rank=3)
    ranker.fit(documents)
    weights = weigh(documents.matrix_DT, "pmi")
    left, values, right = np.linalg.svd(weights, full_matrices=False)
    low = (left[:, :3] * values[:3]) @ right[:3]
    one, other = low[:, 2], low[:, 11]
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert ranker.similarity_TT[2, 11] == pytest.approx(cosine)


def test_lsa_of_full_rank_is_the_cosine_of_the_weights(documents):
    ranker = LSARanker(rank=1000, weighting="tf")
    ranker.fit(documents)
    counts = documents.matrix_DT.astype(float)
    together = counts[:, 1] @ counts[:, 2] / np.sqrt(counts[:, 1].sum() * counts[:, 2].sum())
    assert ranker.similarity_TT[1, 2] == pytest.approx(together)


def test_smoothing_is_the_slow_loop():
    rows = np.random.default_rng(0).random((7, 7))
    smooth = smooth_rows(rows, 3, 0.2)
    for tag in range(7):
        others = sorted((np.linalg.norm(rows[tag] - rows[other]), other) for other in range(7) if other != tag)
        nearest = np.mean([rows[other] for _, other in others[:3]], axis=0)
        np.testing.assert_allclose(smooth[tag], 0.8 * rows[tag] + 0.2 * nearest)


def test_smoothing_with_more_neighbours_than_tags():
    assert np.isfinite(smooth_rows(np.eye(3), 9, 0.1)).all()


def test_infoth_finds_tags_that_go_together(documents):
    ranker = InfoThRanker()
    ranker.fit(documents)
    assert calm_above_loud(ranker.similarity_TT) > 0.1


def test_ease_is_ridge_regression_of_each_tag_on_the_others(documents):
    ranker = EASERanker(penalty=3.0)
    ranker.fit(documents)
    counts = documents.matrix_DT.astype(float)
    others = np.delete(counts, 5, axis=1)
    ridge = np.linalg.solve(others.T @ others + 3 * np.eye(21), others.T @ counts[:, 5])
    np.testing.assert_allclose(np.delete(ranker.similarity_TT[:, 5], 5), ridge)


def test_sentences_hold_each_document_s_tags(documents):
    matrix = documents.matrix_DT
    bags = [{str(tag) for tag in np.flatnonzero(row)} for row in matrix]
    for order in ("random", "sorted"):
        assert [set(sentence) for sentence in sentences(matrix, order, 0)] == bags
        assert [len(sentence) for sentence in sentences(matrix, order, 0)] == list(matrix.sum(axis=1))
    assert all(sentence == sorted(sentence, key=int) for sentence in sentences(matrix, "sorted", 0))
    assert sentences(matrix, "random", 0) == sentences(matrix, "random", 0) != sentences(matrix, "random", 1)


@pytest.mark.parametrize("algorithm", ["cbow", "sg"])
def test_language_models_find_tags_that_go_together_given_time(algorithm, documents):
    ranker = Word2VecRanker(algorithm, window=4, epochs=1500)
    ranker.fit(documents)
    assert calm_above_loud(ranker.similarity_TT) > 0.3


def test_epochs_of_the_language_models():
    assert (Word2VecRanker("cbow").epochs, Word2VecRanker("sg").epochs) == (5, 5)
    assert Word2VecRanker("sg", epochs=7).epochs == 7


def test_untrained_network_leaves_the_random_state_alone(documents):
    before = torch.random.get_rng_state()
    ranker = UntrainedRanker(n_topics=3)
    ranker.fit(documents)
    assert (torch.random.get_rng_state() == before).all()
