"""Percentile intervals of the figures by drawing tracks anew with replacement.

Shape suffixes: R draws of all tracks, N tracks, T tags, P positives of a tag.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from mwe.metrics.functional import BLOCK_NUMBERS, Areas

LEVEL = 0.95


def drawn_counts(tracks: int, draws: int, device: torch.device | str = "cpu") -> Tensor:
    """How often each track is drawn, (R, N) uint8: the same on every process and device.

    Args:
        tracks: Number of tracks N, as many as are drawn each time.
        draws: Number of draws R.
        device: Where the counts are wanted.
    """
    generator = torch.Generator().manual_seed(0)
    counts_RN = torch.zeros(draws, tracks, dtype=torch.uint8)
    for count_N in counts_RN:
        drawn = torch.randint(tracks, (tracks,), generator=generator)
        count_N.copy_(torch.bincount(drawn, minlength=tracks).clamp(max=255))
    return counts_RN.to(device)


def drawn_means(value_N: Tensor, count_RN: Tensor) -> Tensor:
    """Mean of a value of each track over each draw, (R,); tracks whose value is NaN count nowhere."""
    defined_N = ~value_N.isnan()
    sums_R = torch.stack([count_N[defined_N].double() @ value_N[defined_N].double() for count_N in count_RN])
    return sums_R / count_RN[:, defined_N].sum(dim=1)


def drawn_areas(score: Callable[[int], tuple[Tensor, Tensor]], tags: int, count_RN: Tensor) -> Areas:
    """Areas under the curves of each tag in each draw, (R, T) each: what repeating the drawn tracks would give.

    Args:
        score: Gives scores and labels (N,) of a tag; tracks at minus infinity are left out.
        tags: Number of tags T.
        count_RN: How often each track is drawn.
    """
    parts = [_areas_of_tag(*score(tag), count_RN) for tag in range(tags)]
    empty = torch.zeros(len(count_RN), 0, dtype=torch.float64, device=count_RN.device)
    return (
        Areas(*(torch.stack(own, dim=1) if own else empty for own in zip(*parts, strict=True)))
        if parts
        else Areas(empty, empty)
    )


def _areas_of_tag(score_N: Tensor, label_N: Tensor, count_RN: Tensor) -> Areas:
    kept = score_N != -torch.inf
    ordered, order = score_N[kept].sort()
    order, label_N = kept.nonzero().squeeze(1)[order], label_N[kept][order]
    positive_P = label_N.nonzero().squeeze(1)
    first_P = torch.searchsorted(ordered, ordered[positive_P], right=False)
    last_P = torch.searchsorted(ordered, ordered[positive_P], right=True)
    step = max(1, BLOCK_NUMBERS // max(1, len(order)))
    parts = []
    for at in range(0, len(count_RN), step):
        weight_BN = count_RN[at : at + step, order].double()
        all_BN = functional.pad(weight_BN.cumsum(dim=1), (1, 0))
        positive_BN = functional.pad((weight_BN * label_N).cumsum(dim=1), (1, 0))
        negative_BN = all_BN - positive_BN
        weight_BP = weight_BN[:, positive_P]
        wins_BP = (negative_BN[:, first_P] + negative_BN[:, last_P]) / 2
        above_BP = positive_BN[:, -1:] - positive_BN[:, first_P]
        # a positive that is not drawn may have nothing above it; its weight is 0
        precision_BP = above_BP / (all_BN[:, -1:] - all_BN[:, first_P]).clamp(min=1)
        positives_B, negatives_B = positive_BN[:, -1], negative_BN[:, -1]
        roc_B = (weight_BP * wins_BP).sum(dim=1) / (positives_B * negatives_B)
        parts.append(Areas(roc_B, (weight_BP * precision_BP).sum(dim=1) / positives_B))
    return Areas(*(torch.cat(own) for own in zip(*parts, strict=True)))


def interval(value_R: Tensor, level: float = LEVEL) -> tuple[Tensor, Tensor]:
    """Bounds between which the middle share of the draws lies; NaN where no draw has a value."""
    defined = value_R[~value_R.isnan()]
    if not len(defined):
        return value_R.new_tensor(torch.nan), value_R.new_tensor(torch.nan)
    low, high = torch.quantile(defined, defined.new_tensor([(1 - level) / 2, (1 + level) / 2]))
    return low, high
