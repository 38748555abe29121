"""Training of the context encoder on heard tags: from simulated evidence to the tags of the same document.

Shape suffixes: B documents of a batch, C classes, T tags, E dimensions of a context.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule, seed_everything
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn.functional import log_softmax, normalize
from torch.utils.data import DataLoader, TensorDataset

from mwe.core.trainers import passing_trainer
from mwe.encoders.tag_bridge import HeardContext
from mwe.open_model.hearing import Hearing
from mwe.tracks import TrackTags


@dataclass(frozen=True)
class ContextSettings:
    """Settings of the context encoder and its training.

    Args:
        width: Dimensions of a context.
        hidden: Units of its perceptron.
        dropout: Rate of dropout.
        epochs: Passes over the documents; every pass hears them anew.
        batch_size: Documents of a step.
        rate: Highest learning rate; it rises over three tenths of the steps and falls by a cosine.
        decay: Weight decay.
        seed: Seed of weights, order and noise.
    """

    width: int = 128
    hidden: int = 256
    dropout: float = 0.2
    epochs: int = 4
    batch_size: int = 512
    rate: float = 3e-3
    decay: float = 1e-3
    seed: int = 0


class HeardTags(LightningModule):
    """Embeddings of contexts as they are heard and of tags, compared by cosine.

    The loss is the cross-entropy between the tags of a document, in equal shares, and the softmax of scaled cosines
    over all tags.

    Args:
        documents: Tag documents.
        hearing: What would be heard of them.
        settings: Settings of the training.
    """

    def __init__(self, documents: TrackTags, hearing: Hearing, settings: ContextSettings) -> None:
        super().__init__()
        self.documents, self.hearing, self.settings = documents, hearing, settings
        self.context = HeardContext(len(hearing.classes), settings.width, settings.hidden, settings.dropout)
        self.tags_TE = nn.Parameter(torch.randn(len(documents.tags), settings.width) * 0.1)
        self.log_scale = nn.Parameter(torch.tensor(2.0))

    def unit_tags(self) -> Tensor:
        """Return the unit vectors of the tags, (T, E)."""
        return normalize(self.tags_TE, dim=-1)

    def training_step(self, batch: Sequence[Tensor], batch_index: int) -> Tensor:
        """Return the loss of a batch of documents, with evidence that is drawn for this step alone."""
        rows = batch[0].numpy(force=True)
        rng = np.random.default_rng([self.settings.seed, self.global_step, self.global_rank])
        evidence_BC = torch.from_numpy(self.hearing.evidence(rows, rng, trust=float(rng.uniform()))).to(self.device)
        stated_BT = torch.from_numpy(self.documents.matrix[rows].toarray()).to(self.device, torch.float32)
        logits_BT = self.context(evidence_BC) @ self.unit_tags().T * self.log_scale.exp()
        share_BT = stated_BT / stated_BT.sum(dim=1, keepdim=True)
        return -(log_softmax(logits_BT, dim=1) * share_BT).sum(dim=1).mean()

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW with one cycle of the learning rate."""
        optimizer = torch.optim.AdamW(self.parameters(), weight_decay=self.settings.decay)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule: Any = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.settings.rate, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def train_context(documents: TrackTags, hearing: Hearing, settings: ContextSettings) -> tuple[HeardContext, np.ndarray]:
    """Train on all documents that have a tag.

    Args:
        documents: Tag documents.
        hearing: What would be heard of them.
        settings: Settings of the training.

    Returns:
        The context encoder in evaluation mode, and the unit vectors of the tags, float32 (T, E).
    """
    seed_everything(settings.seed, verbose=False)
    tagged = np.flatnonzero(np.diff(documents.matrix.indptr))
    model = HeardTags(documents, hearing, settings)
    trainer = passing_trainer(max_epochs=settings.epochs, accelerator="auto", devices=1)
    trainer.fit(model, DataLoader(TensorDataset(torch.from_numpy(tagged)), settings.batch_size, shuffle=True))
    return model.context.eval(), model.unit_tags().detach().numpy(force=True)
