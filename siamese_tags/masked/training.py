"""Training of the context encoder, and its test by masked-context priming.

Shape suffixes: D documents, T tags.
"""

from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.cli import OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Generator, Tensor
from torch.optim.lr_scheduler import LambdaLR

from mwe.core.runs import run_dir
from mwe.core.split_rows import to_train
from mwe.core.stage import datamodule_of
from siamese_tags.checkpoint_tags import EMBEDDING_DATA
from siamese_tags.masked.document_figures import save_documents
from siamese_tags.masked.encoder import ContextEncoder, warm_cosine
from siamese_tags.masked.mask import reveal
from siamese_tags.masked.masked_data import MaskedData
from siamese_tags.masked.metrics import MaskedPrimingMetric
from siamese_tags.masked.unseen import UnseenRanking, with_unseen
from siamese_tags.stage import IDENTITY, require_same_identity


class MaskedContextModel(LightningModule):
    """A context encoder that learns to predict the hidden tags of a document from the revealed ones.

    Every batch reveals a new random half of the tags of each document. Testing logs, in percent, ``map``, ``p@1`` …
    and, for the ranking by distance from the query's contextual embedding, ``distance_map`` … Tags left out of training
    are added for the test from the tags that they occur with; ``unseen_auc`` is logged for them.

    Args:
        n_tags: Tags of the vocabulary (set from the data).
        width: Embedding dimensions.
        layers: Residual perceptrons of the encoder.
        dropout: Dropout rate.
        members: Number of networks whose probabilities are averaged.
        linear: Strength of an additional linear path, EASE with dropout; 0 for no path.
        linear_penalty: Its ridge penalty.
        linear_dropout: Its dropout rate of tags.
        optimizer: Optimiser of all parameters.
        warm_up: Steps over which the learning rate rises; it then falls to 0 by a cosine.
        tie_seed: Seed of the random order of tags with equal scores, in testing.
    """

    membership_DT: Tensor
    test_revealed_DT: Tensor

    def __init__(
        self,
        n_tags: int,
        width: int = 128,
        layers: int = 1,
        dropout: float = 0.3,
        members: int = 1,
        linear: float = 0.0,
        linear_penalty: float = 10.0,
        linear_dropout: float = 0.75,
        optimizer: OptimizerCallable = torch.optim.AdamW,
        warm_up: int = 50,
        tie_seed: int = 0,
    ) -> None:
        super().__init__()
        self.encoder = ContextEncoder(n_tags, width, layers, dropout, members, linear)
        self.linear_settings = (linear_penalty, linear_dropout)
        self.optimizer = optimizer
        self.warm_up = warm_up
        self.priming = MaskedPrimingMetric(tie_seed)
        self.distances = MaskedPrimingMetric(tie_seed)
        self.unseen = UnseenRanking()
        # in a tuple, so that the encoder with the unseen tags is not part of the checkpoint
        self.tested: tuple[ContextEncoder] = (self.encoder,)
        self.generator = Generator()
        self.run_seed = 0
        self.losses: list[Tensor] = []

    @property
    def data(self) -> MaskedData:
        """The datamodule of the run."""
        return datamodule_of(self, MaskedData)

    def setup(self, stage: str) -> None:
        """Register documents and test mask as buffers that are not saved; for a fit, initialise the output bias."""
        split = self.data.split
        membership_DT = torch.tensor(split.documents.matrix_DT[:, self.data.order_T])
        self.register_buffer("membership_DT", membership_DT, persistent=False)
        self.register_buffer(
            "test_revealed_DT", torch.tensor(split.revealed_DT[:, self.data.order_T]), persistent=False
        )
        if stage == "fit":
            train_DT = membership_DT[to_train(self.data.train_rows), : self.data.n_tags]
            self.encoder.start_at(train_DT.double().mean(dim=0))
            if self.encoder.linear is not None:
                self.encoder.linear.fit(train_DT.numpy(), *self.linear_settings)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the injected optimiser, with a learning rate that warms up and falls to 0."""
        optimizer = self.optimizer(self.encoder.parameters())
        n_steps = int(self.trainer.estimated_stepping_batches)
        schedule = LambdaLR(optimizer, lambda step: warm_cosine(step, n_steps, self.warm_up))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_fit_start(self) -> None:
        """Store the seed of the run."""
        self.run_seed = torch.initial_seed()

    def on_train_batch_start(self, batch: Tensor, batch_idx: int) -> None:
        """Seed mask and dropout by run, step and process; a resumed run draws the same as an uninterrupted one."""
        number = self.run_seed * 1_000_003 + self.global_step * self.trainer.world_size + self.global_rank
        torch.manual_seed(2 * number % 2**63)
        self.generator = Generator(self.device).manual_seed((2 * number + 1) % 2**63)

    def forward(self, revealed_DT: Tensor) -> Tensor:
        """Return the logit of every tag to be hidden, D × T."""
        logits_DT: Tensor = self.encoder(revealed_DT)
        return logits_DT

    def training_step(self, rows_D: Tensor, batch_idx: int) -> dict[str, Tensor]:
        """Return the loss of documents under a new mask, and its parts."""
        membership_DT = self.membership_DT[rows_D, : self.data.n_tags]
        revealed_DT = reveal(membership_DT, self.generator)
        query_D = torch.multinomial(revealed_DT.float(), 1, generator=self.generator)[:, 0]
        losses = torch.stack(self.encoder.losses(revealed_DT, membership_DT & ~revealed_DT, query_D))
        self.losses.append(losses.detach())
        return {"loss": losses.sum(), **dict(zip(("output", "distance"), losses.detach(), strict=True))}

    def on_train_epoch_end(self) -> None:
        """Log the mean loss over the steps of the epoch; logging each step would take 20 % of the time."""
        output, distance = torch.stack(self.losses).mean(dim=0)
        self.log_dict({"loss/output": output, "loss/distance": distance}, prog_bar=True, sync_dist=True)
        self.losses = []

    def on_test_start(self) -> None:
        """Add the tags that were left out of training."""
        if len(self.data.unseen_U):
            train_DT = self.membership_DT[to_train(self.data.split.train)]
            self.tested = (with_unseen(self.encoder, train_DT),)
            if self.tested[0].linear is not None:
                self.tested[0].linear.fit_new(train_DT, self.data.n_tags, *self.linear_settings)

    def test_step(self, rows_D: Tensor, batch_idx: int) -> None:
        """Rank the tags of some documents by outputs and by distances, given the revealed tags."""
        (encoder,) = self.tested
        revealed_DT = self.test_revealed_DT[rows_D]
        hidden_DT = self.membership_DT[rows_D] & ~revealed_DT
        logits_DT = encoder(revealed_DT)
        self.priming.add_documents(rows_D, logits_DT, revealed_DT, hidden_DT)
        document_Q, tag_Q = revealed_DT.nonzero().unbind(dim=1)
        squared_QT = encoder.squared_distances(revealed_DT, document_Q, tag_Q)
        self.distances.add_queries(rows_D, document_Q, tag_Q, -squared_QT, revealed_DT, hidden_DT)
        if len(self.data.unseen_U):
            parts = [matrix_DT[:, self.data.n_tags :] for matrix_DT in (logits_DT, revealed_DT, hidden_DT)]
            self.unseen.add_documents(rows_D, *parts)

    def on_test_epoch_end(self) -> None:
        """Log the figures. Every process computes them from all documents."""
        metrics = {"": self.priming, "distance_": self.distances}
        save_documents(run_dir(self.trainer), self.data.split.documents, metrics)
        figures = {
            prefix + name: value for prefix, metric in metrics.items() for name, value in metric.compute().items()
        }
        if len(self.data.unseen_U):
            figures |= self.unseen.compute()
        self.log_dict(figures, rank_zero_only=True)
        for metric in (self.priming, self.distances, self.unseen):
            metric.reset()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Store the identity of the training data."""
        checkpoint[IDENTITY] = dict(self.data.identity)
        checkpoint[EMBEDDING_DATA] = encoder_embedding_data(self.data, self.encoder)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse weights of another split, whose training documents may be the test documents here."""
        if self._trainer is not None:
            require_same_identity(checkpoint, self.data.identity, "this checkpoint")


def encoder_embedding_data(data: MaskedData, encoder: ContextEncoder) -> dict[str, Any]:
    """Return the data for the embedding of a context encoder beside its weights.

    These are the names of its tags, the settings of its layers and, to add out-of-vocabulary tags, the number of
    training documents of every pair of tags.
    """
    known_DT = data.split.to_learn(data.split.train)[:, data.order_T[: data.n_tags]].astype(np.int32)
    return {
        "tags": list(data.tags),
        "encoder": dict(encoder.settings),
        "together_TT": torch.tensor(known_DT.T @ known_DT),
        "n_documents": len(known_DT),
    }
