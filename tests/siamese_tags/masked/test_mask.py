import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from siamese_tags.masked.mask import reveal, reveal_seeded


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.integers(0, 10_000), st.floats(0.0, 1.0))
def test_half_of_the_tags_and_no_others(n_tags, seed, share):
    membership = torch.rand(30, n_tags, generator=torch.Generator().manual_seed(seed)) < share
    revealed = reveal(membership, torch.Generator().manual_seed(seed + 1))
    assert not (revealed & ~membership).any()
    assert (revealed.sum(dim=1) == membership.sum(dim=1) // 2).all()


def test_uniform_and_fresh_for_every_row():
    membership = (torch.arange(12) % 2 == 0).expand(6000, 12)
    revealed = reveal(membership, torch.Generator().manual_seed(0))
    assert (revealed.float().mean(dim=0)[::2] - 0.5).abs().max() < 0.03
    pairs = (revealed[:, 0] & revealed[:, 2]).float().mean()
    assert abs(pairs.item() - 3 / 6 * 2 / 5) < 0.03


def test_a_function_of_the_seed():
    membership = torch.ones(20, 9, dtype=torch.bool)
    assert (reveal_seeded(membership, 3) == reveal_seeded(membership, 3)).all()
    assert (reveal_seeded(membership, 3) != reveal_seeded(membership, 4)).any()
