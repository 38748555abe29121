"""Vectors with the places they belong to, as the ``test`` runs of word vectors read them."""

from typing import NamedTuple

from torch import Tensor
from torch.utils.data import Dataset


class PlacedVectors(NamedTuple):
    """A batch.

    Args:
        place: Position of each track or tag in the collection, int64.
        vector: Its word vector.
    """

    place: Tensor
    vector: Tensor


class VectorDataset(Dataset[PlacedVectors]):
    """Vectors of the tracks or tags that have one.

    Args:
        places: Their positions in the collection.
        vectors: One row each.
    """

    def __init__(self, places: Tensor, vectors: Tensor) -> None:
        self.places, self.vectors = places, vectors

    def __len__(self) -> int:
        return len(self.places)

    def __getitems__(self, items: list[int]) -> PlacedVectors:
        return PlacedVectors(self.places[items], self.vectors[items])
