"""Preemption on clusters: SIGTERM and SIGUSR1 end a training between two steps, with a checkpoint.

Lightning's own handlers make a collective call wherever a process receives the signal, which can deadlock all
processes. Here a handler only records the signal, and the processes agree on it at the end of a step. Under SLURM
Lightning would also requeue the job; here the script of the job does so, depending on the exit code.
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

AGAIN = 75  # EX_TEMPFAIL of sysexits.h: a temporary failure; try again
TERMINATED = 128 + signal.SIGTERM  # as if killed by the signal: its sender knows whether to try again
SIGNALS = (signal.SIGUSR1, signal.SIGTERM)
LAST = "last.ckpt"
GRACE = 25  # seconds, enough to finish a step


class Preempted(SystemExit):
    """The training was stopped from outside after its checkpoint was written.

    Args:
        code: Exit code of the process.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)


class StopBetweenSteps(Callback):
    """After a signal to any process, writes ``last.ckpt`` and ends the training on all of them at the end of a step.

    The exit code is 75 after SIGUSR1, which clusters send when the time is up, and 143 after SIGTERM.

    Args:
        every: Steps between two agreements of several processes, each of which waits for the device.
    """

    def __init__(self, every: int = 10) -> None:
        self.every = every
        self.received: set[int] = set()
        self._former: dict[int, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Prevent Lightning from requeuing a SLURM job."""
        environment = trainer._accelerator_connector.cluster_environment
        if isinstance(environment, SLURMEnvironment):
            environment.auto_requeue = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Install the signal handlers, after Lightning's."""
        self.received = set()
        self._former = {number: signal.signal(number, self._record) for number in SIGNALS}

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the former signal handlers."""
        self._restore_handlers()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Agree with the other processes; if any has received a signal, write the checkpoint and end.

        Raises:
            Preempted: A process has received a signal.
        """
        if trainer.world_size > 1 and (batch_idx + 1) % self.every and batch_idx + 1 < trainer.num_training_batches:
            return
        if not trainer.strategy.reduce_boolean_decision(bool(self.received), all=False):
            return
        terminated = trainer.strategy.reduce_boolean_decision(signal.SIGTERM in self.received, all=False)
        path = last_checkpoint(trainer)
        if path is not None:
            trainer.save_checkpoint(path)
            rank_zero_info(f"stopped by a signal at step {trainer.global_step}; resume with --ckpt_path {path}")
        raise Preempted(TERMINATED if terminated else AGAIN)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Exit with an error code if Lightning's handler got the SIGTERM, in a test or before the first step.

        Raises:
            Preempted: Lightning would otherwise exit with code 0.
        """
        if not isinstance(exception, Preempted):  # while the process ends, further signals must not interrupt it
            self._restore_handlers()
        if isinstance(exception, SIGTERMException):
            raise Preempted(TERMINATED) from exception

    def _restore_handlers(self) -> None:
        for number, handler in self._former.items():
            if handler is not None:  # not installed by Python
                signal.signal(number, handler)
        self._former = {}

    def _record(self, number: int, frame: FrameType | None) -> None:
        self.received.add(number)


def outlive_signals(worker: int) -> None:
    """Keep a loader's worker alive for a while when the signals reach all processes of a job.

    The training needs batches until its step is over.

    Args:
        worker: Number of the worker, from the loader.
    """
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    # not for ever, since an ending process waits for its workers
    signal.signal(signal.SIGTERM, _end_later)


def _end_later(number: int, frame: FrameType | None) -> None:
    signal.alarm(GRACE)


def last_checkpoint(trainer: Trainer) -> Path | None:
    """Return the path of the checkpoint to resume from; None if the run keeps no checkpoints."""
    callbacks = (callback for callback in trainer.checkpoint_callbacks if isinstance(callback, ModelCheckpoint))
    return next((Path(callback.dirpath) / LAST for callback in callbacks if callback.dirpath), None)
