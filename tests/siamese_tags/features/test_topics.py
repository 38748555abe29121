import numpy as np
import pytest

from siamese_tags.features import TopicContexts


@pytest.fixture
def documents():
    blocks = np.kron(np.eye(2), np.ones((10, 6)))
    return (blocks * (np.random.default_rng(0).random((20, 12)) < 0.8)).astype(bool) | (blocks > 0) & (
        np.arange(12) % 6 == 0
    )


def test_a_distribution_that_tells_kinds_of_documents_apart(documents):
    contexts = TopicContexts(documents, n_topics=2, iterations=20).transform(documents)
    np.testing.assert_allclose(contexts.sum(axis=1), 1, atol=1e-4)
    kind = contexts.argmax(axis=1)
    assert len(set(kind[:10])) == len(set(kind[10:])) == 1
    assert kind[0] != kind[10]


def test_clamped(documents):
    contexts = TopicContexts(documents, n_topics=4, document_prior=1e-12, iterations=5, floor=1e-3).transform(documents)
    assert contexts.min() == 1e-3


def test_equal_seeds_equal_contexts(documents):
    one, other, different = (TopicContexts(documents, n_topics=3, seed=seed).transform(documents) for seed in (1, 1, 2))
    assert (one == other).all()
    assert (one != different).any()


def test_a_smaller_prior_makes_peaked_contexts(documents):
    flat, peaked = (
        TopicContexts(documents, n_topics=4, document_prior=prior).transform(documents).max(axis=1).mean()
        for prior in (1.0, 0.05)
    )
    assert peaked > flat + 0.1
