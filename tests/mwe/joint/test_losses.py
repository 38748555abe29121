"""The losses against loops over triplets and softmaxes, their gradients, and what they draw."""

import math

import numpy as np
import pytest
import torch
from scipy import sparse

from mwe.joint import AnchorLoss, InfoNCE, PrototypeSet, Triplet, cosine_hinge

TRACKS, PROTOTYPES, WIDTH = 12, 15, 6


def unit(rows):
    return torch.nn.functional.normalize(rows, dim=-1)


def supervised(seed=0, share=0.2):
    """Anchors, prototypes and who owns whom; track 0 owns none, track 1 all, the others one at least."""
    rng = np.random.default_rng(seed)
    belongs = rng.random((TRACKS, PROTOTYPES)) < share
    belongs[np.arange(TRACKS), rng.integers(0, PROTOTYPES, TRACKS)] = True
    belongs[0], belongs[1] = False, True
    prototypes = PrototypeSet(rng.normal(size=(PROTOTYPES, WIDTH)).astype(np.float32), sparse.csr_array(belongs))
    anchor = torch.from_numpy(rng.normal(size=(TRACKS, WIDTH)).astype(np.float32))
    return anchor, prototypes, belongs


def slow_hinge(anchor, positive, negative, margin, hardest):
    def cosine(a, b):
        return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))

    losses = []
    for a, p, ns in zip(anchor, positive, negative, strict=True):
        away = sorted((cosine(a, n) for n in ns), reverse=True)[:hardest]
        losses.append(np.mean([max(0.0, margin - cosine(a, p) + one) for one in away]))
    return losses


@pytest.mark.parametrize("margin", [0.1, 0.4, 1.0])
@pytest.mark.parametrize("hardest", [1, 2, 3])
def test_the_hinge_equals_a_loop_over_triplets(margin, hardest):
    generator = torch.Generator().manual_seed(0)
    anchor, positive = torch.randn(2, 10, 6, generator=generator, dtype=torch.float64)
    negative = torch.randn(10, 3, 6, generator=generator, dtype=torch.float64)
    found = cosine_hinge(anchor, positive, negative, margin, hardest)
    expected = slow_hinge(anchor.numpy(), positive.numpy(), negative.numpy(), margin, hardest)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_no_valid_anchor_gives_zero_with_a_gradient():
    each = torch.tensor([1.0, torch.nan], requires_grad=True)
    assert AnchorLoss(each, torch.tensor([True, False])).mean().item() == 1
    loss = AnchorLoss(each, torch.zeros(2, dtype=torch.bool)).mean()
    loss.backward()
    assert loss.item() == 0
    assert each.grad.tolist() == [0, 0]


def test_gradients_of_the_hinge_are_right_and_finite_at_zero():
    generator = torch.Generator().manual_seed(1)
    parts = [
        torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in ((4, 3), (4, 3), (4, 2, 3))
    ]
    assert torch.autograd.gradcheck(lambda *given: cosine_hinge(*given, margin=2.5, hardest=2), parts)
    silent = torch.zeros(1, 3, requires_grad=True)
    cosine_hinge(silent, torch.randn(1, 3), torch.randn(1, 1, 3), 0.4, 1).sum().backward()
    assert torch.isfinite(silent.grad).all()


@pytest.mark.parametrize("loss", [Triplet(negatives=2), Triplet(candidates=8), InfoNCE(), InfoNCE(hardest=3)])
def test_a_step_along_the_gradient_lowers_every_loss(loss):
    torch.manual_seed(0)
    anchor, prototypes, belongs = supervised()
    anchor.requires_grad_(True)
    encode, tracks = torch.nn.Linear(WIDTH, WIDTH), torch.arange(TRACKS)
    loss.eval()  # the same draws before and after
    before = loss(anchor, tracks, prototypes, encode)
    assert before.valid_B.tolist() == [0 < own.sum() < PROTOTYPES for own in belongs]
    before.mean().backward()
    assert torch.isfinite(anchor.grad).all()
    assert anchor.grad[0].abs().sum() == anchor.grad[1].abs().sum() == 0
    after = loss(anchor.detach() - 0.05 * anchor.grad, tracks, prototypes, encode)
    assert after.mean() < before.mean()


def test_hard_negatives_are_the_most_similar_of_those_drawn():
    torch.manual_seed(0)
    anchor, prototypes, _ = supervised()
    tracks = torch.arange(2, TRACKS)
    for _ in range(20):
        state = torch.random.get_rng_state()
        hard = Triplet(margin=2.5, candidates=10)(anchor[2:], tracks, prototypes, lambda rows: rows)
        torch.random.set_rng_state(state)
        all_ten = Triplet(margin=2.5, negatives=10)(anchor[2:], tracks, prototypes, lambda rows: rows)
        assert (hard.each_B >= all_ten.each_B - 1e-6).all()
    with pytest.raises(ValueError, match="5 negatives cannot be chosen from 3 candidates"):
        Triplet(negatives=5, candidates=3)


