"""Bootstrap percentile intervals of metrics: tracks are drawn with replacement.

Shape suffixes: R draws of all tracks, N tracks, T tags, P positives of a tag.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from mwe.metrics.functional import BLOCK_NUMBERS, Areas

LEVEL = 0.95


def drawn_counts(tracks: int, draws: int, device: torch.device | str = "cpu") -> Tensor:
    """Return how often each track is drawn, (R, N) uint8: the same on every process and device.

    Args:
        tracks: Number of tracks N, which is also the size of each draw.
        draws: Number of draws R.
        device: Device of the result.

    Examples:
        >>> counts = drawn_counts(tracks=5, draws=3)
        >>> counts.sum(dim=1).tolist()  # every draw has five tracks
        [5, 5, 5]
        >>> drawn_counts(5, 3).equal(counts)
        True
    """
    generator = torch.Generator().manual_seed(0)
    counts_RN = torch.zeros(draws, tracks, dtype=torch.uint8)
    for count_N in counts_RN:
        drawn = torch.randint(tracks, (tracks,), generator=generator)
        count_N.copy_(torch.bincount(drawn, minlength=tracks).clamp(max=255))
    return counts_RN.to(device)


def drawn_means(value_N: Tensor, count_RN: Tensor) -> Tensor:
    """Return the mean of a value over the tracks of each draw, (R,); tracks whose value is NaN are left out.

    Examples:
        >>> import torch
        >>> count = torch.tensor([[1, 1, 1], [2, 0, 1]], dtype=torch.uint8)
        >>> drawn_means(torch.tensor([1.0, 4.0, torch.nan]), count).tolist()
        [2.5, 1.0]
    """
    defined_N = ~value_N.isnan()
    sums_R = torch.stack([count_N[defined_N].double() @ value_N[defined_N].double() for count_N in count_RN])
    return sums_R / count_RN[:, defined_N].sum(dim=1)


def drawn_areas(score: Callable[[int], tuple[Tensor, Tensor]], tags: int, count_RN: Tensor) -> Areas:
    """Return the areas under the curves of each tag in each draw, (R, T) each, as if drawn tracks were repeated.

    Args:
        score: Returns scores and labels (N,) of a tag; tracks at minus infinity are left out.
        tags: Number of tags T.
        count_RN: How often each track is drawn.
    """
    parts = [_areas_of_tag(*score(tag), count_RN) for tag in range(tags)]
    empty = torch.zeros(len(count_RN), 0, dtype=torch.float64, device=count_RN.device)
    return (
        Areas(*(torch.stack(areas, dim=1) if areas else empty for areas in zip(*parts, strict=True)))
        if parts
        else Areas(empty, empty)
    )


def _areas_of_tag(score_N: Tensor, label_N: Tensor, count_RN: Tensor) -> Areas:
    included = score_N != -torch.inf
    ordered, order = score_N[included].sort()
    order, label_N = included.nonzero().squeeze(1)[order], label_N[included][order]
    positive_P = label_N.nonzero().squeeze(1)
    first_P = torch.searchsorted(ordered, ordered[positive_P], right=False)
    last_P = torch.searchsorted(ordered, ordered[positive_P], right=True)
    step = max(1, BLOCK_NUMBERS // max(1, len(order)))
    parts = []
    for start in range(0, len(count_RN), step):
        weight_BN = count_RN[start : start + step, order].double()
        all_BN = functional.pad(weight_BN.cumsum(dim=1), (1, 0))
        positive_BN = functional.pad((weight_BN * label_N).cumsum(dim=1), (1, 0))
        negative_BN = all_BN - positive_BN
        weight_BP = weight_BN[:, positive_P]
        wins_BP = (negative_BN[:, first_P] + negative_BN[:, last_P]) / 2
        above_BP = positive_BN[:, -1:] - positive_BN[:, first_P]
        # a positive that is not drawn may have no track above it; its weight is 0
        precision_BP = above_BP / (all_BN[:, -1:] - all_BN[:, first_P]).clamp(min=1)
        positives_B, negatives_B = positive_BN[:, -1], negative_BN[:, -1]
        roc_B = (weight_BP * wins_BP).sum(dim=1) / (positives_B * negatives_B)
        parts.append(Areas(roc_B, (weight_BP * precision_BP).sum(dim=1) / positives_B))
    return Areas(*(torch.cat(areas) for areas in zip(*parts, strict=True)))


def interval(value_R: Tensor, level: float = LEVEL) -> tuple[Tensor, Tensor]:
    """Return the bounds of the central share of the draws; NaN if no draw has a value.

    Examples:
        >>> import torch
        >>> [round(bound.item(), 1) for bound in interval(torch.linspace(0, 100, 101, dtype=torch.float64))]
        [2.5, 97.5]
    """
    defined = value_R[~value_R.isnan()]
    if not len(defined):
        return value_R.new_tensor(torch.nan), value_R.new_tensor(torch.nan)
    low, high = torch.quantile(defined, defined.new_tensor([(1 - level) / 2, (1 + level) / 2]))
    return low, high
