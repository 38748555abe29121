"""Skip-gram with negative sampling (eq. 1) on blocks of tokens, as matrix products.

Shape suffixes: V tokens of the vocabulary, S tokens of a chunk of the corpus, R its lines, B blocks, L centre tokens of
a block, H tokens of a block with a border on either side, N noise tokens of a block, D dimensions.
"""

from bisect import bisect_right
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

from mwe.words.torch_tokens import LINE_END


class Blocks(NamedTuple):
    """All random draws for blocks of tokens: given these, the objective is a plain sum.

    Attributes:
        input_BH: Vocabulary rows of the predicting tokens.
        output_BL: Rows of the predicted tokens, the middle of ``input_BH``.
        pair_BLH: 1 where a token is predicted from another, float32.
        noise_BN: Rows of the noise tokens, shared by all pairs of a block.
    """

    input_BH: Tensor
    output_BL: Tensor
    pair_BLH: Tensor
    noise_BN: Tensor

    def some(self, first: int, stop: int) -> "Blocks":
        """Return the blocks from ``first`` up to, not including, ``stop``."""
        return Blocks(*(part[first:stop] for part in self))


class Vectors(NamedTuple):
    """Rows of the tables for some blocks, or the derivatives of the objective by them.

    Attributes:
        input_BHD: Input vectors.
        output_BLD: Output vectors of the predicted tokens.
        noise_BND: Output vectors of the noise tokens.
    """

    input_BHD: Tensor
    output_BLD: Tensor
    noise_BND: Tensor


def kept_share(count_V: np.ndarray, sample: float) -> np.ndarray:
    """Return the probability that word2vec's sub-sampling keeps an occurrence of a word; 1 if ``sample`` is 0."""
    if not sample:
        return np.ones(len(count_V), dtype=np.float32)
    ratio = sample / (count_V / count_V.sum())
    kept_V: np.ndarray = np.minimum(1.0, np.sqrt(ratio) + ratio).astype(np.float32)
    return kept_V


def noise_edges(count_V: np.ndarray) -> np.ndarray:
    """Return the cumulative noise distribution, proportional to count to the power of 0.75, float64 in [0, 1]."""
    edges: np.ndarray = np.cumsum(count_V.astype(np.float64) ** 0.75)
    edges /= edges[-1]
    return edges


def whole_lines(size_R: Tensor, block: int) -> Tensor:
    """Return where blocks start that hold as many whole lines as fit; no line may be longer than a block."""
    end_R = size_R.cumsum(0).tolist()
    start_B = [0]
    while (full := bisect_right(end_R, start_B[-1] + block)) < len(end_R):
        start_B.append(end_R[full - 1])
    return torch.tensor(start_B, device=size_R.device)


