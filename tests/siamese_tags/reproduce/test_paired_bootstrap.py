import numpy as np
import pytest
from scipy.stats import kstest

from siamese_tags.reproduce import paired_bootstrap as bootstrap
from siamese_tags.reproduce.paired_bootstrap import holm, paired_bootstrap


def slow_bootstrap(sums, weights, n_resamples, seed):
    """One resample after the other; returns the estimates of all."""
    draw = np.random.default_rng(seed)
    estimates = []
    for _ in range(n_resamples):
        total, weight = 0.0, 0.0
        for unit in draw.integers(len(weights), size=len(weights)):
            total += sums[unit]
            weight += weights[unit]
        estimates.append(total / weight)
    return np.array(estimates)


@pytest.mark.parametrize("block", [1, 70, 10_000])
def test_against_a_loop(block, monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS_A_BLOCK", block)
    draw = np.random.default_rng(1)
    weights = draw.integers(1, 9, size=23).astype(float)
    sums = weights[:, None] * draw.normal(0.3, 1.0, size=(23, 2))
    got = paired_bootstrap(sums, weights, 60, seed=4)
    for pair in range(2):
        expected = slow_bootstrap(sums[:, pair], weights, 60, seed=4)
        assert got.points_P[pair] == pytest.approx(sums[:, pair].sum() / weights.sum())
        assert (got.low_P[pair], got.high_P[pair]) == pytest.approx(tuple(np.percentile(expected, [2.5, 97.5])))
        assert 0 < got.p_P[pair] < 1


def test_p_is_uniform_where_there_is_no_difference():
    """400 comparisons of equally good rows over documents of unequal weight."""
    draw = np.random.default_rng(2)
    weights = draw.integers(1, 15, size=300).astype(float)
    sums = weights[:, None] * draw.normal(0.0, 1.0, size=(300, 400)) * draw.exponential(size=(300, 1))
    p = paired_bootstrap(sums, weights, 400).p_P
    assert kstest(p, "uniform").pvalue > 0.01
    assert 0.02 < (p < 0.05).mean() < 0.09


def test_intervals_hold_the_truth_about_95_times_in_100():
    draw = np.random.default_rng(3)
    weights = draw.integers(1, 15, size=300).astype(float)
    sums = weights[:, None] * draw.normal(0.7, 2.0, size=(300, 400))
    got = paired_bootstrap(sums, weights, 400)
    assert 0.91 < ((got.low_P < 0.7) & (got.high_P > 0.7)).mean() < 0.98


def test_clustered_differences_need_clusters():
    """Documents of an artist that err together: over documents a null shows too often, over artists it does not."""
    draw = np.random.default_rng(5)
    of_artist = np.repeat(draw.normal(size=(60, 300)), 10, axis=0)
    over_documents = paired_bootstrap(of_artist, np.ones(600), 300).p_P
    over_artists = paired_bootstrap(of_artist.reshape(60, 10, 300).sum(axis=1), np.full(60, 10.0), 300).p_P
    assert (over_documents < 0.05).mean() > 0.4
    assert (over_artists < 0.05).mean() < 0.12


def test_equal_rows():
    got = paired_bootstrap(np.zeros((5, 1)), np.ones(5), 20)
    assert (got.points_P[0], got.low_P[0], got.high_P[0], got.p_P[0]) == (0, 0, 0, 1)


def test_holm_by_hand():
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 gives 0.02, 0.03, 0.06, 0.04; none below the one before it."""
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]
