"""Sparse labels of tracks and tags, readable block by block in either direction.

Shape suffixes: N tracks, T tags, B tracks or tags of a block, E entries, L words of 62 bits.
"""

import torch
from scipy import sparse
from torch import Tensor, nn

BITS = 62


class TagLabels(nn.Module):
    """A boolean matrix (N, T) that stores only its true entries, ordered both by track and by tag.

    Args:
        label_NT: The matrix, dense or sparse.

    Examples:
        >>> import torch
        >>> labels = TagLabels(torch.tensor([[True, False], [True, True], [False, False]]))
        >>> labels.of_tags(slice(0, 1)).tolist()  # the tracks of the first tag
        [[True, True, False]]
        >>> labels.counts_of_tags().tolist()
        [2, 1]
    """

    indptr_N: Tensor
    tag_E: Tensor
    indptr_T: Tensor
    track_E: Tensor

    def __init__(self, label_NT: Tensor | sparse.csr_array) -> None:
        if isinstance(label_NT, Tensor):
            entries = label_NT.nonzero().T
        else:
            pairs = label_NT.tocoo()
            true_E = pairs.data.astype(bool)
            entries = torch.stack([torch.from_numpy(part[true_E]).long() for part in (pairs.row, pairs.col)])
        rows, columns = label_NT.shape
        self._set(entries[0], entries[1], (int(rows), int(columns)))

    def _set(self, track_E: Tensor, tag_E: Tensor, shape: tuple[int, int]) -> None:
        super().__init__()
        self.shape = shape
        for name, count, by, other in (("N", shape[0], track_E, tag_E), ("T", shape[1], tag_E, track_E)):
            order = torch.argsort(by, stable=True)
            indptr = torch.zeros(count + 1, dtype=torch.long, device=by.device)
            indptr[1:] = torch.bincount(by, minlength=count).cumsum(0)
            # not part of a checkpoint: the data provides the tags of tracks
            self.register_buffer(f"indptr_{name}", indptr, persistent=False)
            self.register_buffer("tag_E" if name == "N" else "track_E", other[order], persistent=False)

    def select(self, track_N: Tensor, tag_T: Tensor) -> "TagLabels":
        """Return the labels of some tracks and tags, renumbered in the given order, which must have no repeats.

        Examples:
            >>> import torch
            >>> labels = TagLabels(torch.eye(3, dtype=torch.bool))
            >>> labels.select(torch.tensor([2, 0]), torch.tensor([0, 2])).of_tracks(slice(0, 2)).tolist()
            [[False, True], [True, False]]
        """
        position_N = torch.full((self.shape[0],), -1, device=track_N.device).scatter(
            0, track_N, torch.arange(len(track_N), device=track_N.device)
        )
        position_T = torch.full((self.shape[1],), -1, device=tag_T.device).scatter(
            0, tag_T, torch.arange(len(tag_T), device=tag_T.device)
        )
        all_tracks = torch.arange(self.shape[0], device=track_N.device)
        track_E = position_N[all_tracks.repeat_interleave(self.indptr_N.diff())]
        tag_E = position_T[self.tag_E]
        selected_E = (track_E >= 0) & (tag_E >= 0)
        selection = TagLabels.__new__(TagLabels)
        selection._set(track_E[selected_E], tag_E[selected_E], (len(track_N), len(tag_T)))
        return selection

    def of_tracks(self, tracks: slice) -> Tensor:
        """Return the dense labels (B, T) of a slice of the tracks."""
        return _dense(self.indptr_N, self.tag_E, tracks, self.shape[1])

    def of_tags(self, tags: slice) -> Tensor:
        """Return the dense labels (B, N) of a slice of the tags."""
        return _dense(self.indptr_T, self.track_E, tags, self.shape[0])

    def counts_of_tags(self) -> Tensor:
        """Return the number of tracks of each tag, (T,)."""
        return self.indptr_T.diff()

    def packed(self) -> Tensor:
        """Return the tags of each track as bits of integers, (N, L). Tracks share a tag if their bitwise AND is not 0.

        Examples:
            >>> import torch
            >>> TagLabels(torch.tensor([[True, False, True], [False, True, False]])).packed().tolist()
            [[5], [2]]
        """
        tracks = torch.arange(self.shape[0], device=self.tag_E.device).repeat_interleave(self.indptr_N.diff())
        bits_NL = torch.zeros(
            self.shape[0], max(1, -(-self.shape[1] // BITS)), dtype=torch.long, device=self.tag_E.device
        )
        # every entry has a different bit, so that addition sets it
        bits_NL.view(-1).index_add_(
            0, tracks * bits_NL.shape[1] + self.tag_E // BITS, torch.ones_like(self.tag_E) << (self.tag_E % BITS)
        )
        return bits_NL


def _dense(indptr: Tensor, index_E: Tensor, rows: slice, width: int) -> Tensor:
    bounds = indptr[rows.start : rows.stop + 1]
    dense = torch.zeros(len(bounds) - 1, width, dtype=torch.bool, device=indptr.device)
    row_E = torch.arange(len(dense), device=indptr.device).repeat_interleave(bounds.diff())
    dense[row_E, index_E[int(bounds[0]) : int(bounds[-1])]] = True
    return dense
