import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from siamese_tags.metrics import CUTOFFS, PrimingMetric, curve_area, priming_figures, shuffled_ties


def slow_figures(scores, related, levels=100):
    """One query by the definitions of Sect. 5.2: P@k, mean of P@1 … P@min(m, |d|), interpolated precision."""
    ranked = [related[place] for place in sorted(range(len(scores)), key=lambda place: -scores[place])]
    precision = [sum(ranked[:k]) / k for k in range(1, len(ranked) + 1)]
    recall = [sum(ranked[:k]) / sum(ranked) for k in range(1, len(ranked) + 1)]
    top = min(levels, sum(ranked))
    curve = [
        max(p for p, reached in zip(precision, recall, strict=True) if reached >= level / 10 - 1e-12)
        for level in range(11)
    ]
    return [precision[k - 1] for k in CUTOFFS] + [sum(precision[:top]) / top] + curve


@settings(max_examples=60, deadline=None)
@given(st.integers(10, 25), st.integers(0, 10_000), st.floats(0.01, 0.99))
def test_figures_against_a_loop(n_tags, seed, share):
    random = np.random.default_rng(seed)
    scores, related = random.normal(size=(7, n_tags)), random.random((7, n_tags)) < share
    related[:, 0] = True
    related[0] = False
    related[0, random.integers(n_tags)] = True  # a document with one tag
    related[1] = True  # a document with all tags
    got = priming_figures(torch.tensor(scores), torch.tensor(related))
    np.testing.assert_allclose(got, [slow_figures(s, r) for s, r in zip(scores, related, strict=True)], atol=1e-12)


def test_levels_cap_the_mean_precision():
    scores, related = torch.arange(12.0).double()[None], torch.arange(12)[None] % 2 == 0
    got = priming_figures(scores, related, levels=3)
    assert got[0, 4].item() == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_perfect_ranking():
    related = torch.tensor([[True] * 12 + [False] * 5])
    assert (priming_figures(related.double() + torch.rand(1, 17) / 2, related) == 1).all()


def analytic_random(sizes, n_tags, k):
    """P@k of the query first and all else at random, over queries."""
    p = np.average((sizes - 1) / (n_tags - 1), weights=sizes)
    return 100 * (1 + (k - 1) * p) / k


def metric_of(scores_of, membership, seed=0, block=4):
    metric = PrimingMetric(seed)
    for rows in torch.arange(len(membership)).split(block):
        document, tag = membership[rows].nonzero().unbind(dim=1)
        metric.add_documents(rows, document, tag, scores_of(rows[document], tag), membership[rows])
    return metric


@pytest.fixture
def membership():
    random = np.random.default_rng(0)
    return torch.tensor(random.random((300, 40)) < random.uniform(0.05, 0.4, size=(300, 1))) | (torch.arange(40) == 3)


def test_ties_are_broken_at_random(membership):
    """All scores equal but the query's: the analytic random ranking, and no tag is favoured by its place."""

    def query_first(document, tag):
        return torch.nn.functional.one_hot(tag, 40).float()

    figures = metric_of(query_first, membership).compute()
    sizes = membership.sum(1).numpy()
    assert figures["p@1"] == 100
    for k in (2, 5, 10):
        assert figures[f"p@{k}"].item() == pytest.approx(analytic_random(sizes, 40, k), abs=1.5)
    assert figures["p@10"] != metric_of(query_first, membership, seed=1).compute()["p@10"]


def test_tie_order_depends_on_document_query_and_tag_only():
    document, tag = torch.tensor([4, 9]), torch.tensor([2, 30])
    together = shuffled_ties(torch.zeros(2, 50), document, tag)
    alone = shuffled_ties(torch.zeros(1, 50), document[1:], tag[1:])
    assert (together[1] == alone[0]).all()
    assert (together[0].argsort() != together[1].argsort()).any()


def test_ties_stay_below_real_differences():
    scores = torch.tensor([[1.0, 1.0 - 1e-6, 0.0, -1.0, float("inf"), float("-inf")]], dtype=torch.float64)
    for seed in range(20):
        shuffled = shuffled_ties(scores, torch.tensor([0]), torch.tensor([0]), seed)
        assert shuffled.argsort(descending=True).tolist() == [[4, 0, 1, 2, 3, 5]]


def test_a_tag_at_infinity_does_not_enlarge_the_jitter_of_small_scores():
    scores = torch.tensor([[3e-12, 1e-12, float("inf"), 2e-12]], dtype=torch.float64)
    for seed in range(20):
        shuffled = shuffled_ties(scores, torch.tensor([0]), torch.tensor([2]), seed)
        assert shuffled.argsort(descending=True).tolist() == [[2, 0, 3, 1]]


def test_tie_order_is_uniform():
    document = torch.arange(6000)
    first = shuffled_ties(torch.zeros(6000, 6), document, document * 0).argmax(dim=1)
    assert (torch.bincount(first, minlength=6) / 6000 - 1 / 6).abs().max() < 0.02


def test_averages_over_queries_not_documents():
    membership = torch.tensor([[True] + [False] * 11, [True] * 11 + [False]])

    def scores(document, tag):
        ranked = torch.arange(12, 0, -1.0).expand(len(tag), 12)
        return torch.where((document == 0)[:, None], ranked.flip(1), ranked)

    # the one query of document 0 has its tag last, the eleven of document 1 have theirs first
    assert metric_of(scores, membership).compute()["p@1"].item() == pytest.approx(100 * 11 / 12)


@pytest.mark.parametrize("block", [1, 7, 300])
def test_batches_and_repeats_have_no_effect(membership, block):
    table = torch.rand(40, 40, generator=torch.Generator().manual_seed(0))
    whole = metric_of(lambda document, tag: table[tag], membership, block=300)
    parts = metric_of(lambda document, tag: table[tag], membership, block=block)
    parts.update(parts.ids[0], parts.rows[0])
    for name, value in whole.compute().items():
        assert parts.compute()[name].item() == pytest.approx(value.item(), abs=1e-4)
    assert pickle.loads(pickle.dumps(whole)).compute() == whole.compute()


def test_area_under_the_curve():
    assert curve_area(torch.ones(11)).item() == pytest.approx(1.0)
    assert curve_area(torch.linspace(1, 0, 11)).item() == pytest.approx(0.5)


def test_not_a_number_is_named(membership):
    broken = torch.full((1, 40), float("nan"))
    metric = PrimingMetric()
    with pytest.raises(ValueError, match="not finite among the scores of document 8"):
        metric.add_documents(torch.tensor([8]), torch.tensor([0]), torch.tensor([3]), broken, membership[8:9])


def test_nothing_seen_is_not_a_figure():
    with pytest.warns(UserWarning, match="called before the ``update``"):
        figures = PrimingMetric().compute()
    assert all(torch.isnan(value) for value in figures.values())
