"""The VGG-like network published with musicnn (Pons & Serra, 2019).

Shape suffixes: B excerpts, F frames, M mel bands, C channels, D features, P positions in time.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from mwe.encoders.tower import EPSILON, MOMENTUM, Collection, Output, PooledConvolution, Tower, TowerNet

CHANNELS = 128
TOGETHER = 2  # positions in time that the features consist of
LATE_POOLS = (((2, 2), (2, 2)), ((2, 2), (2, 2)), ((4, 4), (4, 4)))
# size and step over frames and bands. The first pools of the two trained networks differ, as their graphs show; the
# authors' code has only those of `mtt`
POOLS: dict[Collection, tuple[tuple[tuple[int, int], tuple[int, int]], ...]] = {
    "msd": (((4, 1), (4, 1)), ((1, 4), (1, 4)), *LATE_POOLS),
    "mtt": (((4, 1), (2, 2)), ((2, 2), (2, 2)), *LATE_POOLS),
}


class VGG(Tower):
    """Five convolutions of 3 × 3 with max-pooling.

    The input is that of ``Musicnn``. The features are the 256 inputs of the tags: two positions in time with 128
    channels each. These cover excerpts of 130 to 191 frames (the published 3 seconds have 187). For longer excerpts
    they are the mean over all neighbouring positions; shorter excerpts are repeated, as in the authors' code.

    Args:
        pretrained: Collection of the initial weights: ``msd`` or ``mtt``; see ``Tower``. The two were published with
            different pools; without weights the pools are those of ``mtt``.
        frozen: Whether to keep the network unchanged.
        output: ``features`` (256), ``logits`` or ``probabilities`` (50 tags).
        head: Width of a linear layer after that output; 0 for no layer.
    """

    architecture: ClassVar[str] = "vgg"

    def __init__(
        self, pretrained: Collection | None = None, frozen: bool = False, output: Output = "features", head: int = 0
    ) -> None:
        super().__init__(VGGNet(pretrained or "mtt"), pretrained, frozen, output, head)


class VGGNet(TowerNet):
    """The network of ``VGG``. Its parts have the names of the weights' file.

    Args:
        collection: Collection whose pools it has.
    """

    def __init__(self, collection: Collection) -> None:
        super().__init__(width=TOGETHER * CHANNELS)
        self.input_norm = nn.BatchNorm2d(1, EPSILON, MOMENTUM)
        pools = POOLS[collection]
        inputs = (1, *[CHANNELS] * (len(pools) - 1))
        self.filters = nn.ModuleList(
            PooledConvolution(nn.Conv2d(channels, CHANNELS, 3, padding=1), nn.MaxPool2d(size, step))
            for channels, (size, step) in zip(inputs, pools, strict=True)
        )
        self.between = nn.Dropout(0.25)
        self.shortest = TOGETHER  # frames that give two positions in time
        for (size, _), (step, _) in reversed(pools):
            self.shortest = (self.shortest - 1) * step + size

    def features(self, mel_BFM: Tensor) -> Tensor:
        """Return the features from which the tags are computed, (B, 256)."""
        frames = mel_BFM.shape[1]
        if frames < self.shortest:
            mel_BFM = torch.cat([mel_BFM] * -(-self.shortest // frames), dim=1)[:, : self.shortest]
        image_BCFM = self.input_norm(mel_BFM.unsqueeze(1))
        for number, filters in enumerate(self.filters):
            image_BCFM = filters(self.between(image_BCFM) if number else image_BCFM)
        position_BPC = image_BCFM.squeeze(3).transpose(1, 2)
        pairs = [
            position_BPC[:, start : position_BPC.shape[1] + 1 - TOGETHER + start].mean(dim=1)
            for start in range(TOGETHER)
        ]
        return torch.cat(pairs, dim=1)
