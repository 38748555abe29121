"""ROC-AUC against scikit-learn, recall@K against a slow loop: random, tied and degenerate."""

from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from mwe.metrics import (
    TagLabels,
    areas_by_row,
    binary_areas,
    functional,
    ndcg,
    query_by_track,
    recall_by_reading,
)

SCORES = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 4), st.integers(2, 30)), elements=st.sampled_from([-0.5, 0, 0.25, 1])
)


@settings(deadline=None, max_examples=100)
@given(scores=SCORES, data=st.data())
def test_roc_auc_equals_scikit_learn_with_ties(scores, data):
    labels = data.draw(hnp.arrays(bool, scores.shape))
    found = binary_areas(torch.from_numpy(scores), torch.from_numpy(labels)).roc_R
    for value, score, label in zip(found.tolist(), scores, labels, strict=True):
        if label.all() or not label.any():
            assert np.isnan(value)
        else:
            assert value == pytest.approx(roc_auc_score(label, score), abs=1e-9)


@settings(deadline=None, max_examples=100)
@given(scores=SCORES, data=st.data())
def test_both_areas_equal_scikit_learn_with_ties_and_with_candidates_left_out(scores, data):
    labels, kept = data.draw(hnp.arrays(bool, scores.shape)), data.draw(hnp.arrays(bool, scores.shape))
    given_scores = torch.from_numpy(np.where(kept, scores, -np.inf))
    found = binary_areas(given_scores, torch.from_numpy(labels))
    for roc, value, score, label, own in zip(*(part.tolist() for part in found), scores, labels, kept, strict=True):
        if not label[own].any():
            assert np.isnan(value)
        else:
            assert value == pytest.approx(average_precision_score(label[own], score[own]), abs=1e-9)
        if not label[own].any() or label[own].all():
            assert np.isnan(roc)
        else:
            assert roc == pytest.approx(roc_auc_score(label[own], score[own]), abs=1e-9)