class BlockSampler:
    """Draws sub-sampling, windows and noise for chunks of a corpus, on the device of the tables.

    Args:
        kept_V: Probability of keeping an occurrence.
        noise_V: Cumulative noise distribution.
        window: Largest distance; each token draws its window between 1 and this, as in word2vec.
        block: Centre tokens of a block.
        noise: Noise tokens of a block.
        whole: Whether blocks consist of whole lines if all lines of a chunk are short, such as lists of tags. Such
            blocks need no border. Otherwise all blocks have the same width.
    """

    def __init__(
        self, kept_V: Tensor, noise_V: Tensor, window: int, block: int, noise: int, whole: bool = True
    ) -> None:
        self.kept_V, self.noise_V = kept_V, noise_V
        self.window, self.block, self.noise, self.whole = window, block, noise, whole

    def draw(self, token_S: Tensor, generator: torch.Generator) -> Blocks:
        """Split a chunk of tokens into blocks. Sub-sampling comes before the windows.

        Args:
            token_S: Vocabulary rows, ``LINE_END`` after every line.
            generator: Source of all randomness.
        """
        device = token_S.device
        token_S, line_S = self._kept(token_S, generator)
        start_B, border = self._starts(line_S)
        stop_B = torch.cat([start_B[1:], start_B.new_full((len(start_B[:1]),), len(token_S))])
        offset_H = torch.arange(self.block + 2 * border, device=device)
        position_BH = start_B[:, None] + offset_H
        around = (border, border + self.block)
        input_BH, line_BH = pad(token_S, around)[position_BH], pad(line_S, around, value=-1)[position_BH]
        middle = slice(border, border + self.block)
        reach_BL = torch.randint(1, self.window + 1, (len(start_B), self.block), generator=generator, device=device)
        # positions count from the start of the border
        reach_BL.masked_fill_(position_BH[:, middle] - border >= stop_B[:, None], 0)
        apart_LH = (offset_H[middle, None] - offset_H).abs()
        pair_BLH = (apart_LH <= reach_BL[..., None]) & (line_BH[:, middle, None] == line_BH[:, None]) & (apart_LH > 0)
        uniform_BN = torch.rand(len(start_B), self.noise, generator=generator, device=device, dtype=torch.float64)
        noise_BN = torch.searchsorted(self.noise_V, uniform_BN, right=True)
        return Blocks(input_BH, input_BH[:, middle], pair_BLH.float(), noise_BN)

    def _kept(self, token_S: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Sub-sample tokens; return them and their lines. A token left alone in its line has no pair and is dropped."""
        line_S = (token_S == LINE_END).cumsum(0)
        kept_S = torch.rand(len(token_S), generator=generator, device=token_S.device) < self.kept_V[token_S]
        kept_S &= token_S != LINE_END
        token_S, line_S = token_S[kept_S], line_S[kept_S]
        paired_S = line_S.bincount()[line_S] > 1
        return token_S[paired_S], line_S[paired_S]

    def _starts(self, line_S: Tensor) -> tuple[Tensor, int]:
        """Return where blocks start, and the border that they need."""
        if self.whole and len(line_S):
            size_R = line_S.bincount()
            size_R = size_R[size_R > 0]
            if int(size_R.max()) <= self.block // 2:  # longer lines would leave too much of a block empty
                return whole_lines(size_R, self.block), 0
        return torch.arange(0, len(line_S), self.block, device=line_S.device), self.window


def gradients(vectors: Vectors, pair_BLH: Tensor, negatives: int) -> Vectors:
    """Compute the derivatives of eq. 1, summed over the pairs of each block, for gradient *ascent*.

    The objective of a pair is log s(output . input) + negatives x mean over the block's noise tokens of
    log s(-noise . input). The noise term of an input therefore counts once for each of its pairs, and has the same
    expectation as with separate noise tokens for each pair.

    Args:
        vectors: Rows of the tables for the blocks.
        pair_BLH: 1 for pairs.
        negatives: Negative samples per pair.
    """
    input_BHD, output_BLD, noise_BND = vectors
    pull_BLH = torch.bmm(output_BLD, input_BHD.mT).neg_().sigmoid_().mul_(pair_BLH)
    weight_BH = pair_BLH.sum(dim=1).mul_(-negatives / noise_BND.shape[1])
    push_BHN = torch.bmm(input_BHD, noise_BND.mT).sigmoid_().mul_(weight_BH[..., None])
    by_input_BHD = torch.bmm(pull_BLH.mT, output_BLD).baddbmm_(push_BHN, noise_BND)
    return Vectors(by_input_BHD, torch.bmm(pull_BLH, input_BHD), torch.bmm(push_BHN.mT, input_BHD))


def mean_objective(vectors: Vectors, pair_BLH: Tensor, negatives: int) -> Tensor:
    """Compute eq. 1 as the mean over the pairs of blocks; 0 without pairs. ``gradients`` are those of the sum."""
    positive_BLH = logsigmoid(torch.bmm(vectors.output_BLD, vectors.input_BHD.mT)) * pair_BLH
    noise_BH = logsigmoid(-torch.bmm(vectors.input_BHD, vectors.noise_BND.mT)).mean(dim=2) * pair_BLH.sum(dim=1)
    return (positive_BLH.sum() + negatives * noise_BH.sum()) / pair_BLH.sum().clamp(min=1)
