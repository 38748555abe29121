"""Losses of both stages, as pure functions.

Gradients come from automatic differentiation, except for that of the prediction loss, by far the largest.

Shape suffixes: N examples or pairs, T tags, E embedding dimensions, C topics.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

Kappa = Literal["swapped", "printed"]


def prediction_loss(logits_NT: Tensor, targets_NT: Tensor, kappa: Kappa = "swapped") -> Tensor:
    """Return the prediction loss L_P (eq. 3), mean over examples and tags.

    As printed, kappa is the fraction of +1 in an example's target and weighs the +1 terms. With few tags per document
    this gives false negatives a low weight, although the text wants a high one. ``swapped`` weighs the +1 terms by the
    fraction of -1 instead. With ŷ = tanh(z), log(1 + y ŷ) = y z - |z| + log(1 + |ŷ|), which needs no clamping.

    Args:
        logits_NT: Outputs z before the last tanh.
        targets_NT: +1 or -1.
        kappa: Which weights to use, ``swapped`` or ``printed``.

    Examples:
        One of four tags is in the document. Missing it costs more than predicting another:

        >>> target_NT = torch.tensor([[1.0, -1.0, -1.0, -1.0]])
        >>> missed, added = torch.tensor([[-2.0, -2.0, -2.0, -2.0]]), torch.tensor([[2.0, 2.0, -2.0, -2.0]])
        >>> float(prediction_loss(missed, target_NT)), float(prediction_loss(added, target_NT))
        (0.497, -0.003)
    """
    return weighted_prediction_loss(logits_NT, targets_NT, prediction_weights(targets_NT, kappa))


def prediction_weights(targets_NT: Tensor, kappa: Kappa = "swapped") -> Tensor:
    """Return the weights of eq. 3, N × T. A target and its complement have equal weights.

    Examples:
        >>> prediction_weights(torch.tensor([[1.0, -1.0, -1.0, -1.0]]))
        tensor([[0.7500, 0.2500, 0.2500, 0.2500]])
    """
    positive_N1 = (1 + targets_NT.mean(dim=1, keepdim=True)) / 2
    of_positive_N1 = 1 - positive_N1 if kappa == "swapped" else positive_N1
    # of_positive where the target is +1, and its complement where it is -1, without a pass for the comparison
    return 0.5 + targets_NT * (of_positive_N1 - 0.5)


def weighted_prediction_loss(logits_NT: Tensor, targets_NT: Tensor, weights_NT: Tensor) -> Tensor:
    """Return the prediction loss L_P (eq. 3) with precomputed weights."""
    loss: Tensor = _WeightedLogLoss.apply(logits_NT, targets_NT, weights_NT)  # type: ignore[no-untyped-call]
    return loss


class _WeightedLogLoss(torch.autograd.Function):
    """Mean of -w log(1 + y tanh z). Its derivative with respect to z is w (tanh z - y).

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
    """Return the Euclidean distance E of embeddings (Sect. 4.2), N; its gradient at distance zero is zero, not NaN."""
    return ((first_NE - second_NE).square().sum(dim=-1) + 1e-12).sqrt()


def context_divergence(first_NC: Tensor, second_NC: Tensor) -> Tensor:
    """Return the symmetric Kullback-Leibler divergence of contexts (Sect. 4.2), N, in nats; contexts must be above 0.

    Examples:
        >>> context_divergence(torch.tensor([[0.5, 0.5]]), torch.tensor([[0.9, 0.1]]))
        tensor([0.8789])
    """
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
    """Return the Siamese loss L_S (eq. 4), mean over pairs.

    The factor rho is missing from eq. 4 in the main text; in the supplement (Sect. A.3) it weighs pairs of negatives.

    Args:
        distance_N: Embedding distance E of the pairs.
        divergence_N: Divergence of their contexts.
        first_sign_N: +1 for a positive example, -1 for a negative one.
        second_sign_N: The same for the partner.
        beta: Target distance of a positive and a negative example.
        rho: Weight of pairs of negatives, below 1.
        sensitivity: lambda; the smaller, the further apart contexts must be before their embeddings are separated.

    Examples:
        Two positive examples of the same context should have the same embedding:

        >>> near, far, same, plus = torch.tensor([0.0]), torch.tensor([2.0]), torch.tensor([0.0]), torch.tensor([1.0])
        >>> float(siamese_loss(near, same, plus, plus)), float(siamese_loss(far, same, plus, plus))
        (0.0, 4.0)

        A positive and a negative example should be at distance ``beta``:

        >>> float(siamese_loss(far, same, plus, -plus))
        1.0
    """
    similarity_N = torch.exp(-0.5 * sensitivity * divergence_N)
    alike_N = (distance_N - beta * (1 - similarity_N)).square()
    mixed_N = (distance_N - beta).square() * similarity_N
    both_positive_N = (first_sign_N > 0) & (second_sign_N > 0)
    weight_N = torch.where(both_positive_N, torch.ones_like(alike_N), torch.full_like(alike_N, rho))
    return torch.where(first_sign_N == second_sign_N, weight_N * alike_N, mixed_N).mean()


def total_loss(first_prediction: Tensor, second_prediction: Tensor, siamese: Tensor, alpha: float = 2000.0) -> Tensor:
    """Return the loss of the second stage (eq. 5): both prediction losses plus alpha times the Siamese loss."""
    return first_prediction + second_prediction + alpha * siamese
