"""Loading: whole batches read by the dataset, and evaluation over several processes without repeats."""

from collections.abc import Iterator
from typing import Any

from torch.utils.data import DistributedSampler


def as_read(batch: Any) -> Any:
    """Collate function of datasets whose ``__getitems__`` makes the whole batch."""
    return batch


class EveryItemOnce(DistributedSampler[int]):
    """Every item exactly once over all processes, in order, without padding.

    Lightning leaves a loader alone that already has a distributed sampler. Processes may then have unequal numbers of
    batches, so no step may make a collective call.

    Args:
        dataset: Anything with a length.
        num_replicas: Number of processes.
        rank: This process.
    """

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.rank, len(self.dataset), self.num_replicas))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(range(self.rank, len(self.dataset), self.num_replicas))  # type: ignore[arg-type]
