import pytest
import torch

from siamese_tags.pairs import Examples, draw_tags, partners, tag_order, targets, with_negatives


@pytest.fixture
def membership(generator):
    drawn = torch.rand(30, 12, generator=generator) < 0.3
    drawn[:, 0], drawn[:, 1] = True, False
    drawn[0] = False
    drawn[0, 5] = True
    return drawn


def test_order_has_own_tags_first(membership):
    order = tag_order(membership)
    for row in range(len(membership)):
        own = order.order_DT[row, : order.count_D[row]].tolist()
        assert sorted(own) == membership[row].nonzero().flatten().tolist()
        assert sorted(order.order_DT[row].tolist()) == list(range(12))


def test_draws_respect_the_sign_and_are_uniform(membership, generator):
    document = torch.full((30_000,), 7)
    for sign in (1.0, -1.0):
        tags = draw_tags(tag_order(membership), document, torch.full((30_000,), sign), generator)
        expected = membership[7] if sign > 0 else ~membership[7]
        share = torch.bincount(tags, minlength=12) / 30_000
        torch.testing.assert_close(share, expected / expected.sum(), atol=0.02, rtol=0)


def test_one_negative_per_positive_never_in_the_document(membership, generator):
    document, tag = membership.nonzero().unbind(dim=1)
    for _ in range(20):
        examples = with_negatives(tag_order(membership), document, tag, generator)
        there = membership[examples.document_N, examples.tag_N]
        assert (there == (examples.sign_N > 0)).all()
        assert (examples.document_N[: len(document)] == examples.document_N[len(document) :]).all()
        assert examples.sign_N.sum() == 0


def test_a_one_tag_document_gives_its_tag(membership, generator):
    tags = draw_tags(tag_order(membership), torch.zeros(50, dtype=torch.long), torch.ones(50), generator)
    assert (tags == 5).all()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_share_of_pairs_inside_one_document(membership, generator, share):
    document, tag = membership.nonzero().unbind(dim=1)
    order = tag_order(membership)
    first = with_negatives(order, document, tag, generator)
    inside, positive, n_pairs = 0.0, 0.0, 0
    for _ in range(40):
        second = partners(order, first, document, share, generator)
        assert (membership[second.document_N, second.tag_N] == (second.sign_N > 0)).all()
        inside += (second.document_N == first.document_N).sum().item()
        positive += (second.sign_N > 0).sum().item()
        n_pairs += len(second.sign_N)
    # random partners meet the document by chance, with its share of the positive examples
    by_chance = (membership.sum(1) / membership.sum()).square().sum().item()
    assert inside / n_pairs == pytest.approx(share + (1 - share) * by_chance, abs=0.02)
    assert positive / n_pairs == pytest.approx(0.5, abs=0.02)


def test_partners_come_from_training_documents_only(membership, generator):
    document, tag = membership[:20].nonzero().unbind(dim=1)
    order = tag_order(membership)
    first = with_negatives(order, document, tag, generator)
    assert partners(order, first, document, 0.5, generator).document_N.max() < 20


def test_targets_are_the_bag_or_its_complement():
    bags = torch.tensor([[1.0, -1, -1], [-1, 1, 1]])
    examples = Examples(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), torch.tensor([1.0, -1, 1]))
    assert targets(bags, examples).tolist() == [[1, -1, -1], [-1, 1, 1], [-1, 1, 1]]
