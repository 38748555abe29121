"""Training that goes on in the middle of an epoch as if it had never stopped.

Lightning keeps the state of a loader that has one; the loader here keeps how many batches it gave. Their order and all
that data sets draw depend on seed and epoch alone, so the rest of the epoch follows. What a training step draws comes
from torch's generators, which ``KeepDraws`` keeps.
"""

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar, cast

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from mwe.core.preempt import outlive_signals

Item = TypeVar("Item")


def global_seed() -> int:
    """The seed of the run, as ``seed_everything`` leaves it; 0 without one."""
    return int(os.environ.get("PL_GLOBAL_SEED", 0))


class SeededOrder(DistributedSampler[Any]):
    """Items in an order that seed and epoch determine, shared out to the processes.

    Lightning leaves a loader alone that already has a distributed sampler, and tells it the epoch.
    """

    start = 0

    def order(self) -> Iterator[Any]:
        """The whole order of an epoch."""
        return super().__iter__()

    def __iter__(self) -> Iterator[Any]:
        return islice(self.order(), self.start, None)


class ResumableLoader(DataLoader[Item]):
    """Loader whose place in the epoch is part of a checkpoint.

    Args:
        items: Data set; one with ``set_epoch`` is told the epoch before anything is read, since its draws depend on it.
        sampler: Order of the items.
        batch_size: Items in a batch; none where the sampler gives whole batches.
        settings: Other settings of the ``DataLoader``.
    """

    def __init__(self, items: Dataset[Item], sampler: SeededOrder, batch_size: int | None, **settings: Any) -> None:
        # a generator of its own: what a new iterator draws for its workers would shift the draws of the training
        own: dict[str, Any] = {"generator": torch.Generator(), "worker_init_fn": outlive_signals}
        super().__init__(items, batch_size, sampler=sampler, **own, **settings)
        self._given = self._passed_over = 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # torch names its own class of iterators
        # a generator, so that nothing is drawn before the first batch: a resumed run sets its epoch after iter()
        sampler = cast(SeededOrder, self.sampler)
        self._given, self._passed_over = self._passed_over, 0
        sampler.start = self._given * (self.batch_size or 1)
        if hasattr(self.dataset, "set_epoch"):
            self.dataset.set_epoch(sampler.epoch)
        for batch in super().__iter__():
            self._given += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """How many batches of the epoch were given."""
        return {"batches": self._given % max(1, len(self))}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Pass over so many batches the next time."""
        self._passed_over = state["batches"]


class KeepDraws(Callback):
    """Keeps the state of torch's generators, every process its own, and takes it up before the first step."""

    def __init__(self) -> None:
        self._kept: list[dict[str, Tensor]] = []

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Gather the states; called on every process."""
        own = {"cpu": torch.get_rng_state()}
        if pl_module.device.type == "cuda":
            own["cuda"] = torch.cuda.get_rng_state(pl_module.device)
        kept: list[Any] = [own]
        if trainer.world_size > 1:
            kept = [None] * trainer.world_size
            torch.distributed.all_gather_object(kept, own)
        checkpoint["draws"] = kept

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Remember them until the training begins, since setting up draws too."""
        self._kept = checkpoint.get("draws", [])

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Take the state up, once; a run on another number of processes draws anew."""
        kept, self._kept = self._kept, []
        if len(kept) == trainer.world_size:
            torch.set_rng_state(kept[trainer.global_rank]["cpu"])
            if "cuda" in kept[trainer.global_rank] and pl_module.device.type == "cuda":
                torch.cuda.set_rng_state(kept[trainer.global_rank]["cuda"], pl_module.device)
