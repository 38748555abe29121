import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from mwe.search import exact
from mwe.search.exact import ExactSearch, top


def slowly(query_QD, matrix_ND, k, allowed_N):
    """Sort all rows by score, then by row."""
    rows_QK, scores_QK = [], []
    for query_D in query_QD:
        score_N = matrix_ND.astype(np.float32) @ query_D
        order = sorted((row for row in range(len(matrix_ND)) if allowed_N[row]), key=lambda row: (-score_N[row], row))
        rows_QK.append(order[:k])
        scores_QK.append([score_N[row] for row in order[:k]])
    return rows_QK, scores_QK


@settings(max_examples=60, deadline=None)
@given(
    rows=some.integers(1, 40),
    k=some.integers(1, 12),
    block=some.integers(1, 50),
    kept=some.sampled_from([0.0, 0.03, 0.5, 1.0]),
    seed=some.integers(0, 1000),
    half=some.booleans(),
)
def test_it_finds_what_sorting_everything_finds(rows, k, block, kept, seed, half):
    rng = np.random.default_rng(seed)
    # small whole numbers: many ties, and no rounding in either type
    matrix_ND = rng.integers(-2, 3, (rows, 3)).astype(np.float16 if half else np.float32)
    query_QD = rng.integers(-2, 3, (4, 3)).astype(np.float32)
    allowed_N = rng.random(rows) < kept
    expected_rows, expected_scores = slowly(query_QD, matrix_ND, k, allowed_N)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "ROWS", block)
        found = ExactSearch(matrix_ND).nearest(query_QD, k, None if kept == 1 else allowed_N)
    if kept < 1 or allowed_N.all():
        assert found.rows_QK.tolist() == expected_rows
        assert found.scores_QK.tolist() == expected_scores


def test_a_mask_of_one_row_and_one_of_none(rng):
    matrix_ND = rng.standard_normal((200, 8)).astype(np.float32)
    only = np.zeros(200, dtype=bool)
    assert ExactSearch(matrix_ND).nearest(matrix_ND[:2], 5, only).rows_QK.shape == (2, 0)
    only[17] = True
    found = ExactSearch(matrix_ND).nearest(matrix_ND[:1], 5, only)
    assert found.rows_QK.tolist() == [[17]]
    np.testing.assert_allclose(found.scores_QK[0, 0], matrix_ND[0] @ matrix_ND[17], rtol=1e-5)


def test_queries_that_do_not_fit_are_refused(rng):
    search = ExactSearch(rng.standard_normal((3, 4)).astype(np.float32))
    with pytest.raises(ValueError, match=r"queries of shape \(1, 5\) do not fit 4 dimensions"):
        search.nearest(np.zeros((1, 5)), 1)
    with pytest.raises(ValueError, match="k is 0"):
        search.nearest(np.zeros((1, 4)), 0)


def test_top_takes_the_earlier_of_equals():
    assert top(np.array([1.0, 3.0, 3.0, 0.0, 3.0]), 2).tolist() == [1, 2]
    assert top(np.array([1.0, 1.0]), 5).tolist() == [0, 1]
