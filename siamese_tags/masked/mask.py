"""The mask of revealed tags of documents.

Shape suffixes: D documents, T tags.
"""

import torch
from torch import Generator, Tensor


def reveal(membership_DT: Tensor, generator: Generator) -> Tensor:
    """Reveal floor(n / 2) of the n tags of every document, drawn uniformly.

    Args:
        membership_DT: Boolean; the tags of the documents.
        generator: Random numbers, on the same device.

    Returns:
        D × T boolean, a subset of ``membership_DT``. A document with fewer than two tags reveals none.
    """
    keys_DT = torch.rand(membership_DT.shape, generator=generator, device=membership_DT.device)
    keys_DT = keys_DT.masked_fill(~membership_DT, 2.0)
    half_D1 = membership_DT.sum(dim=1, keepdim=True) // 2
    # a document reveals the tags with the smallest keys, half of them; topk is far cheaper than sorting all tags twice
    smallest_DK = keys_DT.topk(min(membership_DT.shape[1] // 2 + 1, membership_DT.shape[1]), largest=False).values
    threshold_D1 = smallest_DK.gather(1, (half_D1 - 1).clamp_min(0))
    return (keys_DT <= threshold_D1) & (half_D1 > 0)


def reveal_seeded(membership_DT: Tensor, seed: int) -> Tensor:
    """Return the mask of a seed. It depends only on documents and seed, and is drawn on the device of the documents.

    Examples:
        Two of four tags are revealed, one of three, none of one:

        >>> membership_DT = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 1, 0]]).bool()
        >>> reveal_seeded(membership_DT, seed=0).sum(dim=1)
        tensor([2, 1, 0])
    """
    return reveal(membership_DT, Generator(membership_DT.device).manual_seed(seed))
