import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from siamese_tags.masked.mask import reveal_seeded
from siamese_tags.masked.metrics import FIGURES, MaskedPrimingMetric, masked_figures, random_figures
from siamese_tags.metrics import CUTOFFS


def slow_figures(scores, revealed, hidden):
    """One query by the definitions, with lists."""
    candidates = [tag for tag in range(len(scores)) if not revealed[tag]]
    ranked = [bool(hidden[tag]) for tag in sorted(candidates, key=lambda tag: -scores[tag])]
    precision = [sum(ranked[:k]) / k for k in range(1, len(ranked) + 1)]
    at_k = [sum(ranked[:k]) / k for k in CUTOFFS]
    n_hidden = sum(ranked)
    average = sum(p for p, hit in zip(precision, ranked, strict=True) if hit) / n_hidden
    return [*at_k, sum(precision[:n_hidden]) / n_hidden, average]


def masked(n_documents, n_tags, seed, share=0.5):
    membership = torch.rand(n_documents, n_tags, generator=torch.Generator().manual_seed(seed)) < share
    membership[:, :2] = True
    revealed = reveal_seeded(membership, seed)
    return revealed, membership & ~revealed


@settings(max_examples=60, deadline=None)
@given(st.integers(10, 25), st.integers(0, 10_000), st.floats(0.01, 0.99))
def test_figures_against_a_loop(n_tags, seed, share):
    revealed, hidden = masked(7, n_tags, seed, share)
    scores = torch.tensor(np.random.default_rng(seed).normal(size=(7, n_tags)))
    got = masked_figures(scores, ~revealed, hidden)
    expected = [slow_figures(*rows) for rows in zip(scores.tolist(), revealed.tolist(), hidden.tolist(), strict=True)]
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_revealed_tags_are_no_candidates():
    revealed, hidden = masked(50, 20, 0)
    figures = masked_figures(revealed * 100.0 + hidden + torch.rand(50, 20).double() / 2, ~revealed, hidden)
    assert (figures[:, [0, 4, 5]] == 1).all()


def test_random_is_what_ties_come_to_on_average():
    revealed, hidden = masked(4000, 16, 1, share=0.4)
    ids = torch.arange(4000)
    drawn, expected = MaskedPrimingMetric(), MaskedPrimingMetric()
    drawn.add_documents(ids, torch.zeros(4000, 16), revealed, hidden)
    expected.add_figures(ids, revealed.sum(dim=1), random_figures(~revealed, hidden))
    for name, value in expected.compute().items():
        assert drawn.compute()[name].item() == pytest.approx(value.item(), abs=1.0), name


@pytest.mark.parametrize("block", [1, 7, 60])
def test_documents_weigh_by_queries_whatever_the_batches(block):
    revealed, hidden = masked(60, 30, 2)
    scores = torch.rand(60, 30, generator=torch.Generator().manual_seed(0))
    by_document, by_query = MaskedPrimingMetric(), MaskedPrimingMetric()
    for rows in torch.arange(60).split(block):
        by_document.add_documents(rows, scores[rows], revealed[rows], hidden[rows])
        document, tag = revealed[rows].nonzero().unbind(dim=1)
        by_query.add_queries(rows, document, tag, scores[rows][document], revealed[rows], hidden[rows])
    by_query.update(by_query.ids[0], by_query.rows[0])  # a repeat counts once
    figures = np.array(
        [slow_figures(*one) for one in zip(scores.tolist(), revealed.tolist(), hidden.tolist(), strict=True)]
    )
    expected = 100 * np.average(figures, axis=0, weights=revealed.sum(dim=1))
    for metric in (by_document, by_query):
        assert [metric.compute()[name].item() for name in FIGURES] == pytest.approx(expected.tolist(), abs=1e-3)


def test_not_finite_is_named():
    revealed, hidden = masked(3, 10, 0)
    scores = torch.zeros(3, 10)
    scores[1, 4] = float("inf")
    with pytest.raises(ValueError, match="scores of document 8"):
        MaskedPrimingMetric().add_documents(torch.tensor([7, 8, 9]), scores, revealed, hidden)


def _measure(rank, world, path):
    revealed, hidden = masked(31, 12, 5)
    rows = torch.arange(31)[rank::world]
    metric = MaskedPrimingMetric()
    metric.add_documents(rows, torch.arange(12.0).expand(len(rows), 12), revealed[rows], hidden[rows])
    if (figures := metric.compute()) and rank == 0:
        torch.save(figures, path)


def test_two_processes_measure_what_one_does(in_processes, tmp_path):
    revealed, hidden = masked(31, 12, 5)
    one = MaskedPrimingMetric()
    one.add_documents(torch.arange(31), torch.arange(12.0).expand(31, 12), revealed, hidden)
    in_processes(_measure, 2, tmp_path / "figures.pt")
    two = torch.load(tmp_path / "figures.pt", weights_only=True)
    for name, value in one.compute().items():
        assert two[name].item() == pytest.approx(value.item(), abs=1e-4)
