"""The musically motivated network of Pons & Serra (musicnn, 2019).

Shape suffixes: B excerpts, F frames, M mel bands, C channels, D features.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from mwe.encoders.tower import EPSILON, MOMENTUM, Collection, Output, PooledConvolution, Tower, TowerNet

TIMBRAL = ((204, (7, 38)), (204, (7, 67)))  # number of filters, and their frames and mel bands
TEMPORAL = ((51, (128, 1)), (51, (64, 1)), (51, (32, 1)))
MIDDLE, KERNEL = 64, 7


class Musicnn(Tower):
    """Filters for timbre and rhythm, three convolutions over time with shortcuts, then maximum and mean over time.

    As published, the input is log-mel spectrograms of 96 bands at 16 kHz (``front_end``) in excerpts of 3 seconds. Any
    number of frames works. The features are the 200 of the layer before the tags.

    Args:
        pretrained: Collection of the initial weights: ``msd`` or ``mtt``; see ``Tower``.
        frozen: Whether to keep the network unchanged.
        output: ``features`` (200), ``logits`` or ``probabilities`` (50 tags).
        head: Width of a linear layer after that output; 0 for no layer.
    """

    architecture: ClassVar[str] = "musicnn"

    def __init__(
        self, pretrained: Collection | None = None, frozen: bool = False, output: Output = "features", head: int = 0
    ) -> None:
        super().__init__(MusicnnNet(), pretrained, frozen, output, head)


class MusicnnNet(TowerNet):
    """The network of ``Musicnn``. Its parts have the names of the weights' file."""

    def __init__(self) -> None:
        super().__init__(width=200)
        self.input_norm = nn.BatchNorm2d(1, EPSILON, MOMENTUM)
        self.filters = nn.ModuleList(
            PooledConvolution(nn.Conv2d(1, count, kernel), PeakOverBands()) for count, kernel in (*TIMBRAL, *TEMPORAL)
        )
        front = sum(count for count, _ in (*TIMBRAL, *TEMPORAL))
        self.middle = nn.ModuleList(
            nn.Conv1d(channels, MIDDLE, KERNEL, padding=KERNEL // 2) for channels in (front, MIDDLE, MIDDLE)
        )
        self.middle_norms = nn.ModuleList(nn.BatchNorm1d(MIDDLE, EPSILON, MOMENTUM) for _ in self.middle)
        pooled = 2 * (front + MIDDLE * len(self.middle))
        self.pooled_norm = nn.BatchNorm1d(pooled, EPSILON, MOMENTUM)
        self.dense = nn.Linear(pooled, self.width)
        self.dense_norm = nn.BatchNorm1d(self.width, EPSILON, MOMENTUM)

    def features(self, mel_BFM: Tensor) -> Tensor:
        """Return the layer before the tags, (B, 200)."""
        image_B1FM = self.input_norm(mel_BFM.unsqueeze(1))
        outputs = []
        for filters, (_, (frames, _)) in zip(self.filters, (*TIMBRAL, *TEMPORAL), strict=True):
            padded = pad(image_B1FM, (0, 0, (frames - 1) // 2, frames // 2))  # even kernels extend further ahead
            outputs.append(filters(padded).squeeze(3))
        front_BCF = torch.cat(outputs, dim=1)
        layers = [front_BCF]
        for number, (convolution, norm) in enumerate(zip(self.middle, self.middle_norms, strict=True)):
            normed_BCF = norm(convolution(layers[-1]).relu())
            layers.append(normed_BCF + layers[-1] if number else normed_BCF)
        every_BCF = torch.cat(layers, dim=1)
        pooled_BD = torch.stack([every_BCF.amax(dim=2), every_BCF.mean(dim=2)], dim=2).flatten(1)
        feature_BD: Tensor = self.dense_norm(self.dense(self.dropout(self.pooled_norm(pooled_BD))).relu())
        return feature_BD


class PeakOverBands(nn.Module):
    """Maximum over all mel bands."""

    def forward(self, image_BCFM: Tensor) -> Tensor:
        """Pool images: (B, C, F, M) to (B, C, F, 1)."""
        return image_BCFM.amax(dim=3, keepdim=True)
