import itertools

import numpy as np
import pytest

from siamese_tags.baselines import Queries
from siamese_tags.baselines.crbm import CRBMRanker
from siamese_tags.baselines.rbm import contrastive_divergence, log_odds, mean_activation
from siamese_tags.documents import Cal500


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


@pytest.fixture
def machine():
    random = np.random.default_rng(5)
    return random.normal(0, 1.5, (4, 3)), random.normal(0, 0.5, (1, 4)), random.normal(0, 0.5, (1, 3))


def exact_activation(weights, visible_bias, hidden_bias, clamped):
    """p(tag on | clamped tag on) by summing over all states; the clamped tag's as the model gives it."""
    total, weight = np.zeros(4), 0.0
    for visible in itertools.product((0, 1), repeat=4):
        if visible[clamped]:
            for hidden in itertools.product((0, 1), repeat=3):
                energy = visible @ weights @ hidden + visible_bias[0] @ visible + hidden_bias[0] @ hidden
                total += np.exp(energy) * sigmoid(weights @ hidden + visible_bias[0])
                weight += np.exp(energy)
    return total / weight


def test_chains_come_to_the_exact_activation(machine):
    chains = np.repeat(np.arange(4), 50)
    sampled = mean_activation(chains, *machine, 400, np.random.default_rng(0)).reshape(4, 50, 4).mean(axis=1)
    for clamped in range(4):
        np.testing.assert_allclose(sampled[clamped], exact_activation(*machine, clamped), atol=0.02)


def test_step_is_data_minus_one_reconstruction(machine):
    weights, visible_bias, hidden_bias = machine
    visible = np.array([[1.0, 0, 1, 0], [0, 1, 1, 1]])
    steps = [contrastive_divergence(visible, *machine, np.random.default_rng(seed)) for seed in range(4000)]
    expected = np.zeros((4, 3))
    for example in visible:
        on = sigmoid(example @ weights + hidden_bias[0])
        expected += np.outer(example, on) / 2
        for hidden in itertools.product((0, 1), repeat=3):
            p_hidden = np.prod(np.where(hidden, on, 1 - on))
            again_on = sigmoid(weights @ hidden + visible_bias[0])
            for again in itertools.product((0, 1), repeat=4):
                p_again = np.prod(np.where(again, again_on, 1 - again_on))
                expected -= p_hidden * p_again * np.outer(again, sigmoid(again @ weights + hidden_bias[0])) / 2
    np.testing.assert_allclose(np.mean([step[0] for step in steps], axis=0), expected, atol=0.03)
    assert steps[0][1].shape == (2, 4)
    assert steps[0][2].shape == (2, 3)


def test_log_odds_are_finite_for_a_tag_in_no_or_every_document():
    odds = log_odds(np.array([[True, False], [True, False], [True, False]]))
    np.testing.assert_allclose(sigmoid(odds), [4 / 5, 1 / 5])


def test_more_epochs_learn_the_documents_by_heart(miniature):
    documents = Cal500(str(miniature)).read()
    queries = Queries.of(documents.matrix_DT, documents.ids)
    related = documents.matrix_DT[queries.document_Q]
    margins = []
    for epochs in (1, 60):
        ranker = CRBMRanker(epochs=epochs, hidden=20)
        ranker.fit(documents)
        scores = ranker.rank(queries)
        margins.append(scores[related].mean() - scores[~related].mean())
    assert margins[1] > margins[0] + 0.2


def test_condition_is_the_document_and_not_its_place(miniature):
    documents = Cal500(str(miniature)).read()
    ranker = CRBMRanker(epochs=40, hidden=20, steps=200)
    ranker.fit(documents)
    alone = ranker.rank(Queries.of(documents.matrix_DT[7:8], documents.ids[7:8]))
    queries = Queries.of(documents.matrix_DT[:9], documents.ids[:9])
    np.testing.assert_allclose(ranker.rank(queries)[queries.document_Q == 7], alone, atol=0.15)
    with pytest.raises(KeyError, match="unknown"):
        ranker.rank(Queries.of(documents.matrix_DT[:1], ("unknown",)))
