"""Losses of both stages, as pure functions.

Gradients come from automatic differentiation, but for the prediction loss, by far the widest: it brings its own.

Shape suffixes: N examples or pairs, T tags, E embedding dimensions, C topics.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

Kappa = Literal["swapped", "printed"]


def prediction_loss(logits_NT: Tensor, targets_NT: Tensor, kappa: Kappa = "swapped") -> Tensor:
    """Prediction loss L_P (eq. 3), mean over examples and tags.

    As printed, kappa is the fraction of +1 in an example's target and weighs the +1 terms: with few tags in a document
    this plays false negatives down, although the text wants them highlighted. ``swapped`` weighs the +1 terms by the
    fraction of -1 instead. With ŷ = tanh(z), log(1 + y ŷ) = y z - |z| + log(1 + |ŷ|), which needs no clamping.

    Args:
        logits_NT: Outputs z before the last tanh.
        targets_NT: +1 or -1.
        kappa: Reading of the weights.
    """
    return weighted_prediction_loss(logits_NT, targets_NT, prediction_weights(targets_NT, kappa))


def prediction_weights(targets_NT: Tensor, kappa: Kappa = "swapped") -> Tensor:
    """Weights of eq. 3, N × T; a target and its complement have the same."""
    positive_N1 = (1 + targets_NT.mean(dim=1, keepdim=True)) / 2
    of_positive_N1 = 1 - positive_N1 if kappa == "swapped" else positive_N1
    # of_positive where the target is +1, and its complement where it is -1, without a pass for the comparison
    return 0.5 + targets_NT * (of_positive_N1 - 0.5)


def weighted_prediction_loss(logits_NT: Tensor, targets_NT: Tensor, weights_NT: Tensor) -> Tensor:
    """Prediction loss L_P (eq. 3) with weights that were worked out before."""
    loss: Tensor = _WeightedLogLoss.apply(logits_NT, targets_NT, weights_NT)  # type: ignore[no-untyped-call]
    return loss


class _WeightedLogLoss(torch.autograd.Function):
    """Mean of -w log(1 + y tanh z); its derivative with respect to z is w (tanh z - y).

    Softplus, and its derivative from automatic differentiation, take three times as long; the tanh is needed once.
    """

    @staticmethod
    def forward(ctx: Any, logits_NT: Tensor, targets_NT: Tensor, weights_NT: Tensor) -> Tensor:
        estimate_NT = logits_NT.tanh()
        loss_NT = logits_NT.abs().addcmul_(targets_NT, logits_NT, value=-1).sub_(estimate_NT.abs().add_(1).log_())
        ctx.save_for_backward(estimate_NT.sub_(targets_NT).mul_(weights_NT))
        return torch.dot(loss_NT.view(-1), weights_NT.reshape(-1)) / loss_NT.numel()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (slope_NT,) = ctx.saved_tensors
        return slope_NT * (gradients[0] / slope_NT.numel()), None, None


def embedding_distance(first_NE: Tensor, second_NE: Tensor) -> Tensor:
    """Euclidean distance E of two embeddings (Sect. 4.2), N; its gradient at distance zero is zero, not NaN."""
    return ((first_NE - second_NE).square().sum(dim=-1) + 1e-12).sqrt()


def context_divergence(first_NC: Tensor, second_NC: Tensor) -> Tensor:
    """Symmetric Kullback-Leibler divergence of two contexts (Sect. 4.2), N, in nats; contexts must be above zero."""
    return ((first_NC - second_NC) * (first_NC.log() - second_NC.log())).sum(dim=-1)


def siamese_loss(
    distance_N: Tensor,
    divergence_N: Tensor,
    first_sign_N: Tensor,
    second_sign_N: Tensor,
    beta: float = 3.0,
    rho: float = 0.1,
    sensitivity: float = 0.5,
) -> Tensor:
    """Siamese loss L_S (eq. 4), mean over pairs.

    The factor rho is missing from eq. 4 in the main text; the supplement (Sect. A.3) puts it on pairs of negatives.

    Args:
        distance_N: Embedding distance E of the pairs.
        divergence_N: Divergence of their contexts.
        first_sign_N: +1 for a positive example, -1 for a negative one.
        second_sign_N: The same for the partner.
        beta: Largest distance that is aimed at.
        rho: Weight of pairs of negatives, below 1.
        sensitivity: lambda; the smaller, the further apart contexts must be for their embeddings to part.
    """
    similarity_N = torch.exp(-0.5 * sensitivity * divergence_N)
    alike_N = (distance_N - beta * (1 - similarity_N)).square()
    mixed_N = (distance_N - beta).square() * similarity_N
    both_positive_N = (first_sign_N > 0) & (second_sign_N > 0)
    weight_N = torch.where(both_positive_N, torch.ones_like(alike_N), torch.full_like(alike_N, rho))
    return torch.where(first_sign_N == second_sign_N, weight_N * alike_N, mixed_N).mean()


def total_loss(first_prediction: Tensor, second_prediction: Tensor, siamese: Tensor, alpha: float = 2000.0) -> Tensor:
    """Loss of the second stage (eq. 5): both prediction losses and alpha times the Siamese loss."""
    return first_prediction + second_prediction + alpha * siamese
