"""The hinge against a loop over triplets, and its gradients."""

import numpy as np
import pytest
import torch

from mwe.joint import cosine_hinge


def slow_hinge(anchor, positive, negative, valid, margin):
    def cosine(a, b):
        return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))

    losses = []
    for a, p, ns, ok in zip(anchor, positive, negative, valid, strict=True):
        if ok:
            losses.append(np.mean([max(0.0, margin - cosine(a, p) + cosine(a, n)) for n in ns]))
    return np.mean(losses)


@pytest.mark.parametrize("margin", [0.1, 0.4, 1.0])
def test_equals_a_loop_over_triplets(margin):
    generator = torch.Generator().manual_seed(0)
    anchor, positive = torch.randn(2, 10, 6, generator=generator, dtype=torch.float64)
    negative = torch.randn(10, 3, 6, generator=generator, dtype=torch.float64)
    valid = torch.arange(10) % 3 > 0
    found = cosine_hinge(anchor, positive, negative, valid, margin)
    assert found.item() == pytest.approx(slow_hinge(anchor.numpy(), positive.numpy(), negative.numpy(), valid, margin))


def test_no_valid_anchor_gives_zero_with_a_gradient():
    anchor = torch.randn(2, 3, requires_grad=True)
    loss = cosine_hinge(anchor, torch.randn(2, 3), torch.randn(2, 1, 3), torch.zeros(2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(anchor.grad).all()


def test_gradients_are_right_and_finite_at_zero():
    generator = torch.Generator().manual_seed(1)
    parts = [
        torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in ((4, 3), (4, 3), (4, 2, 3))
    ]
    valid = torch.tensor([True, True, False, True])
    assert torch.autograd.gradcheck(lambda *given: cosine_hinge(*given, valid, margin=2.5), parts)
    silent = torch.zeros(1, 3, requires_grad=True)
    cosine_hinge(silent, torch.randn(1, 3), torch.randn(1, 1, 3), torch.ones(1, dtype=torch.bool)).backward()
    assert torch.isfinite(silent.grad).all()
