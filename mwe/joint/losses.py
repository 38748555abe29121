"""The max-margin hinge loss on cosine similarity (eqs. 2 and 3).

Shape suffixes: B anchors, K negatives an anchor, D dimensions.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize


def cosine_hinge(
    anchor_BD: Tensor, positive_BD: Tensor, negative_BKD: Tensor, valid_B: Tensor, margin: float = 0.4
) -> Tensor:
    """Mean of ``max(0, margin - cos(A, P+) + cos(A, P-))`` over valid anchors and their negatives.

    Args:
        anchor_BD: Audio embeddings f(A).
        positive_BD: Prototypes g(P+).
        negative_BKD: Prototypes g(P-), several an anchor.
        valid_B: Which anchors have both a positive and a negative; with none, the loss is 0.
        margin: The margin; the published code uses 0.4, the paper names no value.
    """
    anchor_B1D = normalize(anchor_BD, dim=-1).unsqueeze(1)
    towards_B1 = (anchor_B1D * normalize(positive_BD, dim=-1).unsqueeze(1)).sum(-1)
    away_BK = (anchor_B1D * normalize(negative_BKD, dim=-1)).sum(-1)
    hinge_B = torch.relu(margin - towards_B1 + away_BK).mean(dim=1)
    return (hinge_B * valid_B).sum() / valid_B.sum().clamp(min=1)