def slow_infonce(anchor, positive, negatives, scale):
    """Minus the log of the positive's share; ``negatives`` lists vectors."""
    towards = math.exp(scale * float(anchor @ positive))
    return -math.log(towards / (towards + sum(math.exp(scale * float(anchor @ one)) for one in negatives)))


@pytest.mark.parametrize("seed", range(3))
def test_infonce_equals_a_loop_over_softmaxes(seed):
    torch.manual_seed(seed)
    anchor, prototypes, belongs = supervised(seed)
    rows, vectors = unit(anchor), unit(prototypes.vectors_PW)
    state = torch.random.get_rng_state()
    found = InfoNCE(temperature=0.5, sampled=PROTOTYPES)(anchor, torch.arange(TRACKS), prototypes, lambda one: one)
    torch.random.set_rng_state(state)
    positive = prototypes.draw(torch.arange(TRACKS), negatives=0).positive_B.tolist()
    for track in range(2, TRACKS):
        in_batch = [positive[other] for other in range(2, TRACKS) if not belongs[track, positive[other]]]
        sampled = [one for one in range(PROTOTYPES) if not belongs[track, one]]
        to_words = slow_infonce(rows[track], vectors[positive[track]], vectors[in_batch + sampled], 2.0)
        others = [other for other in range(TRACKS) if not belongs[other, positive[track]]]
        to_audio = slow_infonce(vectors[positive[track]], rows[track], rows[others], 2.0)
        assert found.each_B[track].item() == pytest.approx((to_words + to_audio) / 2, abs=1e-5)


def test_infonce_learns_its_temperature_within_bounds():
    anchor, prototypes, _ = supervised()
    loss = InfoNCE(temperature=0.001)
    value = loss(anchor, torch.arange(TRACKS), prototypes, lambda one: one)
    assert torch.isfinite(value.mean())
    assert value.each_B.max() <= 200 + math.log(PROTOTYPES + TRACKS)  # the scale stops at 100
    loss = InfoNCE()
    loss(anchor, torch.arange(TRACKS), prototypes, lambda one: one).mean().backward()
    assert loss.log_scale.grad.abs() > 0
    assert not InfoNCE(learn_temperature=False).log_scale.requires_grad
    with pytest.raises(ValueError, match="temperature 0 and sampled 256 must be above 0"):
        InfoNCE(temperature=0)


@pytest.mark.parametrize("loss", [Triplet(negatives=3), InfoNCE(sampled=4), InfoNCE(sampled=99, hardest=2)])
def test_in_evaluation_a_track_has_the_same_loss_in_any_batch(loss):
    anchor, prototypes, _ = supervised()
    loss.eval()
    whole = loss(anchor, torch.arange(TRACKS), prototypes, lambda one: one).each_B
    order = torch.randperm(TRACKS, generator=torch.Generator().manual_seed(0))
    for part in order.split(5):
        torch.testing.assert_close(loss(anchor[part], part, prototypes, lambda one: one).each_B, whole[part])


@pytest.mark.parametrize("loss", [Triplet(), Triplet(negatives=2, candidates=5), InfoNCE(), InfoNCE(hardest=2)])
def test_in_training_a_loss_follows_its_anchor_in_any_order_of_the_batch_and_of_the_prototypes(loss):
    """Each track has one of two prototypes, so that nothing is left to chance."""
    torch.manual_seed(0)
    anchor, vectors = torch.randn(TRACKS, WIDTH), torch.randn(2, WIDTH)
    own = torch.arange(TRACKS) % 3 == 0
    belongs = torch.stack([own, ~own], dim=1).numpy()
    prototypes = PrototypeSet(vectors.numpy(), sparse.csr_array(belongs))
    swapped = PrototypeSet(vectors.flip(0).numpy(), sparse.csr_array(belongs[:, ::-1]))
    whole = loss(anchor, torch.arange(TRACKS), prototypes, lambda one: one).each_B
    order = torch.randperm(TRACKS)
    for given in (prototypes, swapped):
        torch.testing.assert_close(loss(anchor[order], order, given, lambda one: one).each_B, whole[order])


@pytest.mark.parametrize("loss", [Triplet(), InfoNCE()])
def test_lower_precision_is_left_behind_before_cosines(loss):
    anchor, prototypes, _ = supervised()
    loss.eval()
    encode = torch.nn.Linear(WIDTH, WIDTH)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = loss(anchor, torch.arange(TRACKS), prototypes, encode).mean()
    assert found.dtype == torch.float32
    expected = loss(anchor, torch.arange(TRACKS), prototypes, encode).mean()
    torch.testing.assert_close(found, expected, atol=0, rtol=0)
