"""Layers of several networks at once: one batched matrix product instead of one product per network.

Shape suffixes: M members, N rows, I inputs, O outputs, E embedding dimensions.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class MemberLinear(nn.Module):
    """A linear layer of each member, initialised like ``torch.nn.Linear``.

    Args:
        members: Number of networks.
        inputs: Inputs of each layer.
        outputs: Outputs of each layer.
    """

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight_MIO = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias_MO = nn.Parameter(torch.empty(members, outputs).uniform_(-bound, bound))

    def forward(self, input_MNI: Tensor) -> Tensor:
        """Transform rows: M × N × I to M × N × O."""
        return torch.baddbmm(self.bias_MO[:, None], input_MNI, self.weight_MIO)


class MemberNorm(nn.Module):
    """Layer normalisation with a scale and an offset of each member.

    Args:
        members: Number of networks.
        width: Numbers per row.
    """

    def __init__(self, members: int, width: int) -> None:
        super().__init__()
        self.scale_ME = nn.Parameter(torch.ones(members, width))
        self.offset_ME = nn.Parameter(torch.zeros(members, width))

    def forward(self, input_MNE: Tensor) -> Tensor:
        """Normalise rows, M × N × E."""
        normed_MNE = functional.layer_norm(input_MNE, input_MNE.shape[-1:])
        return normed_MNE * self.scale_ME[:, None] + self.offset_ME[:, None]


def member_perceptron(members: int, width: int, dropout: float) -> nn.Sequential:
    """Return a normalised perceptron of each member, with one hidden layer of twice the width."""
    return nn.Sequential(
        MemberNorm(members, width),
        MemberLinear(members, width, 2 * width),
        nn.GELU(),
        nn.Dropout(dropout),
        MemberLinear(members, 2 * width, width),
    )
