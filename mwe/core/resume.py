"""Training that resumes in the middle of an epoch exactly as if it had never stopped.

Lightning saves the state of a loader that has one; the state here is the number of batches given. Their order and all
random draws of data sets depend only on seed and epoch, so the rest of the epoch is the same. Training steps draw from
torch's generators, whose state ``KeepDraws`` saves.
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
    """Return the seed of the run, as set by ``seed_everything``; 0 by default."""
    return int(os.environ.get("PL_GLOBAL_SEED", 0))


class SeededOrder(DistributedSampler[Any]):
    """Items in an order that depends only on seed and epoch, distributed over the processes.

    Lightning does not replace the sampler of a loader that already has a distributed one, and sets its epoch.
    """

    start = 0

    def order(self) -> Iterator[Any]:
        """Yield the items of a whole epoch in order."""
        return super().__iter__()

    def __iter__(self) -> Iterator[Any]:
        return islice(self.order(), self.start, None)


class ResumableLoader(DataLoader[Item]):
    """Loader whose position in the epoch is part of a checkpoint.

    Args:
        items: Data set. If it has ``set_epoch``, it is called before anything is read, since draws depend on the epoch.
        sampler: Order of the items.
        batch_size: Items in a batch; None if the sampler yields whole batches.
        settings: Other settings of the ``DataLoader``.

    Examples:
        >>> def loader():
        ...     return ResumableLoader(list(range(6)), SeededOrder(range(6), num_replicas=1, rank=0), batch_size=2)
        >>> stopped = loader()
        >>> first = next(iter(stopped))
        >>> resumed = loader()
        >>> resumed.load_state_dict(stopped.state_dict())
        >>> sorted(torch.cat([first, *resumed]).tolist())
        [0, 1, 2, 3, 4, 5]
    """

    def __init__(self, items: Dataset[Item], sampler: SeededOrder, batch_size: int | None, **settings: Any) -> None:
        # a separate generator: else the draws of a new iterator for its workers would shift the draws of the training
        defaults: dict[str, Any] = {"generator": torch.Generator(), "worker_init_fn": outlive_signals}
        super().__init__(items, batch_size, sampler=sampler, **defaults, **settings)
        self._given = self._skipped = 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # torch declares its own class of iterators
        # a generator function: nothing is drawn before the first batch, since a resumed run sets its epoch after iter()
        sampler = cast(SeededOrder, self.sampler)
        self._given, self._skipped = self._skipped, 0
        sampler.start = self._given * (self.batch_size or 1)
        if hasattr(self.dataset, "set_epoch"):
            self.dataset.set_epoch(sampler.epoch)
        for batch in super().__iter__():
            self._given += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Return the number of batches of the epoch given so far."""
        return {"batches": self._given % max(1, len(self))}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Skip that many batches in the next epoch."""
        self._skipped = state["batches"]


class KeepDraws(Callback):
    """Saves the state of torch's generators of every process, and restores it before the first step."""

    def __init__(self) -> None:
        self._loaded: list[dict[str, Tensor]] = []

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Gather the states of all processes; called on every process."""
        state = {"cpu": torch.get_rng_state()}
        if pl_module.device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(pl_module.device)
        states: list[Any] = [state]
        if trainer.world_size > 1:
            states = [None] * trainer.world_size
            torch.distributed.all_gather_object(states, state)
        checkpoint["draws"] = states

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keep the states until the training begins, since the set-up draws random numbers too."""
        self._loaded = checkpoint.get("draws", [])

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Restore the state, once. A run with another number of processes starts with new draws."""
        states, self._loaded = self._loaded, []
        if len(states) == trainer.world_size:
            torch.set_rng_state(states[trainer.global_rank]["cpu"])
            if "cuda" in states[trainer.global_rank] and pl_module.device.type == "cuda":
                torch.cuda.set_rng_state(states[trainer.global_rank]["cuda"], pl_module.device)
