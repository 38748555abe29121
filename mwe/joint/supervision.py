"""Positives and negatives of tag, artist and track supervision, drawn on the device without a loop.

Shape suffixes: B anchors, K negatives an anchor, P prototypes, W dimensions of a word vector, N tracks.
"""

from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn


class Draw(NamedTuple):
    """Prototypes drawn for a batch.

    Args:
        positive_B: A prototype of each anchor.
        negative_BK: Prototypes that are none of the anchor's.
        valid_B: Whether the anchor has a positive and there is a negative; elsewhere the numbers mean nothing.
    """

    positive_B: Tensor
    negative_BK: Tensor
    valid_B: Tensor


class PrototypeSet(nn.Module):
    """The prototypes of one kind of supervision and which of them belong to each track.

    Args:
        vectors_PW: Word vectors of the prototypes.
        belongs: Sparse boolean (N, P): the prototypes of each track.
    """

    vectors_PW: Tensor
    indptr: Tensor
    indices: Tensor
    slots: Tensor

    def __init__(self, vectors_PW: np.ndarray, belongs: sparse.csr_array) -> None:
        super().__init__()
        if belongs.shape[1] != len(vectors_PW):
            raise ValueError(f"{len(vectors_PW)} prototypes do not fit a table of shape {belongs.shape}")
        belongs.sort_indices()
        most = int(np.diff(belongs.indptr).max(initial=0))
        # not part of a checkpoint: the data say which prototypes there are
        for name, value in (
            ("vectors_PW", torch.from_numpy(np.ascontiguousarray(vectors_PW, dtype=np.float32))),
            ("indptr", torch.from_numpy(belongs.indptr.astype(np.int64))),
            ("indices", torch.from_numpy(np.append(belongs.indices, 0).astype(np.int64))),
            ("slots", torch.arange(most)),
        ):
            self.register_buffer(name, value, persistent=False)

    def __len__(self) -> int:
        return len(self.vectors_PW)

    def draw(self, track_B: Tensor, negatives: int = 1) -> Draw:
        """One positive of each track and ``negatives`` prototypes that are not its own, each uniform.

        The n-th prototype that is not the track's own is found by stepping over the own ones that lie before it, so no
        draw is rejected and none can be a positive.

        Args:
            track_B: Track of each anchor.
            negatives: Negatives an anchor, drawn with replacement.
        """
        first_B = self.indptr[track_B]
        owned_B = self.indptr[track_B + 1] - first_B
        device, prototypes = track_B.device, len(self)
        chosen_B = (torch.rand(len(track_B), device=device) * owned_B).long()
        # a track without any reads the spare entry at the end, and is not valid
        positive_B = self.indices[(first_B + chosen_B).clamp(max=len(self.indices) - 1)]
        others_B = prototypes - owned_B
        nth_BK = (torch.rand(len(track_B), negatives, device=device) * others_B[:, None]).long()
        own_BS = self.indices[(first_B[:, None] + self.slots).clamp(max=len(self.indices) - 1)]
        # the own prototype in slot s has own - s others before it; it is stepped over where those are no more than n
        before_BS = torch.where(self.slots < owned_B[:, None], own_BS - self.slots, prototypes + 1)
        negative_BK = nth_BK + torch.searchsorted(before_BS, nth_BK, right=True)
        valid_B = (owned_B > 0) & (others_B > 0)
        return Draw(positive_B, negative_BK.clamp(max=max(0, prototypes - 1)), valid_B)
