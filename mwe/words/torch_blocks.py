"""Skip-gram with negative sampling (eq. 1) on blocks of tokens, as matrix products.

Shape suffixes: V tokens of the vocabulary, B blocks, L centre tokens of a block, H tokens of a block with a window's
breadth on either side, N noise tokens of a block, D dimensions.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

from mwe.words.torch_tokens import LINE_END


class Blocks(NamedTuple):
    """Everything drawn for blocks of tokens: with this, the objective is a plain sum.

    Args:
        input_BH: Vocabulary rows of the tokens that predict.
        output_BL: Rows of the tokens that are predicted, the middle of ``input_BH``.
        pair_BLH: 1 where a token is predicted from another, float32.
        noise_BN: Rows of the noise tokens, shared by all pairs of a block.
    """

    input_BH: Tensor
    output_BL: Tensor
    pair_BLH: Tensor
    noise_BN: Tensor


class Gradients(NamedTuple):
    """Derivatives of the objective by the looked-up rows.

    Args:
        input_HD: By the input vectors.
        output_LND: By the output vectors of the predicted tokens, then of the noise tokens.
    """

    input_HD: Tensor
    output_LND: Tensor


def kept_share(count_V: np.ndarray, sample: float) -> np.ndarray:
    """Probability that an occurrence is kept by word2vec's sub-sampling of frequent words; 1 if ``sample`` is 0."""
    if not sample:
        return np.ones(len(count_V), dtype=np.float32)
    ratio = sample / (count_V / count_V.sum())
    kept_V: np.ndarray = np.minimum(1.0, np.sqrt(ratio) + ratio).astype(np.float32)
    return kept_V


def noise_edges(count_V: np.ndarray) -> np.ndarray:
    """Upper edges of the tokens' shares of the noise distribution, count to the power of 0.75, float64 in [0, 1]."""
    edges: np.ndarray = np.cumsum(count_V.astype(np.float64) ** 0.75)
    edges /= edges[-1]
    return edges


class BlockSampler:
    """Draws sub-sampling, windows and noise for stretches of a corpus, on the device of the tables.

    Args:
        kept_V: Probability of keeping an occurrence.
        noise_V: Upper edges of the noise distribution.
        window: Largest distance; each token draws its own between 1 and this, as in word2vec.
        block: Centre tokens of a block.
        noise: Noise tokens of a block.
        narrow: Whether blocks reach no further than the longest line of the stretch; otherwise all are equally broad.
    """

    def __init__(
        self, kept_V: Tensor, noise_V: Tensor, window: int, block: int, noise: int, narrow: bool = False
    ) -> None:
        self.kept_V, self.noise_V = kept_V, noise_V
        self.window, self.block, self.noise, self.narrow = window, block, noise, narrow

    def draw(self, token: Tensor, generator: torch.Generator) -> Blocks:
        """Cut a stretch of tokens into blocks; tokens are dropped before windows are laid.

        Args:
            token: Vocabulary rows, ``LINE_END`` behind every line.
            generator: Source of all randomness.
        """
        device = self.kept_V.device
        line = (token == LINE_END).cumsum(0)
        within = token != LINE_END
        token, line = token[within], line[within]
        kept = torch.rand(len(token), generator=generator, device=device) < self.kept_V[token]
        token, line = token[kept], line[kept]
        blocks = -(-len(token) // self.block)
        reach_B = torch.randint(1, self.window + 1, (blocks, self.block), generator=generator, device=device)
        uniform_BN = torch.rand(blocks, self.noise, generator=generator, device=device, dtype=torch.float64)
        noise_BN = torch.searchsorted(self.noise_V, uniform_BN, right=True)
        border = self.window
        if self.narrow and blocks:
            border = min(border, int(line.bincount().max()) - 1)
        around = (border, border + blocks * self.block - len(token))
        input_BH = self._overlapping(pad(token, around), border)
        line_BH = self._overlapping(pad(line, around, value=-1), border)
        middle = slice(border, border + self.block)
        place = torch.arange(input_BH.shape[1], device=device)
        distance_LH = (place[middle, None] - place).abs()
        near_BLH = (distance_LH > 0) & (distance_LH <= reach_B[..., None])
        pair_BLH = near_BLH & (line_BH[:, middle, None] == line_BH[:, None]) & (line_BH[:, middle, None] >= 0)
        return Blocks(input_BH, input_BH[:, middle], pair_BLH.float(), noise_BN)

    def _overlapping(self, padded: Tensor, border: int) -> Tensor:
        width = self.block + 2 * border
        if len(padded) < width:
            return padded.new_zeros(0, width)
        return padded.unfold(0, width, self.block)


def gradients(input_HD: Tensor, output_LND: Tensor, pair_LH: Tensor, negatives: int) -> Gradients:
    """Derivatives of eq. 1, summed over the pairs of a block, for gradient *ascent*.

    Of a pair: log s(output . input) + negatives x mean over the block's noise tokens of log s(-noise . input). The
    noise term of an input therefore counts once a pair it is in, and has the same expectation as with noise tokens
    drawn for each pair alone.

    Args:
        input_HD: Input vectors.
        output_LND: Output vectors of the predicted tokens, then of the noise tokens.
        pair_LH: 1 for pairs.
        negatives: Negative samples that a pair stands for.
    """
    output_LD, noise_ND = output_LND[: len(pair_LH)], output_LND[len(pair_LH) :]
    pull_LH = torch.sigmoid(-(output_LD @ input_HD.T)).mul_(pair_LH)
    weight_H = pair_LH.sum(dim=0).mul_(-negatives / len(noise_ND))
    push_HN = torch.sigmoid(input_HD @ noise_ND.T).mul_(weight_H[:, None])
    by_input_HD = (pull_LH.T @ output_LD).addmm_(push_HN, noise_ND)
    return Gradients(by_input_HD, torch.cat([pull_LH @ input_HD, push_HN.T @ input_HD]))


def mean_objective(input_HD: Tensor, output_LND: Tensor, pair_LH: Tensor, negatives: int) -> Tensor:
    """Eq. 1 as the mean over the pairs of a block, of which `gradients` are those of the sum; 0 without a pair."""
    output_LD, noise_ND = output_LND[: len(pair_LH)], output_LND[len(pair_LH) :]
    positive_LH = logsigmoid(output_LD @ input_HD.T) * pair_LH
    noise_H = logsigmoid(-(input_HD @ noise_ND.T)).mean(dim=1) * pair_LH.sum(dim=0)
    return (positive_LH.sum() + negatives * noise_H.sum()) / pair_LH.sum().clamp(min=1)
