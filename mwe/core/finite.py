"""A loss that is not finite ends a training, and no checkpoint is written with what comes of it."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from mwe.core.errors import NotFiniteLossError
from mwe.core.preempt import last_checkpoint

LOSS = "loss"


@runtime_checkable
class NamesItems(Protocol):
    """Data that can tell which items a training batch was made of."""

    def batch_items(self, batch: Any) -> Tensor:
        """Numbers of a batch's items, small enough to be kept for some steps."""
        ...

    def item_names(self, items_B: Tensor) -> list[str]:
        """Names of items by such numbers, each once."""
        ...


class Step(NamedTuple):
    """What is kept of a step until it is looked at.

    Attributes:
        number: Steps of the optimiser so far.
        epoch: Number of the epoch, from 0.
        losses: The loss as ``loss``, and its parts by name.
        items_B: Numbers of the batch's items.
    """

    number: int
    epoch: int
    losses: dict[str, Tensor]
    items_B: Tensor | None


class Finding(NamedTuple):
    """A step of one process after which something was not finite."""

    number: int
    epoch: int
    what: str
    items: list[str]


class RequireFiniteLoss(Callback):
    """Ends a training on all processes when the loss, or a weight that is to be saved, is NaN or infinite.

    Losses stay on the device until several steps are looked at together, since each look waits for the device. What is
    about to be saved is looked at in any case, so a checkpoint is always from before.

    Args:
        every: Steps between two looks.
    """

    def __init__(self, every: int = 10) -> None:
        self.every = every
        self._steps: list[Step] = []
        self._latest: Step | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget an earlier training."""
        self._steps, self._latest = [], None

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep the losses of the step, and look at those kept.

        Raises:
            NotFiniteLossError: One of them is not finite, on any process.
        """
        if outputs and LOSS in outputs:
            data = getattr(trainer, "datamodule", None)
            items_B = data.batch_items(batch) if isinstance(data, NamesItems) else None
            self._latest = Step(trainer.global_step, trainer.current_epoch, outputs, items_B)
            self._steps.append(self._latest)
        if (batch_idx + 1) % self.every == 0 or batch_idx + 1 >= trainer.num_training_batches:
            self._look(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look before the validation, whose figures would be refused for it.

        Raises:
            NotFiniteLossError: A loss is not finite, on any process.
        """
        if not trainer.sanity_checking:
            self._look(trainer)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Look at the losses, then at the weights: a gradient may have been infinite where the loss was not.

        Raises:
            NotFiniteLossError: Something is not finite, on any process; nothing is written.
        """
        self._look(trainer)
        finite = [weight.detach().isfinite().all() for weight in pl_module.parameters()]
        broken = bool(finite) and self._latest is not None and not bool(torch.stack(finite).all())
        self._agree(trainer, self._latest if broken else None, "weights after")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Leave the last checkpoint as it is."""
        if isinstance(exception, NotFiniteLossError):
            for one in trainer.checkpoint_callbacks:
                if isinstance(one, ModelCheckpoint):
                    one.save_on_exception = False

    def _look(self, trainer: Trainer) -> None:
        steps, self._steps = self._steps, []
        finite = torch.stack([step.losses[LOSS] for step in steps]).isfinite().tolist() if steps else []
        self._agree(trainer, steps[finite.index(False)] if False in finite else None, "loss of")

    def _agree(self, trainer: Trainer, broken: Step | None, what: str) -> None:
        """Go on if nothing is broken on any process, else end all of them with the same words."""
        if trainer.strategy.reduce_boolean_decision(broken is None, all=True):
            return
        own = None if broken is None else _found(trainer, broken, what)
        findings: list[Finding | None] = [own]
        if trainer.world_size > 1:
            findings = [None] * trainer.world_size
            torch.distributed.all_gather_object(findings, own)
        raise NotFiniteLossError(_told(trainer, findings))


def _found(trainer: Trainer, broken: Step, what: str) -> Finding:
    """The step in words; its losses are read from the device."""
    values = {name: float(value) for name, value in broken.losses.items() if value.numel() == 1}
    parts = ", ".join(f"{name} {value:.4g}" for name, value in values.items() if name != LOSS)
    data = getattr(trainer, "datamodule", None)
    items = data.item_names(broken.items_B) if isinstance(data, NamesItems) and broken.items_B is not None else []
    told = f"{what} step {broken.number} (epoch {broken.epoch}): loss {values[LOSS]:.4g}"
    return Finding(broken.number, broken.epoch, f"{told} ({parts})" if parts else told, items)


def _told(trainer: Trainer, findings: list[Finding | None]) -> str:
    """The message: the earliest step, on each process where it was broken."""
    first = min(one.number for one in findings if one is not None)
    broken = [(rank, one) for rank, one in enumerate(findings) if one is not None and one.number == first]
    kept = last_checkpoint(trainer)
    onwards = f" and go on with --ckpt_path {kept}, which is from before" if kept is not None and kept.is_file() else ""
    items = "; ".join(
        f"{f'process {rank}: ' if trainer.world_size > 1 else ''}{', '.join(one.items)}" for rank, one in broken
    )
    return (
        f"not finite: {broken[0][1].what}. Take a lower learning rate or --trainer.gradient_clip_val 1{onwards}; "
        "--trainer.detect_anomaly true names the operation. Items of the step (if these are in order, the step before "
        f"has spoilt the weights): {items or 'not known'}"
    )
