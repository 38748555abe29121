import math
from typing import get_args

import numpy as np
import pytest

from siamese_tags.features.aggregation import (
    FLOOR,
    Aggregation,
    aggregate,
    distributions,
    hellinger_distance,
    mutual_information,
    symmetric_divergence,
)


@pytest.fixture
def p():
    vectors = np.random.default_rng(0).random((5, 8)) * (np.random.default_rng(1).random((5, 8)) < 0.7)
    return distributions(vectors)


def slow(p, pair):
    return [[pair(one, other) for other in p] for one in p]


def kl(one, other):
    floored = [(max(a, FLOOR), max(b, FLOOR)) for a, b in zip(one, other, strict=True)]
    return sum((a - b) * math.log(a / b) for a, b in floored)


def hellinger(one, other):
    return math.sqrt(sum((math.sqrt(a) - math.sqrt(b)) ** 2 for a, b in zip(one, other, strict=True)) / 2)


def information(one, other):
    """I(row; component) with both rows at 1/2, from the joint distribution."""
    total = 0.0
    for a, b in zip(one, other, strict=True):
        for joint in (a / 2, b / 2):
            if joint:
                total += joint * math.log2(joint / (0.5 * (a + b) / 2))
    return total


@pytest.mark.parametrize(
    ("fast", "pair"),
    [(symmetric_divergence, kl), (hellinger_distance, hellinger), (mutual_information, information)],
)
def test_matrix_is_the_slow_loop(p, fast, pair):
    matrix = fast(p)
    np.testing.assert_allclose(matrix, slow(p, pair), atol=1e-9)
    np.testing.assert_array_equal(np.diag(matrix), 0)


def test_no_overlap_is_the_maximum():
    p = np.array([[0.5, 0.5, 0, 0], [0, 0, 0.3, 0.7]])
    assert mutual_information(p)[0, 1] == pytest.approx(1)
    assert hellinger_distance(p)[0, 1] == pytest.approx(1)


def test_distributions_ignore_negative_weights_and_survive_an_unused_tag():
    np.testing.assert_allclose(distributions(np.array([[2.0, -5, 6], [0, 0, 0]])), [[0.25, 0, 0.75], [1 / 3] * 3])


def test_dot_and_cosine_by_hand():
    usage = np.array([[2.0, 3, 0], [2, 3, 0], [0, 3, 0]])
    np.testing.assert_allclose(aggregate(usage, "dot"), [[8, 12, 0], [12, 27, 0], [0, 0, 0]])
    related = aggregate(usage, "cosine")
    np.testing.assert_allclose(np.diag(related), [1, 1, 0])
    np.testing.assert_allclose(related[0, 1], 2 / math.sqrt(2 * 3))


@pytest.mark.parametrize("aggregation", get_args(Aggregation))
def test_tags_used_together_are_more_related(aggregation):
    together = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]], dtype=float)
    related = aggregate(together, aggregation)
    assert related[0, 1] > related[0, 2]
    np.testing.assert_allclose(related, related.T, atol=1e-12)
