import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from siamese_tags.masked.encoder import ContextEncoder, hidden_tags_loss, mean_log_odds, warm_cosine
from siamese_tags.masked.members import MemberLinear, member_perceptron
from siamese_tags.masked.space import REACH, ContextSpace

N_TAGS = 9


def encoder_of(members=1, layers=1, seed=0):
    torch.manual_seed(seed)
    encoder = ContextEncoder(N_TAGS, width=8, layers=layers, members=members).eval()
    for parameter in encoder.parameters():  # biases and sizes that start at zero would hide mistakes
        torch.nn.init.normal_(parameter, std=0.5)
    return encoder


def sets_of(number=6, seed=1):
    revealed = torch.rand(number, N_TAGS, generator=torch.Generator().manual_seed(seed)) < 0.4
    revealed[:, 0] |= ~revealed.any(dim=1)
    return revealed


def member_of(encoder, number):
    """One member as an encoder of its own."""
    alone = ContextEncoder(**{**encoder.settings, "members": 1}).eval()
    alone.load_state_dict({name: value[number : number + 1] for name, value in encoder.state_dict().items()})
    return alone


def test_sets_without_tags_have_one_finite_context():
    encoder, revealed = encoder_of(members=2), sets_of()
    revealed[[1, 4]] = False
    context = encoder.context(revealed)
    assert context.isfinite().all()
    assert torch.equal(context[1], context[4])
    torch.testing.assert_close(context[[0, 2, 3, 5]], encoder.context(revealed[[0, 2, 3, 5]]))


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_members_are_what_each_is_alone(layers):
    encoder, revealed = encoder_of(members=3, layers=layers), sets_of()
    alone = [member_of(encoder, number) for number in range(3)]
    probability = torch.stack([one(revealed).sigmoid() for one in alone]).mean(dim=0)
    torch.testing.assert_close(encoder(revealed).sigmoid(), probability)
    torch.testing.assert_close(encoder.context(revealed), torch.cat([one.context(revealed) for one in alone], dim=1))
    document, tag = revealed.nonzero().unbind(dim=1)
    squared = torch.stack([one.squared_distances(revealed, document, tag) for one in alone]).mean(dim=0)
    torch.testing.assert_close(encoder.squared_distances(revealed, document, tag), squared)


def test_member_layers_are_the_layers_of_torch():
    torch.manual_seed(0)
    rows = torch.randn(2, 4, 8)
    layer = MemberLinear(2, 8, 3)
    expected = torch.stack([rows[m] @ layer.weight_MIO[m] + layer.bias_MO[m] for m in range(2)])
    torch.testing.assert_close(layer(rows), expected)
    norm = member_perceptron(2, 8, 0.0)[0]
    reference = torch.nn.LayerNorm(8)
    torch.testing.assert_close(norm(rows), reference(rows))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_a_document_does_not_depend_on_its_batch_nor_a_set_on_its_order(seed, members):
    encoder, revealed = encoder_of(members, seed=seed), sets_of(seed=seed)
    whole = encoder(revealed)
    torch.testing.assert_close(torch.cat([encoder(row[None]) for row in revealed]), whole)
    order = torch.randperm(N_TAGS, generator=torch.Generator().manual_seed(seed))
    renamed = ContextEncoder(**encoder.settings).eval()
    state = encoder.state_dict()
    state |= {name: state[name][:, order] for name in ("tags_MTE", "bias_MT")}
    renamed.load_state_dict(state)
    torch.testing.assert_close(renamed(revealed[:, order]), whole[:, order])


def test_mean_log_odds_are_exact_far_out():
    logits = torch.tensor([[[-80.0, 3.0]], [[-90.0, 5.0]]])
    mean = logits.double().sigmoid().mean(dim=0)
    torch.testing.assert_close(mean_log_odds(logits).double(), mean.log() - (1 - mean).log())
    torch.testing.assert_close(mean_log_odds(logits[:1]), logits[0])


def test_distances_are_those_between_embeddings():
    encoder, revealed = encoder_of(members=3), sets_of()
    document, tag = revealed.nonzero().unbind(dim=1)
    squared = encoder.squared_distances(revealed, document, tag)
    for place, (row, query) in enumerate(zip(document.tolist(), tag.tolist(), strict=True)):
        context = revealed[row].expand(N_TAGS, -1)
        every = encoder.embed(context, torch.arange(N_TAGS))
        candidates = ~revealed[row]
        expected = (every - every[query]).square().sum(dim=1)
        torch.testing.assert_close(squared[place][candidates], expected[candidates])


