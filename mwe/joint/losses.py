"""Losses of anchors against the prototypes of one supervision (section III-B, and alternatives to it).

Shape suffixes: B anchors, K negatives per anchor, D dimensions, P prototypes, C prototypes compared with all anchors.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mwe.joint.supervision import PrototypeSet

Encode = Callable[[Tensor], Tensor]
LARGEST_SCALE = 100.0


class AnchorLoss(NamedTuple):
    """Loss of every anchor.

    Attributes:
        each_B: The loss; undefined where not valid.
        valid_B: Which anchors have both a positive and a negative.
    """

    each_B: Tensor
    valid_B: Tensor

    def mean(self) -> Tensor:
        """Return the mean over the valid anchors; if there are none, 0 with a gradient.

        Examples:
            >>> import torch
            >>> AnchorLoss(torch.tensor([0.5, 1.5, 9.0]), torch.tensor([True, True, False])).mean()
            tensor(1.)
        """
        return torch.where(self.valid_B, self.each_B, 0).sum() / self.valid_B.sum().clamp(min=1)


class PrototypeLoss(nn.Module, ABC):
    """A loss that draws its own positives and negatives. Configurations name its sub-classes.

    In evaluation (``eval()``) nothing is random: the draws for an anchor depend only on its track. The loss on the
    validation tracks is therefore the same in any order, batch size and number of processes.
    """

    def forward(self, anchor_BD: Tensor, track_B: Tensor, prototypes: PrototypeSet, encode: Encode) -> AnchorLoss:
        """Compute the loss of each anchor, in float32 whatever the precision of the encoder.

        Args:
            anchor_BD: Audio embeddings f(A).
            track_B: The track of each anchor.
            prototypes: The prototypes of the supervision, and which tracks they belong to.
            encode: The semantic encoder g.
        """
        with torch.autocast(anchor_BD.device.type, enabled=False):
            return self.of_units(normalize(anchor_BD.float(), dim=-1), track_B, prototypes, encode)

    @abstractmethod
    def of_units(self, anchor_BD: Tensor, track_B: Tensor, prototypes: PrototypeSet, encode: Encode) -> AnchorLoss:
        """Compute the loss of anchors of length 1."""


def cosine_hinge(anchor_BD: Tensor, positive_BD: Tensor, negative_BKD: Tensor, margin: float, hardest: int) -> Tensor:
    """Average ``max(0, margin - cos(A, P+) + cos(A, P-))`` over the negatives of each anchor (eqs. 2 and 3), (B,).

    Args:
        anchor_BD: Audio embeddings f(A).
        positive_BD: Prototypes g(P+).
        negative_BKD: Prototypes g(P-), several per anchor.
        margin: The margin.
        hardest: Number of negatives that count: those most similar to the anchor.

    Examples:
        >>> import torch
        >>> anchor, positive = torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 4.0]])
        >>> negatives = torch.tensor([[[0.0, 1.0], [4.0, 3.0]]])
        >>> cosine_hinge(anchor, positive, negatives, margin=0.4, hardest=2)  # mean of 0 and 0.4 - 0.6 + 0.8
        tensor([0.3000])
        >>> cosine_hinge(anchor, positive, negatives, margin=0.4, hardest=1)
        tensor([0.6000])
    """
    anchor_B1D = normalize(anchor_BD, dim=-1).unsqueeze(1)
    towards_B1 = (anchor_B1D * normalize(positive_BD, dim=-1).unsqueeze(1)).sum(-1)
    away_BK = (anchor_B1D * normalize(negative_BKD, dim=-1)).sum(-1)
    if hardest < away_BK.shape[1]:
        away_BK = away_BK.topk(hardest, dim=1).values
    return torch.relu(margin - towards_B1 + away_BK).mean(dim=1)


class Triplet(PrototypeLoss):
    """The paper's max-margin hinge loss (eq. 2).

    Args:
        margin: The margin; the published code uses 0.4, the paper names no value.
        negatives: Negatives of each anchor (the paper: 1).
        candidates: Hard-negative sampling: number of candidates drawn, of which the ``negatives`` most similar to the
            anchor are kept; 0 draws only ``negatives``.

    Examples:
        >>> import numpy as np, torch
        >>> from scipy import sparse
        >>> from mwe.joint.supervision import PrototypeSet
        >>> prototypes = PrototypeSet(np.eye(2), sparse.csr_array([[True, False]]))
        >>> loss = Triplet(margin=0.4)(torch.tensor([[0.6, 0.8]]), torch.tensor([0]), prototypes, lambda words: words)
        >>> loss.mean()  # 0.4 - 0.6 + 0.8
        tensor(0.6000)
    """

    def __init__(self, margin: float = 0.4, negatives: int = 1, candidates: int = 0) -> None:
        super().__init__()
        if negatives < 1 or 0 < candidates < negatives:
            raise ValueError(f"{negatives} negatives cannot be chosen from {candidates} candidates")
        self.margin, self.negatives, self.candidates = margin, negatives, candidates

    def of_units(self, anchor_BD: Tensor, track_B: Tensor, prototypes: PrototypeSet, encode: Encode) -> AnchorLoss:
        """Draw a positive and negatives for each anchor, and compute the hinge."""
        count = max(self.negatives, self.candidates)
        drawn = prototypes.draw(track_B, count, repeatable=not self.training)
        positive_BD = encode(prototypes.vectors_PW[drawn.positive_B])
        negative_BKD = encode(prototypes.vectors_PW[drawn.negative_BK])
        each_B = cosine_hinge(anchor_BD, positive_BD, negative_BKD, self.margin, self.negatives)
        return AnchorLoss(each_B, drawn.valid_B)


class InfoNCE(PrototypeLoss):
    """Contrastive loss: cross-entropy of a positive among prototypes, with cosines divided by a temperature.

    An anchor is compared with its positive, with the positives of the other anchors of the batch on this device, and
    with prototypes sampled for the whole batch. Prototypes that belong to its own track do not count as negatives. In
    evaluation the sample is spread evenly over the prototypes, and the positives of the batch are left out.

    Args:
        temperature: Initial temperature.
        learn_temperature: Whether to learn the temperature.
        in_batch: Whether the positives of the other anchors count. The loss is then the mean of both directions: each
            anchor finds its positive, and each positive its anchor in the batch.
        sampled: Prototypes sampled for the batch.
        hardest: Hard-negative sampling: number of negatives that count, those most similar to the anchor; 0 takes all.

    Examples:
        >>> import numpy as np, torch
        >>> from scipy import sparse
        >>> from mwe.joint.supervision import PrototypeSet
        >>> prototypes = PrototypeSet(np.eye(2), sparse.csr_array([[True, False]]))
        >>> loss = InfoNCE(temperature=1.0).eval()
        >>> each = loss(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), prototypes, lambda words: words)
        >>> each.mean()  # log(1 + 1 / e)
        tensor(0.3133, grad_fn=<DivBackward0>)
    """

    def __init__(
        self,
        temperature: float = 0.07,
        learn_temperature: bool = True,
        in_batch: bool = True,
        sampled: int = 256,
        hardest: int = 0,
    ) -> None:
        super().__init__()
        if temperature <= 0 or sampled < 1 or hardest < 0:
            raise ValueError(
                f"temperature {temperature} and sampled {sampled} must be above 0, hardest {hardest} not below"
            )
        self.in_batch, self.sampled, self.hardest = in_batch, sampled, hardest
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)), requires_grad=learn_temperature)

    def of_units(self, anchor_BD: Tensor, track_B: Tensor, prototypes: PrototypeSet, encode: Encode) -> AnchorLoss:
        """Compare every anchor with the positives of the batch and with the sample."""
        drawn = prototypes.draw(track_B, negatives=0, repeatable=not self.training)
        batch = self.in_batch and self.training
        sample_C = self._sample(len(prototypes), anchor_BD.device)
        column_C = torch.cat([drawn.positive_B, sample_C]) if batch else sample_C
        scale = self.log_scale.exp().clamp(max=LARGEST_SCALE)
        column_CD = normalize(encode(prototypes.vectors_PW[column_C]), dim=-1)
        positive_BD = column_CD[: len(track_B)]
        if not batch:
            positive_BD = normalize(encode(prototypes.vectors_PW[drawn.positive_B]), dim=-1)
        towards_B = scale * (anchor_BD * positive_BD).sum(dim=-1)
        wrong_BC = ~prototypes.belongs(track_B, column_C)
        if batch:  # the positive of an anchor without one is a placeholder
            wrong_BC[:, : len(track_B)] &= drawn.valid_B
        away_BC = (scale * anchor_BD @ column_CD.T).masked_fill(~wrong_BC, -torch.inf)
        each_B = self._cross_entropy(towards_B, away_BC)
        if batch:
            back_BB = away_BC[:, : len(track_B)].T
            each_B = (each_B + self._cross_entropy(towards_B, back_BB)) / 2
        return AnchorLoss(each_B, drawn.valid_B)

    def _sample(self, count: int, device: torch.device) -> Tensor:
        """Sample the prototypes that all anchors are compared with; take all if there are few enough."""
        if count <= self.sampled:
            return torch.arange(count, device=device)
        if self.training:
            return torch.randint(count, (self.sampled,), device=device)
        return torch.arange(self.sampled, device=device) * count // self.sampled

    def _cross_entropy(self, towards_B: Tensor, away_BC: Tensor) -> Tensor:
        if 0 < self.hardest < away_BC.shape[1]:
            away_BC = away_BC.topk(self.hardest, dim=1).values
        return torch.cat([towards_B[:, None], away_BC], dim=1).logsumexp(dim=1) - towards_B
