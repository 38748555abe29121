"""The mask: which tags of a document are revealed.

Shape suffixes: D documents, T tags.
"""

import torch
from torch import Generator, Tensor


def reveal(membership_DT: Tensor, generator: Generator) -> Tensor:
    """Reveal floor(n / 2) of the n tags of every document, drawn uniformly.

    Args:
        membership_DT: Boolean; the tags of the documents.
        generator: Source of randomness, on the same device.

    Returns:
        D × T boolean, a subset of ``membership_DT``. A document of fewer than two tags reveals none.
    """
    keys_DT = torch.rand(membership_DT.shape, generator=generator, device=membership_DT.device)
    keys_DT = keys_DT.masked_fill(~membership_DT, 2.0)
    half_D1 = membership_DT.sum(dim=1, keepdim=True) // 2
    # a document reveals its tags up to the half-th smallest key; topk is far cheaper than sorting all tags twice
    smallest_DK = keys_DT.topk(min(membership_DT.shape[1] // 2 + 1, membership_DT.shape[1]), largest=False).values
    threshold_D1 = smallest_DK.gather(1, (half_D1 - 1).clamp_min(0))
    return (keys_DT <= threshold_D1) & (half_D1 > 0)


def reveal_seeded(membership_DT: Tensor, seed: int) -> Tensor:
    """The mask of a seed: a function of documents and seed only, drawn where the documents lie."""
    return reveal(membership_DT, Generator(membership_DT.device).manual_seed(seed))
