"""The 1D-CNN of Choi et al. (section IV-B): convolutions over time with the mel bands as channels."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mwe.encoders.audio_encoder import AudioEncoder

EPSILON = 1e-5


class CNN1D(AudioEncoder):
    """Five blocks of convolution, batch normalisation, ReLU and max-pooling, then the average over time.

    A 3-second excerpt has 130 frames, fewer than the pools' product of 256; convolutions are therefore padded by half
    their kernel and pools take the remainder (``ceil_mode``), so that any excerpt works: 130 → 33 → 9 → 3 → 2 → 1.

    Args:
        mels: Mel bands.
        channels: Channels of each block; the last is the width of the embedding.
        kernels: Kernel of each block.
        pools: Max-pool of each block.
        statistics: Whether to add a linear map of statistics over time of every mel band, which is not in the paper:
            mean, standard deviation, and standard deviation of the differences between frames. The convolutions do not
            learn these from a few hundred tracks.

    Examples:
        >>> import torch
        >>> CNN1D()(torch.randn(2, 130, 128)).shape  # two excerpts of three seconds
        torch.Size([2, 100])
    """

    def __init__(
        self,
        mels: int = 128,
        channels: Sequence[int] = (128, 128, 128, 128, 100),
        kernels: Sequence[int] = (4, 4, 4, 2, 1),
        pools: Sequence[int] = (4, 4, 4, 2, 2),
        statistics: bool = False,
    ) -> None:
        if not len(channels) == len(kernels) == len(pools):
            raise ValueError(f"channels, kernels and pools differ in number: {channels}, {kernels}, {pools}")
        super().__init__(channels[-1])
        blocks: list[nn.Module] = [nn.BatchNorm1d(mels)]
        inputs = mels
        for outputs, kernel, pool in zip(channels, kernels, pools, strict=True):
            blocks += [
                nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2),
                nn.BatchNorm1d(outputs),
                nn.ReLU(),
                nn.MaxPool1d(pool, ceil_mode=True),
            ]
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.statistics: nn.Module | None = None
        if statistics:
            self.statistics = nn.Sequential(nn.BatchNorm1d(3 * mels), nn.Linear(3 * mels, self.width))

    def forward(self, mel_BFM: Tensor) -> Tensor:
        """Encode excerpts of any length: (batch, frames, mel bands) → (batch, width)."""
        band_BMF = self.blocks[0](mel_BFM.transpose(1, 2))
        encoded_BD: Tensor = self.blocks[1:](band_BMF).mean(dim=2)
        if self.statistics is None:
            return encoded_BD
        steps_BMF = band_BMF.diff(dim=2) if band_BMF.shape[2] > 1 else torch.zeros_like(band_BMF)
        statistics_BS = torch.cat([band_BMF.mean(dim=2), _spread(band_BMF), _spread(steps_BMF)], dim=1)
        of_bands_BD: Tensor = self.statistics(statistics_BS)
        return encoded_BD + of_bands_BD


def _spread(band_BMF: Tensor) -> Tensor:
    """Return the standard deviation over time. The constant avoids the root of 0, which has no gradient."""
    return (band_BMF.var(dim=2, correction=0) + EPSILON).sqrt()
