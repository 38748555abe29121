"""Trainers for jobs that are not stages. Only their callbacks write to disk."""

import sys
from typing import Any

from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import RichProgressBar

from mwe.core import quiet  # noqa: F401 - imported for its effect


def passing_trainer(*callbacks: Callback, **settings: Any) -> Trainer:
    """Return a trainer without checkpoints, summary and logger, and with a progress bar on terminals.

    Args:
        callbacks: Callbacks that write the results.
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
