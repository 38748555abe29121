"""End a training when its loss is not finite, before a checkpoint with broken weights is written."""

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
    """Data that knows the items of a training batch."""

    def batch_items(self, batch: Any) -> Tensor:
        """Return the numbers of a batch's items, small enough to keep for some steps."""
        ...

    def item_names(self, items_B: Tensor) -> list[str]:
        """Return the names of items by their numbers, without repeats."""
        ...


class Step(NamedTuple):
    """A step whose losses have not been checked yet.

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
    """Ends a training on all processes when the loss, or a weight about to be saved, is NaN or infinite.

    Losses stay on the device and are checked for several steps at once, since every check waits for the device. Saving
    always checks first, so the last checkpoint is always finite.

    Args:
        every: Steps between two checks.
    """

    def __init__(self, every: int = 10) -> None:
        self.every = every
        self._steps: list[Step] = []
        self._latest: Step | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reset the state of an earlier training."""
        self._steps, self._latest = [], None

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record the losses of the step, and check the recorded losses if it is time.

        Raises:
            NotFiniteLossError: A loss is not finite on any process.
        """
        if outputs and LOSS in outputs:
            data = getattr(trainer, "datamodule", None)
            items_B = data.batch_items(batch) if isinstance(data, NamesItems) else None
            self._latest = Step(trainer.global_step, trainer.current_epoch, outputs, items_B)
            self._steps.append(self._latest)
        if (batch_idx + 1) % self.every == 0 or batch_idx + 1 >= trainer.num_training_batches:
            self._check(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check before the validation, whose metrics would fail on broken weights.

        Raises:
            NotFiniteLossError: A loss is not finite on any process.
        """
        if not trainer.sanity_checking:
            self._check(trainer)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Check the losses, then the weights: a gradient can be infinite although the loss is finite.

        Raises:
            NotFiniteLossError: A loss or weight is not finite on any process; nothing is written.
        """
        self._check(trainer)
        finite = [weight.detach().isfinite().all() for weight in pl_module.parameters()]
        broken = bool(finite) and self._latest is not None and not bool(torch.stack(finite).all())
        self._agree(trainer, self._latest if broken else None, "weights after")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Keep the last checkpoint unchanged."""
        if isinstance(exception, NotFiniteLossError):
            for callback in trainer.checkpoint_callbacks:
                if isinstance(callback, ModelCheckpoint):
                    callback.save_on_exception = False

    def _check(self, trainer: Trainer) -> None:
        steps, self._steps = self._steps, []
        finite = torch.stack([step.losses[LOSS] for step in steps]).isfinite().tolist() if steps else []
        self._agree(trainer, steps[finite.index(False)] if False in finite else None, "loss of")

    def _agree(self, trainer: Trainer, broken: Step | None, what: str) -> None:
        """Continue if nothing is broken on any process, else end all processes with the same message."""
        if trainer.strategy.reduce_boolean_decision(broken is None, all=True):
            return
        finding = None if broken is None else _finding(trainer, broken, what)
        findings: list[Finding | None] = [finding]
        if trainer.world_size > 1:
            findings = [None] * trainer.world_size
            torch.distributed.all_gather_object(findings, finding)
        raise NotFiniteLossError(_message(trainer, findings))


def _finding(trainer: Trainer, broken: Step, what: str) -> Finding:
    """Describe the step; this reads its losses from the device."""
    values = {name: float(value) for name, value in broken.losses.items() if value.numel() == 1}
    parts = ", ".join(f"{name} {value:.4g}" for name, value in values.items() if name != LOSS)
    data = getattr(trainer, "datamodule", None)
    items = data.item_names(broken.items_B) if isinstance(data, NamesItems) and broken.items_B is not None else []
    summary = f"{what} step {broken.number} (epoch {broken.epoch}): loss {values[LOSS]:.4g}"
    return Finding(broken.number, broken.epoch, f"{summary} ({parts})" if parts else summary, items)


def _message(trainer: Trainer, findings: list[Finding | None]) -> str:
    """Return the message about the earliest step, on each process where it was broken."""
    first = min(finding.number for finding in findings if finding is not None)
    broken = [(rank, finding) for rank, finding in enumerate(findings) if finding and finding.number == first]
    checkpoint = last_checkpoint(trainer)
    resume_hint = (
        f" and resume with --ckpt_path {checkpoint}, which is from before"
        if checkpoint is not None and checkpoint.is_file()
        else ""
    )
    items = "; ".join(
        f"{f'process {rank}: ' if trainer.world_size > 1 else ''}{', '.join(finding.items)}" for rank, finding in broken
    )
    return (
        f"not finite: {broken[0][1].what}. Use a lower learning rate or --trainer.gradient_clip_val 1{resume_hint}; "
        "--trainer.detect_anomaly true names the operation. Items of the step (if these are valid, the previous step "
        f"broke the weights): {items or 'not known'}"
    )
