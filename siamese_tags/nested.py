"""Data of a fold whose test documents take no part: settings are chosen on a share of its training documents."""

from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_lightning import Callback, LightningModule, Trainer

from siamese_tags.datamodule import PrimingData
from siamese_tags.documents import Collection, Fold
from siamese_tags.metrics import PrimingMetric
from siamese_tags.stage import ContextualEmbedding


class NestedPrimingData(PrimingData):
    """A fold with a share of its training documents set apart; features, topics and weights see the others only.

    Args:
        collection: Where the tag documents come from.
        validation_share: Share of the fold's training documents that is set apart, above 0 and below 1.
        validation_seed: Seed of that division.
        kwargs: Settings of the fold, as without a nested split.

    Raises:
        ValueError: The share is not one.
    """

    def __init__(
        self, collection: Collection, validation_share: float = 0.2, validation_seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(collection, **kwargs)
        if not 0 < validation_share < 1:
            raise ValueError(f"validation_share={validation_share}: a share lies above 0 and below 1")
        self.validation_share = validation_share
        self.validation_seed = validation_seed

    @cached_property
    def rows(self) -> Fold:
        """Rows of the documents that are trained on, and of the fold's test documents."""
        return Fold(np.setdiff1d(super().rows.train, self.validation_rows), super().rows.test)

    @cached_property
    def validation_rows(self) -> NDArray[np.int64]:
        """Rows of the documents set apart, at least one."""
        train = super().rows.train
        n_validation = max(1, round(self.validation_share * len(train)))
        return np.sort(np.random.default_rng(self.validation_seed).permutation(train)[:n_validation])


class ValidationMap(Callback):
    """Measures and logs ``validation_map``, by embedding distance on the documents set apart, on the way of a fit.

    A callback and no validation loop: that would have every fit without a nested split complain that it has no data.

    Args:
        every: Epochs between two measurements.
    """

    def __init__(self, every: int = 20) -> None:
        self.every = every
        self.by_epochs: dict[int, float] = {}

    @torch.no_grad()
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure; every process computes, from the documents of all."""
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
