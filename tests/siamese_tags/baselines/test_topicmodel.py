import math

import numpy as np
import pytest

from siamese_tags.baselines import Queries
from siamese_tags.baselines.context_only import ContextOnlyRanker
from siamese_tags.baselines.lda import LDARanker
from siamese_tags.baselines.plsa import PLSARanker
from siamese_tags.baselines.topicmodel import divergence_in_context
from siamese_tags.documents import Cal500

RANKERS = (LDARanker, PLSARanker)


@pytest.fixture(scope="module")
def documents(miniature):
    return Cal500(str(miniature)).read()


def test_divergence_is_the_printed_sum():
    random = np.random.default_rng(0)
    tags = random.dirichlet(np.ones(6), size=4)
    topics = random.dirichlet(np.ones(4), size=5)
    query = np.array([0, 3, 3, 5, 1])
    fast = divergence_in_context(tags, topics, query)
    for row in range(5):
        for tag in range(6):
            slow = sum(
                topics[row, c] * (tags[c, query[row]] - tags[c, tag]) * math.log(tags[c, query[row]] / tags[c, tag])
                for c in range(4)
            )
            assert fast[row, tag] == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("ranker", RANKERS)
def test_global_divergence_is_that_of_topics_given_the_tag(ranker, documents):
    fitted = ranker(n_topics=3)
    fitted.fit(documents)
    share = fitted.posterior(documents.matrix_DT).mean(axis=0)
    given = [[fitted.tags_CT[c, tag] * share[c] for c in range(3)] for tag in range(22)]
    given = [[value / sum(row) for value in row] for row in given]
    for one, other in ((0, 1), (0, 12), (5, 20)):
        pairs = [(max(a, 1e-6), max(b, 1e-6)) for a, b in zip(given[one], given[other], strict=True)]
        slow = sum((a - b) * math.log(a / b) for a, b in pairs)
        assert -fitted.similarity_TT[one, other] == pytest.approx(slow, abs=1e-9)


@pytest.mark.parametrize("ranker", RANKERS)
def test_topics_and_posteriors_are_distributions(ranker, documents):
    fitted = ranker(n_topics=4)
    np.testing.assert_allclose(fitted.learn(documents.matrix_DT).sum(axis=1), 1)
    np.testing.assert_allclose(fitted.posterior(documents.matrix_DT).sum(axis=1), 1, atol=1e-4)


def test_factorisation_is_expectation_maximisation(documents):
    """After many updates the tags of a topic satisfy the fixed point of P-LSA's EM."""
    fitted = PLSARanker(n_topics=2, iterations=2000)
    counts = documents.matrix_DT.astype(float)
    tags, topics = fitted.learn(documents.matrix_DT), fitted.posterior(documents.matrix_DT)
    mixture = topics @ tags
    responsibility = topics[:, :, None] * tags[None] / np.maximum(mixture, 1e-300)[:, None]
    again = (counts[:, None] * responsibility).sum(axis=0)
    np.testing.assert_allclose(again / again.sum(axis=1, keepdims=True), tags, atol=2e-3)


def test_context_only_is_the_mixture_of_the_document(documents):
    ranker = ContextOnlyRanker(query_first=False, n_topics=3)
    ranker.fit(documents)
    queries = Queries.of(documents.matrix_DT[:2])
    topics = ranker.topics.transform(documents.matrix_DT[:2])
    for row, document in enumerate(queries.document_Q):
        mixture = sum(topics[document, c] * ranker.topics.tags_CT[c] for c in range(3))
        np.testing.assert_allclose(ranker.rank(queries)[row], mixture)
