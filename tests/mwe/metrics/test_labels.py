"""Sparse labels against the dense matrix they stand for."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from mwe.metrics import TagLabels

MATRICES = hnp.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 130)), elements=st.booleans())


@settings(deadline=None, max_examples=60)
@given(dense=MATRICES, data=st.data())
def test_blocks_and_choices_are_those_of_the_dense_matrix(dense, data):
    tracks, tags = dense.shape
    for labels in (TagLabels(torch.from_numpy(dense)), TagLabels(sparse.csr_array(dense))):
        own = slice(*sorted((data.draw(st.integers(0, tracks)), data.draw(st.integers(0, tracks)))))
        np.testing.assert_array_equal(labels.of_tracks(own), dense[own])
        own = slice(*sorted((data.draw(st.integers(0, tags)), data.draw(st.integers(0, tags)))))
        np.testing.assert_array_equal(labels.of_tags(own), dense[:, own].T)
        rows = data.draw(st.permutations(range(tracks)))[: data.draw(st.integers(0, tracks))]
        columns = data.draw(st.permutations(range(tags)))[: data.draw(st.integers(0, tags))]
        chosen = labels.select(torch.tensor(rows, dtype=torch.long), torch.tensor(columns, dtype=torch.long))
        np.testing.assert_array_equal(chosen.of_tracks(slice(0, len(rows))), dense[rows][:, columns])
        np.testing.assert_array_equal(labels.counts_of_tags(), dense.sum(axis=0))


def test_packed_bits_say_who_shares_a_tag():
    dense = np.random.default_rng(0).random((30, 200)) < 0.02
    bits = TagLabels(torch.from_numpy(dense)).packed()
    assert bits.shape == (30, 4)
    shares = ((bits[:, None] & bits[None]) != 0).any(dim=2)
    np.testing.assert_array_equal(shares, dense.astype(int) @ dense.astype(int).T > 0)


def test_explicit_zeros_of_a_sparse_matrix_are_no_labels():
    table = sparse.csr_array(np.array([[1, 0], [1, 1]]))
    table.data[0] = 0
    assert TagLabels(table).of_tracks(slice(0, 2)).tolist() == [[False, False], [True, True]]


def test_nothing_of_it_is_part_of_a_checkpoint():
    assert not TagLabels(torch.eye(3).bool()).state_dict()
