"""Stopping for a cluster's sake: SIGTERM and SIGUSR1 end a training between two steps, with a checkpoint.

Lightning's own handler makes a collective call wherever the signal finds a process, and can leave all of them waiting
for each other; here a handler only notes the signal, and the processes agree on it at the end of a step.
"""

import signal
from pathlib import Path
from types import FrameType
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.utilities import rank_zero_info

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
STOPPED = 75  # of sysexits.h: a temporary failure, to be tried again
LAST = "last.ckpt"


class Preempted(SystemExit):
    """The training was stopped from outside after its checkpoint was written; the process ends with code 75."""

    def __init__(self) -> None:
        super().__init__(STOPPED)


class StopBetweenSteps(Callback):
    """Writes ``last.ckpt`` and ends the training at the end of a step, on all processes, after a signal to any of them.

    Args:
        every: Steps between two agreements of several processes, each of which waits for the device.
    """

    def __init__(self, every: int = 10) -> None:
        self.every = every
        self.noted = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the signals over, after Lightning has; it gives them back at the end."""
        self.noted = False
        for number in SIGNALS:
            signal.signal(number, self._note)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Agree, and if any process has noted a signal write the checkpoint and end.

        Raises:
            Preempted: A process has noted one.
        """
        if trainer.world_size > 1 and (batch_idx + 1) % self.every and batch_idx + 1 < trainer.num_training_batches:
            return
        if not trainer.strategy.reduce_boolean_decision(self.noted, all=False):
            return
        path = last_checkpoint(trainer)
        if path is not None:
            trainer.save_checkpoint(path)
            rank_zero_info(f"stopped by a signal at step {trainer.global_step}; go on with --ckpt_path {path}")
        raise Preempted

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.noted = True


def last_checkpoint(trainer: Trainer) -> Path | None:
    """Where a run keeps the checkpoint to go on from; none where it keeps no checkpoints."""
    kept = (one.dirpath for one in trainer.checkpoint_callbacks if isinstance(one, ModelCheckpoint))
    return next((Path(folder) / LAST for folder in kept if folder), None)
