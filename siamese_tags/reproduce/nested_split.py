"""Data of a fold without its test documents: settings are chosen on a share of its training documents."""

from functools import cached_property
from typing import Any, cast

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from mwe.core.split_rows import SplitRows, Valid
from siamese_tags.documents import Collection, Fold
from siamese_tags.documents.folds import InnerFold, inner_fold
from siamese_tags.fold_data import PrimingData
from siamese_tags.metrics import PrimingMetric
from siamese_tags.stage import ContextualEmbedding


class NestedPrimingData(PrimingData):
    """A fold with a share of its training documents set aside; features, topics and weights use only the others.

    Args:
        collection: Where the tag documents come from.
        validation_share: Share of the fold's training documents to set aside, above 0 and below 1.
        validation_seed: Seed of that split.
        kwargs: Settings of the fold, as without a nested split.

    Raises:
        ValueError: The share is out of range.
    """

    def __init__(
        self, collection: Collection, validation_share: float = 0.2, validation_seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(collection, **kwargs)
        if not 0 < validation_share < 1:
            raise ValueError(f"validation_share={validation_share}: give a share above 0 and below 1")
        self.validation_share = validation_share
        self.validation_seed = validation_seed

    @cached_property
    def rows(self) -> Fold:
        """Rows of the remaining training documents, and of the fold's test documents."""
        return Fold(self._inner.train, super().rows.test)

    @property
    def validation_rows(self) -> SplitRows[Valid]:
        """Rows of the documents set aside, at least one."""
        return self._inner.valid

    @cached_property
    def _inner(self) -> InnerFold:
        return inner_fold(super().rows, self.validation_share, self.validation_seed)


class ValidationMap(Callback):
    """Measures and logs ``validation_map`` during a fit, by embedding distance on the documents set aside.

    This is a callback, because a validation loop would warn about missing data in every fit without a nested split.

    Args:
        every: Epochs between two measurements.
    """

    def __init__(self, every: int = 20) -> None:
        self.every = every
        self.by_epochs: dict[int, float] = {}

    @torch.no_grad()
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure on every process, from the documents of all."""
        epochs = trainer.current_epoch + 1
        if epochs % self.every:
            return
        stage, data = cast(ContextualEmbedding, pl_module), cast(NestedPrimingData, trainer.datamodule)  # type: ignore[attr-defined]
        metric = PrimingMetric().to(stage.device)
        for rows_D in data.in_order(data.validation_rows):
            stage.rank(rows_D.to(stage.device), metric)
        measured = metric.compute()["map"]
        stage.log("validation_map", measured, rank_zero_only=True)
        self.by_epochs[epochs] = float(measured)