@pytest.mark.parametrize("candidates", [50, 3000])
def test_roc_auc_equals_scikit_learn_on_random_cosines(candidates):
    rng = np.random.default_rng(0)
    scores = rng.uniform(-1, 1, (5, candidates)).astype(np.float32)
    labels = rng.random((5, candidates)) < 0.1
    found = binary_areas(torch.from_numpy(scores), torch.from_numpy(labels)).roc_R
    expected = [roc_auc_score(label, score) for label, score in zip(labels, scores, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@settings(deadline=None, max_examples=100)
@given(scores=SCORES, k=st.integers(1, 12), data=st.data())
def test_ndcg_equals_scikit_learn_with_ties(scores, k, data):
    gains = data.draw(hnp.arrays(np.float32, scores.shape, elements=st.sampled_from([0, 1, 2, 7])))
    found = ndcg(torch.from_numpy(scores), torch.from_numpy(gains), k)
    for value, score, gain in zip(found.tolist(), scores, gains, strict=True):
        if gain.any():
            assert value == pytest.approx(ndcg_score([gain], [score], k=k), abs=1e-9)
        else:
            assert np.isnan(value)


@settings(deadline=None, max_examples=50)
@given(scores=SCORES, data=st.data())
def test_roc_auc_leaves_out_candidates_at_minus_infinity(scores, data):
    labels = torch.from_numpy(data.draw(hnp.arrays(bool, scores.shape)))
    left_out = torch.from_numpy(data.draw(hnp.arrays(bool, scores.shape)))
    scores = torch.from_numpy(scores)
    found = binary_areas(scores.masked_fill(left_out, -torch.inf), labels).roc_R
    for value, score, label, out in zip(found, scores, labels, left_out, strict=True):
        alone = binary_areas(score[None, ~out], label[None, ~out]).roc_R[0]
        torch.testing.assert_close(value, alone, equal_nan=True, rtol=0, atol=1e-12)


def test_ndcg_leaves_out_candidates_at_minus_infinity():
    scores, gains = torch.tensor([[3.0, 2.0, -torch.inf, 1.0]]), torch.tensor([[0.0, 2.0, 9.0, 1.0]])
    kept = [0, 1, 3]
    torch.testing.assert_close(ndcg(scores, gains), ndcg(scores[:, kept], gains[:, kept]))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_rows_are_sorted_as_torch_sorts_them(kind):
    rows = torch.randn(3, 400, generator=torch.Generator().manual_seed(0)).to(kind)
    rows[0, ::7], rows[1, ::5], rows[2, 3] = -torch.inf, torch.inf, torch.nan
    given = rows.clone()
    torch.testing.assert_close(functional.sorted_rows(rows), rows.sort(dim=1).values, equal_nan=True, rtol=0, atol=0)
    torch.testing.assert_close(rows, given, equal_nan=True, rtol=0, atol=0)


def test_blocks_do_not_change_the_figures(monkeypatch):
    rng = np.random.default_rng(1)
    score, label = torch.from_numpy(rng.random((7, 20))), torch.from_numpy(rng.random((7, 20)) < 0.3)
    whole = areas_by_row(7, 20, lambda rows: (score[rows], label[rows]), "cpu").roc_R
    monkeypatch.setattr(functional, "BLOCK_NUMBERS", 45)
    torch.testing.assert_close(
        areas_by_row(7, 20, lambda rows: (score[rows], label[rows]), "cpu").roc_R, whole, equal_nan=True
    )


def test_areas_in_blocks_equal_areas_at_once(monkeypatch):
    rng = np.random.default_rng(2)
    score, label = torch.from_numpy(rng.random((7, 20))), torch.from_numpy(rng.random((7, 20)) < 0.3)
    whole = binary_areas(score, label)
    monkeypatch.setattr(functional, "BLOCK_NUMBERS", 45)
    for found, expected in zip(areas_by_row(7, 20, lambda rows: (score[rows], label[rows]), "cpu"), whole, strict=True):
        torch.testing.assert_close(found, expected, equal_nan=True)


def test_no_rankings_give_no_figure():
    nothing = areas_by_row(0, 5, lambda rows: (torch.zeros(0, 5), torch.zeros(0, 5)), "cpu")
    assert nothing.roc_R.numel() == nothing.pr_R.numel() == 0


def slow_recall(similarity, relevant, k):
    """Exact expectation over every order of tied tracks, by listing the orders."""
    total, counted = Fraction(0), 0
    for query, row in enumerate(similarity):
        others = [track for track in range(len(row)) if track != query]
        if not any(relevant[query][track] for track in others):
            continue
        counted += 1
        orders = [order for order in permutations(others) if all(row[a] >= row[b] for a, b in pairwise(order))]
        hits = sum(any(relevant[query][track] for track in order[:k]) for order in orders)
        total += Fraction(hits, len(orders))
    return (float(total / counted) if counted else None), len(similarity) - counted


@pytest.mark.parametrize("seed", range(8))
def test_recall_equals_a_slow_loop_with_ties(seed):
    rng = np.random.default_rng(seed)
    # few distinct directions, so that similarities tie
    unit = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 7)]
    relevant = rng.random((7, 7)) < 0.35
    found = query_by_track(torch.from_numpy(unit), lambda rows: torch.from_numpy(relevant[rows]), (1, 2, 4, 8))
    for value, k in zip(found.at.tolist(), (1, 2, 4, 8), strict=True):
        expected, excluded = slow_recall(unit @ unit.T, relevant, k)
        assert found.excluded == excluded
        assert np.isnan(value) if expected is None else value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("tags", [6, 70])  # one word of bits, and two
def test_recall_in_blocks_equals_recall_at_once_and_a_dense_product(monkeypatch, tags):
    generator = torch.Generator().manual_seed(0)
    unit = torch.nn.functional.normalize(torch.randn(50, 8, generator=generator), dim=1)
    dense = torch.rand(50, tags, generator=generator) < 1 / tags
    whole = recall_by_reading(unit, TagLabels(dense))
    shares = dense.float() @ dense.float().T > 0
    torch.testing.assert_close(
        whole["any"].each_NK, query_by_track(unit, lambda rows: shares[rows]).each_NK, equal_nan=True
    )
    monkeypatch.setattr(functional, "BLOCK_NUMBERS", 170)
    for name, found in recall_by_reading(unit, TagLabels(dense)).items():
        for part, expected in zip(found, whole[name], strict=True):
            torch.testing.assert_close(part, expected, equal_nan=True)


def test_two_readings_of_the_same_tags():
    # tracks 0 and 1 are nearest to each other and share one tag; 2 has the same set as 0 but is far
    unit = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.0, -1.0]]), dim=1)
    labels = TagLabels(torch.tensor([[1, 0], [1, 1], [1, 0], [0, 0]]).bool())
    found = recall_by_reading(unit, labels, (1,))
    assert found["any"].at == 1.0
    assert found["any"].excluded == 1  # track 3 has no tag
    assert found["identical"].at == 0.0
    assert found["identical"].excluded == 2  # tracks 1 and 3: nobody has their set


def test_tracks_without_tags_are_not_alike():
    unit = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]]), dim=1)
    labels = TagLabels(torch.tensor([[0, 0], [0, 0], [1, 0], [1, 0]]).bool())
    for name, found in recall_by_reading(unit, labels, (1,)).items():
        assert (found.at, found.excluded) == (1.0, 2), name
