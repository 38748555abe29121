"""Retrieval between sides: every order of ties by hand, chance for zeros, medians of draws."""

from itertools import pairwise, permutations

import numpy as np
import pytest
import torch

from mwe.metrics import drawn_medians, paired_recall
from mwe.metrics import paired as module


def by_hand(score_C, right_C, ks):
    """Means over every order in which candidates are sorted by their scores."""
    orders = [
        order
        for order in permutations(range(len(score_C)))
        if all(score_C[first] >= score_C[second] for first, second in pairwise(order))
    ]
    ranks = [next(rank for rank, index in enumerate(order, 1) if right_C[index]) for order in orders]
    return [np.mean([rank <= k for rank in ranks]) for k in ks], np.mean(ranks)


@pytest.mark.parametrize("seed", range(6))
def test_ties_are_in_every_order(seed, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 14)  # blocks of two queries
    rng = np.random.default_rng(seed)
    query_QD = torch.from_numpy(rng.integers(0, 2, (5, 2)).astype(np.float32))
    candidate_CD = torch.from_numpy(rng.integers(0, 2, (7, 2)).astype(np.float32))
    track_Q, track_C = torch.tensor([0, 1, 2, 0, 9]), torch.tensor([0, 1, 0, 2, 3, 1, 3])
    recall = paired_recall(query_QD, candidate_CD, track_Q, track_C, ks=(1, 2, 5))
    for query in range(4):
        hits, rank = by_hand((candidate_CD @ query_QD[query]).tolist(), (track_C == track_Q[query]).tolist(), (1, 2, 5))
        assert recall.hit_QK[query].tolist() == pytest.approx(hits)
        assert recall.rank_Q[query].item() == pytest.approx(rank)
    assert recall.hit_QK[4].isnan().all()  # of a track without a candidate
    assert recall.rank_Q[4].isnan()


def test_equal_vectors_tie_however_their_products_are_added():
    row_D = torch.nn.functional.normalize(torch.randn(1, 515, generator=torch.Generator().manual_seed(0)), dim=1)
    every = torch.arange(67)
    recall = paired_recall(row_D.expand(67, -1), row_D.expand(67, -1).clone(), every, every)
    assert recall.rank_Q.tolist() == [34.0] * 67
    assert recall.hit_QK[:, 0].tolist() == pytest.approx([1 / 67] * 67)


def test_medians_equal_those_of_repeated_members():
    generator = torch.Generator().manual_seed(0)
    value_Q = torch.rand(9, generator=generator)
    value_Q[3] = torch.nan
    count_RQ = torch.randint(0, 4, (20, 9), generator=generator).to(torch.uint8)
    expected = [np.nanmedian(np.repeat(value_Q.numpy(), count_Q)) for count_Q in count_RQ.numpy()]
    assert drawn_medians(value_Q, count_RQ).tolist() == pytest.approx(expected)
    assert drawn_medians(value_Q, torch.zeros(1, 9, dtype=torch.uint8)).isnan().all()
    assert drawn_medians(torch.full((9,), torch.nan), count_RQ).isnan().all()
