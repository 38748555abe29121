"""Stopping for a cluster's sake: SIGTERM and SIGUSR1 end a training between two steps, with a checkpoint.

Lightning's own handlers make a collective call wherever the signal finds a process, and can leave all of them waiting
for each other; here a handler only notes the signal, and the processes agree on it at the end of a step. Under SLURM
Lightning would also put the job back into the queue; here the script of the job does, by the code of the program.
"""

import signal
from pathlib import Path
from types import FrameType
from typing import Any

from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.utilities import rank_zero_info
from pytorch_lightning.utilities.exceptions import SIGTERMException

AGAIN = 75  # of sysexits.h: a temporary failure, to be tried again
TERMINATED = 128 + signal.SIGTERM  # as if the signal had ended it: whoever sent it knows whether to try again
SIGNALS = (signal.SIGUSR1, signal.SIGTERM)
LAST = "last.ckpt"
GRACE = 25  # seconds; a step should be over by then


class Preempted(SystemExit):
    """The training was stopped from outside after its checkpoint was written.

    Args:
        code: What the process ends with.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)


class StopBetweenSteps(Callback):
    """Writes ``last.ckpt`` and ends the training at the end of a step, on all processes, after a signal to any of them.

    The code is 75 after SIGUSR1, by which clusters say that the time is up, and 143 after SIGTERM.

    Args:
        every: Steps between two agreements of several processes, each of which waits for the device.
    """

    def __init__(self, every: int = 10) -> None:
        self.every = every
        self.noted: set[int] = set()
        self._former: dict[int, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Keep Lightning from putting a job of SLURM back into the queue by itself."""
        environment = trainer._accelerator_connector.cluster_environment
        if isinstance(environment, SLURMEnvironment):
            environment.auto_requeue = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the signals over, after Lightning has."""
        self.noted = set()
        self._former = {number: signal.signal(number, self._note) for number in SIGNALS}

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Give the signals back."""
        self._give_back()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Agree, and if any process has noted a signal write the checkpoint and end.

        Raises:
            Preempted: A process has noted one.
        """
        if trainer.world_size > 1 and (batch_idx + 1) % self.every and batch_idx + 1 < trainer.num_training_batches:
            return
        if not trainer.strategy.reduce_boolean_decision(bool(self.noted), all=False):
            return
        terminated = trainer.strategy.reduce_boolean_decision(signal.SIGTERM in self.noted, all=False)
        path = last_checkpoint(trainer)
        if path is not None:
            trainer.save_checkpoint(path)
            rank_zero_info(f"stopped by a signal at step {trainer.global_step}; go on with --ckpt_path {path}")
        raise Preempted(TERMINATED if terminated else AGAIN)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Tell a SIGTERM that found Lightning's handler, in a test or before the first step, from an end that is none.

        Raises:
            Preempted: Lightning would end the process with code 0.
        """
        if not isinstance(exception, Preempted):  # the process is to end; signals that follow must not hurry it
            self._give_back()
        if isinstance(exception, SIGTERMException):
            raise Preempted(TERMINATED) from exception

    def _give_back(self) -> None:
        for number, handler in self._former.items():
            if handler is not None:  # it was none of Python's
                signal.signal(number, handler)
        self._former = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.noted.add(number)


def outlive_signals(worker: int) -> None:
    """Let a worker of a loader go on for a while when the signals reach all that a job started.

    Until its step is over, the training needs batches.

    Args:
        worker: Number of the worker; given by the loader.
    """
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    # not for ever, since a process that ends waits for its workers
    signal.signal(signal.SIGTERM, _end_later)


def _end_later(number: int, frame: FrameType | None) -> None:
    signal.alarm(GRACE)


def last_checkpoint(trainer: Trainer) -> Path | None:
    """Where a run keeps the checkpoint to go on from; none where it keeps no checkpoints."""
    kept = (one.dirpath for one in trainer.checkpoint_callbacks if isinstance(one, ModelCheckpoint))
    return next((Path(folder) / LAST for folder in kept if folder), None)
