"""Trainers for jobs that are not stages. Only their callbacks write to disk."""

import sys
from typing import Any

from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import RichProgressBar

from mwe.core.quiet import hide_notes


def passing_trainer(*callbacks: Callback, bar: bool = True, **settings: Any) -> Trainer:
    """Return a trainer without checkpoints, summary and logger, which says nothing about the machine.

    Args:
        callbacks: Callbacks that write the results.
        bar: Whether to show Lightning's progress bar on terminals.
        settings: Further settings of Lightning's Trainer, such as ``devices``.
    """
    hide_notes()
    bar = bar and sys.stderr.isatty()
    return Trainer(
        callbacks=[*callbacks, RichProgressBar()] if bar else [*callbacks],
        enable_progress_bar=bar,
        enable_checkpointing=False,
        enable_model_summary=False,
        logger=False,
        **settings,
    )