def test_embedding_distance_is_a_metric_that_changes_with_the_context():
    encoder, revealed = encoder_of(members=2), sets_of()
    embedded = torch.stack([encoder.embed(row.expand(N_TAGS, -1), torch.arange(N_TAGS)) for row in revealed])
    distance = torch.cdist(embedded, embedded, compute_mode="donot_use_mm_for_euclid_dist")
    torch.testing.assert_close(distance, distance.mT)
    assert (distance.diagonal(dim1=1, dim2=2) == 0).all()
    assert (distance[:, :, None] <= distance[:, :, :, None] + distance[:, None] + 1e-4).all()
    assert len({tuple(row.argsort().tolist()) for row in distance[:, 0]}) > 1


def test_the_distance_loss_leaves_tags_and_contexts_alone():
    encoder, revealed = encoder_of(members=2).train(), sets_of()
    hidden = ~revealed & (torch.arange(N_TAGS) % 2 == 0)
    _, distance = encoder.losses(revealed, hidden, revealed.int().argmax(dim=1))
    distance.backward()
    assert encoder.tags_MTE.grad is None
    assert encoder.bias_MT.grad is None
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in encoder.space.parameters())


def test_losses_are_means_over_members():
    encoder, revealed = encoder_of(members=2, layers=0), sets_of()
    hidden, query = ~revealed, revealed.int().argmax(dim=1)
    alone = [torch.stack(member_of(encoder, number).losses(revealed, hidden, query)) for number in range(2)]
    torch.testing.assert_close(torch.stack(encoder.losses(revealed, hidden, query)), torch.stack(alone).mean(dim=0))


def test_revealed_tags_have_no_part_in_the_loss():
    logits = torch.zeros(1, 2, 5, requires_grad=True)
    revealed = torch.tensor([[1, 0, 0, 0, 0], [1, 1, 0, 0, 0]], dtype=torch.bool)
    hidden = torch.tensor([[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], dtype=torch.bool)
    loss = hidden_tags_loss(logits, revealed, hidden)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert (logits.grad[0][revealed] == 0).all()
    assert (logits.grad[0][hidden] < 0).all()


def test_an_untrained_encoder_starts_at_the_log_odds():
    encoder = ContextEncoder(6, width=8, layers=2, members=2).eval()
    frequency = torch.tensor([0.1, 0.5, 0.9, 0.2, 0.0, 1.0])
    encoder.start_at(frequency)
    assert torch.isfinite(encoder.bias_MT).all()
    for bias_T in encoder.bias_MT:
        assert bias_T[:4].sigmoid().tolist() == pytest.approx(frequency[:4].tolist())


def test_new_tags_leave_the_others_as_they_were():
    encoder, revealed = encoder_of(members=2), sets_of()
    copied = [encoder.tags_MTE[:, 3:5].detach(), encoder.bias_MT[:, 3:5].detach()]
    wider = encoder.extended(*copied)
    padded = torch.nn.functional.pad(revealed, (0, 2))
    logits = wider(padded)
    torch.testing.assert_close(logits[:, :N_TAGS], encoder(revealed))
    torch.testing.assert_close(logits[:, N_TAGS:], logits[:, 3:5])
    tag = torch.full((len(revealed),), 3)
    torch.testing.assert_close(
        wider.embed(padded & (torch.arange(N_TAGS + 2) != 3), tag),
        wider.embed(padded & (torch.arange(N_TAGS + 2) != 3), tag + N_TAGS - 3),
    )


def test_learning_rate_schedule():
    shares = [warm_cosine(step, 100, 10) for step in range(101)]
    assert shares[0] == 0.1
    assert max(shares) == shares[9] == 1
    assert shares[55] == pytest.approx(0.5)
    assert shares[100] == pytest.approx(0)


def test_an_untrained_space_reaches_as_far_as_contexts_are_from_the_origin():
    space = ContextSpace(members=2, width=3)
    context_MDE = torch.tensor([1.0, -1.0, 1.0]).expand(2, 1, 3)  # normalised: its squared length is the width
    squared_MD = space.centres(context_MDE).square().sum(dim=2)
    torch.testing.assert_close(space.reach_M, REACH + squared_MD[:, 0])
