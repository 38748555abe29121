"""Bootstrap by weights against really repeating the drawn tracks."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from mwe.metrics.bootstrap import drawn_areas, drawn_counts, drawn_means, interval


def test_every_track_is_drawn_equally_often_and_the_same_everywhere():
    counts = drawn_counts(50, 400)
    assert (counts.sum(dim=1) == 50).all()
    np.testing.assert_allclose(counts.double().mean(dim=0), np.ones(50), atol=0.25)
    assert torch.equal(counts, drawn_counts(50, 400))


@pytest.mark.parametrize("block", [2**20, 60, 1])
def test_areas_are_those_of_repeated_tracks(block, monkeypatch):
    monkeypatch.setattr("mwe.metrics.bootstrap.BLOCK_NUMBERS", block)
    rng = np.random.default_rng(0)
    score = rng.integers(0, 9, (3, 40)).astype(np.float32)  # many ties
    label = rng.random((3, 40)) < 0.2
    score[1, :5] = -np.inf
    label[2] = False
    counts = drawn_counts(40, 12)
    found = drawn_areas(lambda tag: (torch.from_numpy(score[tag]), torch.from_numpy(label[tag])), 3, counts)
    for draw, count in enumerate(counts.numpy()):
        repeated = np.repeat(np.arange(40), count)
        for tag in range(2):
            own = repeated[np.isfinite(score[tag, repeated])]
            truth, given = label[tag, own], score[tag, own]
            assert found.roc_R[draw, tag].item() == pytest.approx(roc_auc_score(truth, given), abs=1e-9)
            assert found.pr_R[draw, tag].item() == pytest.approx(average_precision_score(truth, given), abs=1e-9)
    assert found.roc_R[:, 2].isnan().all()


def test_no_tags_have_no_areas():
    found = drawn_areas(lambda tag: (torch.zeros(4), torch.zeros(4).bool()), 0, drawn_counts(4, 3))
    assert found.roc_R.shape == found.pr_R.shape == (3, 0)


def test_means_leave_out_tracks_without_a_value():
    value = torch.tensor([1.0, torch.nan, 3.0])
    found = drawn_means(value, torch.tensor([[1, 1, 1], [2, 0, 1], [0, 3, 0]], dtype=torch.uint8))
    assert found[:2].tolist() == pytest.approx([2.0, 5 / 3])
    assert found[2].isnan()


def test_the_interval_of_a_mean_is_that_of_theory():
    value = torch.from_numpy(np.random.default_rng(1).normal(5, 2, 400))
    low, high = interval(drawn_means(value, drawn_counts(400, 2000)))
    half = 1.96 * value.std().item() / 20
    assert low.item() == pytest.approx(value.mean().item() - half, abs=0.03)
    assert high.item() == pytest.approx(value.mean().item() + half, abs=0.03)
    assert all(bound.isnan() for bound in interval(torch.full((3,), torch.nan)))
