"""Positives and negatives of tag, artist and track supervision, drawn on the device without a loop.

Shape suffixes: B anchors, K negatives an anchor, P prototypes, W dimensions of a word vector, N tracks.
"""

from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

LARGEST_PRIME = 2**31 - 1  # the largest below 2**31, so that products stay within 63 bits


class Draw(NamedTuple):
    """Prototypes drawn for a batch.

    Attributes:
        positive_B: A prototype of each anchor.
        negative_BK: Prototypes that do not belong to the anchor.
        valid_B: Whether the anchor has both a positive and a negative; elsewhere the draws are undefined.
    """

    positive_B: Tensor
    negative_BK: Tensor
    valid_B: Tensor


class Belonging(nn.Module):
    """Which prototypes belong to which track, as sparse rows on the device.

    Args:
        belongs: Sparse boolean (N, P): the prototypes of each track.

    Examples:
        >>> import torch
        >>> from scipy import sparse
        >>> belonging = Belonging(sparse.csr_array([[True, False, True], [False, False, False]]))
        >>> belonging.labels(torch.tensor([0, 1])).tolist()
        [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
        >>> belonging.belongs(torch.tensor([0]), torch.tensor([1, 2])).tolist()
        [[False, True]]
    """

    indptr: Tensor
    indices: Tensor
    slots: Tensor

    def __init__(self, belongs: sparse.csr_array) -> None:
        super().__init__()
        belongs.sort_indices()
        self.count = int(belongs.shape[1])
        most = int(np.diff(belongs.indptr).max(initial=0))
        # not saved in checkpoints: they come from the data
        for name, value in (
            ("indptr", torch.from_numpy(belongs.indptr.astype(np.int64))),
            ("indices", torch.from_numpy(np.append(belongs.indices, 0).astype(np.int64))),
            ("slots", torch.arange(most)),
        ):
            self.register_buffer(name, value, persistent=False)

    def __len__(self) -> int:
        return self.count

    def draw(self, track_B: Tensor, negatives: int = 1, repeatable: bool = False) -> Draw:
        """Draw one positive and ``negatives`` negatives of each track, each uniformly.

        A negative is the n-th prototype that does not belong to the track, for a random n. It is computed by skipping
        the track's own prototypes before it, so no draw is rejected and none can be a positive.

        Args:
            track_B: Track of each anchor.
            negatives: Negatives per anchor, drawn with replacement.
            repeatable: Whether to draw the same for a track each time.

        Examples:
            >>> import torch
            >>> from scipy import sparse
            >>> belonging = Belonging(sparse.csr_array([[False, True, False, False]]))
            >>> drawn = belonging.draw(torch.tensor([0]), negatives=100)
            >>> drawn.positive_B.tolist(), drawn.negative_BK.unique().tolist()
            ([1], [0, 2, 3])
        """
        first_B = self.indptr[track_B]
        owned_B = self.indptr[track_B + 1] - first_B
        prototypes = len(self)
        share_BK = _spread(track_B, 1 + negatives) if repeatable else _random(track_B, 1 + negatives)
        chosen_B = (share_BK[:, 0] * owned_B).long()
        # a track without prototypes reads the spare last entry and is marked invalid
        positive_B = self.indices[(first_B + chosen_B).clamp(max=len(self.indices) - 1)]
        others_B = prototypes - owned_B
        nth_BK = (share_BK[:, 1:] * others_B[:, None]).long()
        own_BS = self._own(track_B, beyond=prototypes + 1 + len(self.slots))
        # the own prototype in slot s has own - s others before it; it is skipped where those are at most n
        negative_BK = nth_BK + torch.searchsorted(own_BS - self.slots, nth_BK, right=True)
        valid_B = (owned_B > 0) & (others_B > 0)
        return Draw(positive_B, negative_BK.clamp(max=max(0, prototypes - 1)), valid_B)

    def belongs(self, track_B: Tensor, prototype_C: Tensor) -> Tensor:
        """Return whether each of some prototypes belongs to each track, (B, C)."""
        own_BS = self._own(track_B, beyond=len(self))
        prototype_BC = prototype_C.expand(len(track_B), -1).contiguous()
        slot_BC = torch.searchsorted(own_BS, prototype_BC).clamp(max=max(0, own_BS.shape[1] - 1))
        if not own_BS.shape[1]:
            return torch.zeros_like(prototype_BC, dtype=torch.bool)
        return own_BS.gather(1, slot_BC) == prototype_BC

    def labels(self, track_B: Tensor) -> Tensor:
        """Return 1.0 where a prototype belongs to a track, else 0.0; (B, P)."""
        own_BS = self._own(track_B, beyond=len(self))
        marked = torch.zeros(len(track_B), len(self) + 1, device=track_B.device).scatter_(1, own_BS, 1.0)
        return marked[:, : len(self)]

    def _own(self, track_B: Tensor, beyond: int) -> Tensor:
        """Return the prototypes of each track in ascending order, (B, slots), padded with ``beyond``."""
        first_B = self.indptr[track_B]
        owned_B = self.indptr[track_B + 1] - first_B
        own_BS = self.indices[(first_B[:, None] + self.slots).clamp(max=len(self.indices) - 1)]
        return torch.where(self.slots < owned_B[:, None], own_BS, beyond)


class PrototypeSet(Belonging):
    """The prototypes of one kind of supervision and which of them belong to each track.

    Args:
        vectors_PW: Word vectors of the prototypes.
        belongs: Sparse boolean (N, P): the prototypes of each track.
        split: What they were taken from: ``seen`` tags, or tracks of ``train`` or ``valid``.
    """

    vectors_PW: Tensor

    def __init__(self, vectors_PW: np.ndarray, belongs: sparse.csr_array, split: str = "") -> None:
        super().__init__(belongs)
        self.split = split
        if len(self) != len(vectors_PW):
            raise ValueError(f"{len(vectors_PW)} prototypes do not fit a table of shape {belongs.shape}")
        vectors = torch.from_numpy(np.ascontiguousarray(vectors_PW, dtype=np.float32))
        self.register_buffer("vectors_PW", vectors, persistent=False)


def _random(track_B: Tensor, count: int) -> Tensor:
    return torch.rand(len(track_B), count, device=track_B.device)


def _spread(track_B: Tensor, count: int) -> Tensor:
    """Return numbers in [0, 1) that depend only on the track and are spread evenly over tracks and draws."""
    # multiples of the golden ratio and the plastic number, in integers so that all devices agree
    draw = torch.arange(count, device=track_B.device)
    mixed = ((track_B[:, None] + 1) * 1_327_217_885 + draw * 1_621_087_442) % LARGEST_PRIME
    return (mixed.float() / LARGEST_PRIME).clamp(max=1 - 2**-24)
