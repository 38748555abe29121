"""First stage: one component network learns to predict the bag of words of a document (Sect. 4.2, eq. 3)."""

from collections.abc import Sequence

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from siamese_tags.losses import Kappa
from siamese_tags.pretraining import Pretraining, pretrain
from siamese_tags.stage import ContextualEmbedding


class SingleNetwork(ContextualEmbedding):
    """Prediction learning of a single component network. Its embedding is the row "Single CE" of Table 1.

    With epochs chosen by validation, its training MAP is 7 points below the published one, and its test MAP 3 points.
    The paper gives no stopping rule; training MAP rises with the epochs.

    Args:
        n_tags: Tags of the vocabulary (set from the data).
        n_topics: Topics of the context (set from the data).
        hidden: Widths of the hidden layers; the last is the embedding dimension.
        optimizer: Optimiser of the network's parameters.
        scheduler: Schedule of the learning rate, stepped once per epoch; constant if not given.
        kappa: Weights of eq. 3: ``swapped`` gives false negatives a high weight, as in the text; ``printed`` is the
            formula.
        pretraining: Settings of auto-encoder pretraining; by default there is none.
        tie_seed: Seed of the random order of tags with equal scores, in testing.
    """

    def __init__(
        self,
        n_tags: int,
        n_topics: int,
        hidden: Sequence[int] = (100, 100, 10),
        optimizer: OptimizerCallable = torch.optim.Adam,
        scheduler: LRSchedulerCallable | None = None,
        kappa: Kappa = "swapped",
        pretraining: Pretraining | None = None,
        tie_seed: int = 0,
    ) -> None:
        super().__init__(n_tags, n_topics, hidden, optimizer, scheduler, kappa, tie_seed)
        self.pretraining = pretraining

    def on_fit_start(self) -> None:
        """Pretrain on the positive examples, unless weights of an earlier fit are being restored."""
        if self.pretraining is None or self.trainer.ckpt_path is not None:
            return
        document_P, tag_P = self.positives_P2.unbind(dim=1)
        inputs = torch.cat([self.features_TF[tag_P], self.contexts_DC[document_P]], dim=1)
        pretrain(self.network.layers()[:-1], inputs, self.pretraining, self.seeded(0))
        # devices of different types may round differently, and all processes must start alike
        self.network.load_state_dict(self.trainer.strategy.broadcast(self.network.state_dict()))

    def training_step(self, positive_N: Tensor, batch_idx: int) -> Tensor:
        """Return the prediction loss of positive examples and as many negatives."""
        examples = self.examples(positive_N)
        _, logits_NT = self(examples)
        loss = self.prediction_loss(logits_NT, examples)
        self.record(prediction=loss)
        return loss
