"""Blocks of the skip-gram: gradients against a slow loop, windows, whole lines, distributions, rates of rows."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import nn

from mwe.words.torch_adagrad import RowAdagrad
from mwe.words.torch_blocks import (
    BlockSampler,
    Vectors,
    gradients,
    kept_share,
    mean_objective,
    noise_edges,
    whole_lines,
)
from mwe.words.torch_tokens import LINE_END


def sampler(vocabulary=6, window=2, block=4, noise=3, whole=False):
    edges = torch.from_numpy(noise_edges(np.ones(vocabulary)))
    return BlockSampler(torch.ones(vocabulary), edges, window, block, noise, whole)


def pairs_of(drawn):
    """Places of a stretch that predict each other, where every token of it is another one."""
    found = []
    for block, out, into in drawn.pair_BLH.nonzero().tolist():
        found.append((int(drawn.output_BL[block, out]), int(drawn.input_BH[block, into])))
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_gradients_are_those_of_a_loop_over_pairs(whole):
    generator = torch.Generator().manual_seed(0)
    token = torch.tensor([0, 1, LINE_END, 2, 1, LINE_END, 3, 4, LINE_END, 5, 0, LINE_END, 1, 5])
    blocks = sampler(whole=whole).draw(token, generator)
    assert (len(blocks.input_BH), blocks.input_BH.shape[1]) == (3, 4 if whole else 8)
    input_VD, output_VD = (torch.randn(6, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    vectors = Vectors(input_VD[blocks.input_BH], output_VD[blocks.output_BL], output_VD[blocks.noise_BN])
    pair_BLH = blocks.pair_BLH.double()
    tables = [table.clone().requires_grad_() for table in (input_VD, output_VD)]
    total = torch.zeros((), dtype=torch.float64)
    for block, out, into in blocks.pair_BLH.nonzero().tolist():
        vector = tables[0][blocks.input_BH[block, into]]
        total = total + (tables[1][blocks.output_BL[block, out]] @ vector).sigmoid().log()
        noise = blocks.noise_BN[block].tolist()
        total = total + sum(20 / len(noise) * (-tables[1][row] @ vector).sigmoid().log() for row in noise)
    total.backward()
    torch.testing.assert_close(mean_objective(vectors, pair_BLH, 20), total.detach() / pair_BLH.sum())
    found = gradients(vectors, pair_BLH, 20)
    by_input = torch.zeros_like(input_VD).index_add(0, blocks.input_BH.flatten(), found.input_BHD.flatten(0, 1))
    by_output = torch.zeros_like(output_VD).index_add(0, blocks.output_BL.flatten(), found.output_BLD.flatten(0, 1))
    by_output.index_add_(0, blocks.noise_BN.flatten(), found.noise_BND.flatten(0, 1))
    torch.testing.assert_close(by_input, tables[0].grad)
    torch.testing.assert_close(by_output, tables[1].grad)


@given(lengths=st.lists(st.integers(0, 12), min_size=1, max_size=30), whole=st.booleans(), seed=st.integers(0, 99))
def test_pairs_are_all_within_the_drawn_windows_of_a_line_and_none_twice(lengths, whole, seed):
    line = [number for number, length in enumerate(lengths) for _ in range(length)]
    stretch, at = [], 0
    for length in lengths:
        stretch += [*range(at, at + length), LINE_END]
        at += length
    drawn = sampler(max(at, 1), window=5, block=8, whole=whole).draw(
        torch.tensor(stretch), torch.Generator().manual_seed(seed)
    )
    if whole and 1 < max(lengths) <= 4:
        assert drawn.input_BH.shape[1] == 8
    found = pairs_of(drawn)
    assert len(set(found)) == len(found)
    reach = {}
    for out, into in found:
        assert 0 < abs(out - into) <= 5
        assert line[out] == line[into]
        reach[out] = max(reach.get(out, 0), abs(out - into))
    expected = {
        (out, into)
        for out, far in reach.items()
        for into in range(max(0, out - far), min(at, out + far + 1))
        if out != into and line[out] == line[into]
    }
    assert set(found) == expected
    assert set(reach) == {place for place in range(at) if lengths[line[place]] > 1}


def test_windows_are_of_all_breadths():
    drawn = sampler(400, window=5, block=64).draw(torch.arange(400), torch.Generator().manual_seed(0))
    reach = {}
    for out, into in pairs_of(drawn):
        reach[out] = max(reach.get(out, 0), abs(out - into))
    assert chisquare(np.bincount(list(reach.values()), minlength=6)[1:]).pvalue > 0.001


@given(sizes=st.lists(st.integers(2, 10), min_size=1, max_size=40), block=st.integers(10, 25))
def test_blocks_of_whole_lines_hold_as_many_as_fit(sizes, block):
    starts = whole_lines(torch.tensor(sizes), block).tolist()
    expected, filled, at = [0], 0, 0
    for size in sizes:
        if filled + size > block:
            expected.append(at)
            filled = 0
        filled += size
        at += size
    assert starts == expected


def test_a_stretch_without_a_pair_has_no_block():
    lonely = torch.tensor([0, LINE_END, 1, LINE_END])
    drawn = sampler(whole=True).draw(lonely, torch.Generator().manual_seed(0))
    assert [len(part) for part in drawn] == [0, 0, 0, 0]


def test_noise_and_sub_sampling_follow_their_distributions():
    counts = np.array([5000, 900, 100, 30, 4, 1])
    share = kept_share(counts, 0.01)
    frequency = counts / counts.sum()
    word2vec = [min(1, (math.sqrt(f / 0.01) + 1) * 0.01 / f) for f in frequency]
    np.testing.assert_allclose(share, word2vec, rtol=1e-6)
    assert (kept_share(counts, 0) == 1).all()
    draw = BlockSampler(torch.from_numpy(share), torch.from_numpy(noise_edges(counts)), 1, 10, 50)
    each = 20_000
    blocks = draw.draw(torch.arange(6).repeat(each), torch.Generator().manual_seed(0))
    noise = np.bincount(blocks.noise_BN.flatten().numpy(), minlength=6)
    assert chisquare(noise, counts**0.75 / (counts**0.75).sum() * noise.sum()).pvalue > 0.001
    used = blocks.pair_BLH.any(dim=2)
    kept = np.bincount(blocks.output_BL[used].numpy(), minlength=6)
    for token in range(6):
        if share[token] == 1:
            assert kept[token] == each
        else:
            expected = [each * word2vec[token], each * (1 - word2vec[token])]
            assert chisquare([kept[token], each - kept[token]], expected).pvalue > 0.001


def test_a_row_ascends_by_the_root_of_its_squares_also_when_listed_twice():
    table = nn.Parameter(torch.zeros(3, 2))
    optimizer = RowAdagrad([table], epsilon=0.0)
    rows, gradient = torch.tensor([0, 2, 2]), torch.tensor([[3.0, 4.0], [1.0, 0.0], [2.0, 0.0]])
    optimizer.ascend(table, rows, gradient.clone(), rate=0.1)
    expected = torch.tensor([[0.06, 0.08], [0, 0], [0.3 / math.sqrt(5), 0]])
    torch.testing.assert_close(table.detach(), expected)
    optimizer.ascend(table, rows[:1], gradient[:1].clone(), rate=0.1)
    torch.testing.assert_close(table.detach()[0], torch.tensor([0.3, 0.4]) * (1 / 5 + 1 / math.sqrt(50)))
    other = RowAdagrad([table])
    other.load_state_dict(optimizer.state_dict())
    torch.testing.assert_close(other.state[table]["squares"], optimizer.state[table]["squares"])
