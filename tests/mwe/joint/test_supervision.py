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
    assert drawn.negative_BK.shape == (len(track), 3)
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


@settings(deadline=None, max_examples=40)
@given(belongs=hnp.arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 9))))
def test_belonging_and_labels_are_those_of_the_table(belongs):
    tracks, asked = torch.arange(len(belongs)).flip(0), torch.arange(belongs.shape[1]).roll(2)
    found = prototypes(belongs)
    np.testing.assert_array_equal(found.belongs(tracks, asked), belongs[tracks.numpy()][:, asked.numpy()])
    np.testing.assert_array_equal(found.labels(tracks), belongs[tracks.numpy()].astype(np.float32))


@settings(deadline=None, max_examples=40)
@given(belongs=hnp.arrays(bool, st.tuples(st.integers(1, 40), st.integers(2, 9))))
def test_repeatable_draws_depend_on_the_track_alone_and_are_never_wrong(belongs):
    tracks = torch.arange(len(belongs))
    drawn = prototypes(belongs).draw(tracks, negatives=3, repeatable=True)
    assert drawn.negative_BK.shape == (len(tracks), 3)
    again = prototypes(belongs).draw(tracks.flip(0), negatives=3, repeatable=True)
    assert torch.equal(again.positive_B.flip(0), drawn.positive_B)
    assert torch.equal(again.negative_BK.flip(0), drawn.negative_BK)
    own, valid = torch.from_numpy(belongs), drawn.valid_B
    assert own[valid].gather(1, drawn.positive_B[valid, None]).all()
    assert not own[valid].gather(1, drawn.negative_BK[valid]).any()


def test_repeatable_draws_reach_every_prototype_about_equally():
    belongs = np.zeros((5000, 20), bool)
    belongs[:, :5] = True
    drawn = prototypes(belongs).draw(torch.arange(5000), negatives=2, repeatable=True)
    np.testing.assert_allclose(torch.bincount(drawn.positive_B, minlength=20)[:5], 1000, rtol=0.1)
    for column in drawn.negative_BK.T:
        np.testing.assert_allclose(torch.bincount(column, minlength=20)[5:], 5000 / 15, rtol=0.1)


def test_a_million_negatives_at_the_size_of_msd_are_never_positives():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    rows, columns = np.repeat(np.arange(10_000), 10), rng.integers(0, 900, 100_000)
    table = sparse.csr_array((np.ones(100_000, bool), (rows, columns)), shape=(10_000, 900))
    table.sum_duplicates()
    found = PrototypeSet(np.zeros((900, 2), np.float32), table)
    track = torch.from_numpy(rng.integers(0, 10_000, 10_000))
    drawn = found.draw(track, negatives=100)
    own = found.labels(track).bool()
    assert not own.gather(1, drawn.negative_BK).any()
    assert own.gather(1, drawn.positive_B[:, None]).all()


def test_a_table_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="3 prototypes do not fit"):
        PrototypeSet(np.zeros((3, 2), np.float32), sparse.csr_array(np.ones((2, 2), bool)))
