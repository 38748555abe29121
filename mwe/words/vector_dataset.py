"""Vectors of tracks or tags with their positions in the collection, for the ``test`` runs of word vectors."""

from typing import NamedTuple

from torch import Tensor
from torch.utils.data import Dataset


class VectorBatch(NamedTuple):
    """A batch of vectors.

    Attributes:
        position: Position of each track or tag in the collection, int64.
        vector: Its word vector.
    """

    position: Tensor
    vector: Tensor


class VectorDataset(Dataset[VectorBatch]):
    """Vectors of the tracks or tags that have one.

    Args:
        positions: Their positions in the collection.
        vectors: Their vectors, one row each.
    """

    def __init__(self, positions: Tensor, vectors: Tensor) -> None:
        self.positions, self.vectors = positions, vectors

    def __len__(self) -> int:
        return len(self.positions)

    def __getitems__(self, items: list[int]) -> VectorBatch:
        return VectorBatch(self.positions[items], self.vectors[items])
