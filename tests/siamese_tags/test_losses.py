import math

import pytest
import torch

from siamese_tags.losses import context_divergence, embedding_distance, prediction_loss, siamese_loss, total_loss


def signs(*shape):
    return torch.where(torch.rand(*shape) < 0.3, 1.0, -1.0).double()


def slow_prediction_loss(logits, targets, kappa):
    """Eq. 3, letter by letter."""
    n_examples, n_tags = targets.shape
    total = 0.0
    for k in range(n_examples):
        share = sum(1 for j in range(n_tags) if targets[k, j] == 1) / n_tags
        weight = share if kappa == "printed" else 1 - share
        for j in range(n_tags):
            y, estimate = targets[k, j].item(), math.tanh(logits[k, j].item())
            total += weight * (1 + y) * math.log(1 + estimate) + (1 - weight) * (1 - y) * math.log(1 - estimate)
    return -total / (2 * n_examples * n_tags)


@pytest.mark.parametrize("kappa", ["swapped", "printed"])
def test_prediction_loss_is_eq_3(kappa):
    torch.manual_seed(0)
    logits, targets = torch.randn(6, 9).double(), signs(6, 9)
    assert prediction_loss(logits, targets, kappa).item() == pytest.approx(slow_prediction_loss(logits, targets, kappa))


@pytest.mark.parametrize("kappa", ["swapped", "printed"])
def test_prediction_gradient_is_that_of_eq_3(kappa):
    """The loss brings its own derivative, so it is compared with automatic differentiation of the printed form."""
    torch.manual_seed(3)
    logits, targets = (3 * torch.randn(6, 9)).double().requires_grad_(), signs(6, 9)
    (2.5 * prediction_loss(logits, targets, kappa)).backward()
    share = (targets > 0).double().mean(dim=1, keepdim=True)
    weight = share if kappa == "printed" else 1 - share
    plain, estimate = logits.detach().clone().requires_grad_(), torch.tanh
    positive, negative = (weight * (1 + targets)), (1 - weight) * (1 - targets)
    slow = -(positive * torch.log1p(estimate(plain)) + negative * torch.log1p(-estimate(plain))).mean() / 2
    (2.5 * slow).backward()
    torch.testing.assert_close(logits.grad, plain.grad)


def test_swapped_kappa_weighs_the_rarer_side_more():
    targets = torch.tensor([[1.0, -1.0, -1.0, -1.0]])
    missed, invented = torch.tensor([[-2.0, -2.0, -2.0, -2.0]]), torch.tensor([[2.0, 2.0, -2.0, -2.0]])
    assert prediction_loss(missed, targets, "swapped") > prediction_loss(invented, targets, "swapped")
    assert prediction_loss(missed, targets, "printed") < prediction_loss(invented, targets, "printed")


def test_prediction_loss_is_finite_where_tanh_saturates():
    logits = torch.tensor([[200.0, -200.0, 200.0]], requires_grad=True)
    loss = prediction_loss(logits, torch.tensor([[-1.0, 1.0, 1.0]]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def slow_siamese_loss(distance, divergence, first, second, beta, rho, sensitivity):
    """Eq. 4 with rho where the supplement has it."""
    total = 0.0
    for e, kl, one, other in zip(distance, divergence, first, second, strict=True):
        similarity = math.exp(-sensitivity / 2 * kl)
        if one == 1 and other == 1:
            total += (e - beta * (1 - similarity)) ** 2
        elif one == -1 and other == -1:
            total += rho * (e - beta * (1 - similarity)) ** 2
        else:
            total += (e - beta) ** 2 * similarity
    return total / len(distance)


def test_siamese_loss_is_eq_4():
    torch.manual_seed(1)
    given = 4 * torch.rand(40).double(), 3 * torch.rand(40).double(), signs(40), signs(40)
    settings = {"beta": 2.5, "rho": 0.2, "sensitivity": 0.7}
    expected = slow_siamese_loss(*(part.tolist() for part in given), **settings)
    assert siamese_loss(*given, **settings).item() == pytest.approx(expected)


def test_siamese_loss_is_zero_where_every_wish_is_met():
    divergence = torch.tensor([0.0, 2.0, 1.0])
    met = torch.tensor([0.0, 3 * (1 - math.exp(-0.5)), 3.0])
    assert siamese_loss(met, divergence, torch.tensor([1.0, -1, 1]), torch.tensor([1.0, -1, -1])) < 1e-10


def test_gradients_against_finite_differences():
    torch.manual_seed(2)
    logits, targets = torch.randn(3, 5).double().requires_grad_(), signs(3, 5)
    for kappa in ("swapped", "printed"):
        assert torch.autograd.gradcheck(lambda z, k=kappa: prediction_loss(z, targets, k), logits)
    first, second = (torch.randn(6, 4).double().requires_grad_() for _ in range(2))
    contexts = torch.rand(2, 6, 3).double() + 0.1
    divergence, one, other = context_divergence(*contexts), signs(6), signs(6)

    def loss(a, b):
        return siamese_loss(embedding_distance(a, b), divergence, one, other)

    assert torch.autograd.gradcheck(loss, (first, second))


def test_distance_has_a_finite_gradient_at_zero():
    first = torch.ones(2, 3, requires_grad=True)
    embedding_distance(first, torch.ones(2, 3)).sum().backward()
    assert (first.grad == 0).all()


def test_divergence_by_hand_and_symmetric():
    one, other = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])
    expected = 0.25 * math.log(2) + (-0.25) * math.log(0.5 / 0.75)
    assert context_divergence(one, other).item() == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(context_divergence(one, other), context_divergence(other, one))


def test_divergence_of_clamped_one_hot_contexts_is_finite():
    contexts = torch.eye(3).clamp_min(1e-6)
    assert torch.isfinite(context_divergence(contexts, contexts.roll(1, dims=0))).all()


def test_total_loss_is_eq_5():
    assert total_loss(torch.tensor(1.0), torch.tensor(2.0), torch.tensor(0.5), alpha=10.0).item() == 8.0
