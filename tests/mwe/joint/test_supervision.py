"""Positives belong to the track, negatives never do, both uniform."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from mwe.joint import PrototypeSet


def prototypes(belongs):
    return PrototypeSet(np.zeros((belongs.shape[1], 2), np.float32), sparse.csr_array(belongs))


@settings(deadline=None, max_examples=60)
@given(belongs=hnp.arrays(bool, st.tuples(st.integers(1, 6), st.integers(2, 9))))
def test_no_draw_is_ever_wrong(belongs):
    torch.manual_seed(0)
    track = torch.arange(len(belongs)).repeat(40)
    drawn = prototypes(belongs).draw(track, negatives=3)
    own = torch.from_numpy(belongs)[track]
    assert (drawn.valid_B == (own.any(1) & ~own.all(1))).all()
    own, positive, negative = own[drawn.valid_B], drawn.positive_B[drawn.valid_B], drawn.negative_BK[drawn.valid_B]
    assert own.gather(1, positive[:, None]).all()
    assert not own.gather(1, negative).any()


def test_all_positives_and_all_negatives_are_equally_likely():
    torch.manual_seed(0)
    belongs = np.zeros((2, 10), bool)
    belongs[1, [0, 3, 9]] = True
    drawn = prototypes(belongs).draw(torch.ones(30_000, dtype=torch.long))
    positive = torch.bincount(drawn.positive_B, minlength=10) / 30_000
    negative = torch.bincount(drawn.negative_BK[:, 0], minlength=10) / 30_000
    np.testing.assert_allclose(positive, belongs[1] / 3, atol=0.015)
    np.testing.assert_allclose(negative, ~belongs[1] / 7, atol=0.015)


def test_a_table_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="3 prototypes do not fit"):
        PrototypeSet(np.zeros((3, 2), np.float32), sparse.csr_array(np.ones((2, 2), bool)))
