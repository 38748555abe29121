"""Trainers for jobs that are no stage of their own: they leave nothing on disk but what their callbacks write."""

import sys
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import BasePredictionWriter, RichProgressBar

from mwe.core import quiet  # noqa: F401 - imported for its effect


def passing_trainer(*callbacks: Callback, **settings: Any) -> Trainer:
    """A trainer without checkpoints, summary and logger; a progress bar where someone looks.

    Args:
        callbacks: What writes the results.
        settings: Further settings of Lightning's Trainer, such as ``devices``.
    """
    terminal = sys.stderr.isatty()
    return Trainer(
        callbacks=[*callbacks, RichProgressBar()] if terminal else [*callbacks],
        enable_progress_bar=terminal,
        enable_checkpointing=False,
        enable_model_summary=False,
        logger=False,
        **settings,
    )


class CollectingWriter(BasePredictionWriter):
    """Base of what collects predictions and writes them in larger pieces, each process its own."""

    def __init__(self) -> None:
        super().__init__("batch")

    def flush(self) -> None:
        """Write what has been collected."""
        raise NotImplementedError

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write the last piece and wait until every process has."""
        self.flush()
        trainer.strategy.barrier(type(self).__name__)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Keep what was computed when the user stops the run; after other errors the writing itself may be at fault."""
        if isinstance(exception, KeyboardInterrupt):
            self.flush()
