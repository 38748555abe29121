"""How many pairs of each kind of eq. 4 the sampler draws, counted against what its rule makes one expect."""

import pytest
import torch

from siamese_tags.pairs import partners, tag_order, with_negatives

ROUNDS = 60


@pytest.mark.parametrize("share", [0.0, 0.5, 0.8])
def test_kinds_of_pairs_and_the_share_inside_one_document(generator, share):
    """Signs of both examples are fair coins and independent of the document: I1 and I2 a quarter each, I3 a half."""
    membership = torch.rand(25, 14, generator=generator) < 0.35
    membership[:, 0], membership[:, 1] = True, False
    document_P, tag_P = membership.nonzero().unbind(dim=1)
    order = tag_order(membership)
    counts = torch.zeros(2, 3)
    for _ in range(ROUNDS):
        first = with_negatives(order, document_P, tag_P, generator)
        second = partners(order, first, document_P, share, generator)
        inside = first.document_N == second.document_N
        kinds = torch.stack(
            [
                (first.sign_N > 0) & (second.sign_N > 0),
                (first.sign_N < 0) & (second.sign_N < 0),
                first.sign_N * second.sign_N < 0,
            ]
        )
        assert (kinds.sum(dim=0) == 1).all()
        counts += torch.stack([(kinds & where).sum(dim=1) for where in (inside, ~inside)])
    n_pairs = 2 * len(document_P) * ROUNDS
    assert counts.sum() == n_pairs
    # partners from elsewhere meet the document by chance, with its share of the positive examples
    by_chance = (membership.sum(dim=1) / membership.sum()).square().sum()
    expected_inside = share + (1 - share) * by_chance
    expected = torch.tensor([[0.25, 0.25, 0.5]]) * torch.stack([expected_inside, 1 - expected_inside])[:, None]
    # five standard deviations of a share; the first signs are fixed halves, which makes the counts vary less
    tolerance = 5 * (0.25 / n_pairs) ** 0.5
    torch.testing.assert_close(counts / n_pairs, expected, atol=tolerance, rtol=0)
