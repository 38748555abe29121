"""Loading of whole batches by the dataset, and evaluation over several processes without repeats."""

from collections.abc import Iterator
from typing import Any

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from mwe.core.preempt import outlive_signals


def as_read(batch: Any) -> Any:
    """Collate function of datasets whose ``__getitems__`` returns the whole batch."""
    return batch


class EveryItemOnce(DistributedSampler[int]):
    """Every item exactly once over all processes, in order, without padding.

    Lightning does not replace the sampler of a loader that already has a distributed one. Processes may then have
    different numbers of batches, so steps must not make collective calls.

    Args:
        dataset: Anything with a length.
        num_replicas: Number of processes.
        rank: Rank of this process.

    Examples:
        >>> [list(EveryItemOnce(range(5), num_replicas=2, rank=rank)) for rank in (0, 1)]
        [[0, 2, 4], [1, 3]]
    """

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.rank, len(self.dataset), self.num_replicas))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(range(self.rank, len(self.dataset), self.num_replicas))  # type: ignore[arg-type]


def world_of(data: LightningDataModule) -> tuple[int, int]:
    """Return the number of processes and the rank of this one; a single process if there is no trainer."""
    return (1, 0) if data.trainer is None else (data.trainer.world_size, data.trainer.global_rank)


def every_item_once(
    data: LightningDataModule, items: Dataset[Any], batch_size: int, **settings: Any
) -> DataLoader[Any]:
    """Return a loader of every item once over all processes of a datamodule's trainer, in order, in whole batches.

    Args:
        data: The datamodule.
        items: A dataset whose ``__getitems__`` returns the whole batch.
        batch_size: Items in a batch.
        settings: Other settings of the ``DataLoader``.
    """
    sampler = EveryItemOnce(items, *world_of(data))
    return DataLoader(
        items, batch_size, sampler=sampler, collate_fn=as_read, worker_init_fn=outlive_signals, **settings
    )
