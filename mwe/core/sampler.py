"""Loading: whole batches read by the dataset, and evaluation over several processes without repeats."""

from collections.abc import Iterator
from typing import Any

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from mwe.core.preempt import outlive_signals


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


def world_of(data: LightningDataModule) -> tuple[int, int]:
    """Number of processes, and the place of this one among them; one process without a trainer."""
    return (1, 0) if data.trainer is None else (data.trainer.world_size, data.trainer.global_rank)


def every_item_once(
    data: LightningDataModule, items: Dataset[Any], batch_size: int, **settings: Any
) -> DataLoader[Any]:
    """Loader of every item once over all processes of a datamodule's trainer, in order, in batches as read.

    Args:
        data: The datamodule.
        items: A dataset whose ``__getitems__`` makes the whole batch.
        batch_size: Items in a batch.
        settings: Other settings of the ``DataLoader``.
    """
    sampler = EveryItemOnce(items, *world_of(data))
    return DataLoader(
        items, batch_size, sampler=sampler, collate_fn=as_read, worker_init_fn=outlive_signals, **settings
    )
