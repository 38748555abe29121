"""Tag rank prediction against a loop over queries with scikit-learn's nDCG."""

import numpy as np
import pytest
import torch
from sklearn.metrics import ndcg_score
from torch.nn.functional import normalize

from mwe.metrics import TagRank, tag_rank


@pytest.fixture
def made():
    rng = np.random.default_rng(0)
    vectors = torch.from_numpy(rng.standard_normal((25, 6)).astype(np.float32))
    labels = rng.random((60, 25)) < 0.08
    counts = torch.from_numpy(labels.T.astype(np.float32) @ labels.astype(np.float32))
    return vectors, counts, torch.from_numpy(rng.random(25) < 0.4)


def by_loop(unit, counts, context, k=30):
    blocks = {}
    for query_kind, kind in [(a, b) for a in (False, True) for b in (False, True)]:
        values, excluded = [], 0
        for query in np.flatnonzero(context == query_kind):
            candidates = [c for c in np.flatnonzero(context == kind) if c != query]
            gains = counts[query, candidates]
            if gains.any():
                values.append(ndcg_score([gains], [unit[candidates] @ unit[query]], k=k))
            else:
                excluded += 1
        names = {False: "content", True: "context"}
        blocks[f"ndcg_{names[query_kind]}_{names[kind]}"] = np.mean(values)
        blocks[f"ndcg_{names[query_kind]}_{names[kind]}_excluded"] = excluded
    return blocks


@pytest.mark.parametrize("k", [3, 30])
def test_every_block_equals_the_loop(made, k):
    vectors, counts, context = made
    unit = normalize(vectors, dim=1)
    expected = by_loop(unit.double().numpy(), counts.numpy(), context.numpy(), k)
    found = {name: float(value) for name, value in tag_rank(unit, counts, context, k).items()}
    average = found.pop("ndcg_average")
    assert found == pytest.approx(expected, abs=1e-6)
    assert average == pytest.approx(np.mean([v for n, v in expected.items() if not n.endswith("excluded")]), abs=1e-6)


def test_order_batches_and_repeats_of_tags_do_not_change_the_figures(made):
    vectors, counts, context = made
    whole, parts = TagRank(counts, context, 6), TagRank(counts, context, 6)
    whole.update(torch.arange(25), vectors)
    for batch in (torch.tensor([7, 3, 24]), torch.arange(24, -1, -1)):
        parts.update(batch, vectors[batch])
    assert {n: float(v) for n, v in whole.compute().items()} == {n: float(v) for n, v in parts.compute().items()}


def test_a_block_without_any_common_track_has_no_figure_and_no_average():
    counts = torch.tensor([[5.0, 2.0, 0.0], [2.0, 5.0, 0.0], [0.0, 0.0, 1.0]])
    found = tag_rank(torch.eye(3), counts, torch.tensor([False, False, True]))
    assert "ndcg_content_content" in found
    assert "ndcg_content_context" not in found
    assert "ndcg_average" not in found
    assert found["ndcg_content_context_excluded"] == 2
