"""Second stage: two copies of the network learn embedding distances from context similarity (Sect. 4.2, eq. 5)."""

from collections.abc import Sequence

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Generator, Tensor

from mwe.core.errors import StaleArtefactError
from siamese_tags.checkpoints import checkpoint_path, load_checkpoint, weights_of
from siamese_tags.losses import (
    Kappa,
    context_divergence,
    embedding_distance,
    siamese_loss,
    total_loss,
)
from siamese_tags.pairs import Examples, partners
from siamese_tags.stage import ContextualEmbedding, require_same_identity


class SiameseNetwork(ContextualEmbedding):
    """Siamese learning. The embedding is the row "Siamese CE" of Table 1.

    With epochs chosen by validation, its training MAP is 4 points below the published one, and its test MAP 1 point.
    Starting from random weights, as chosen by validation, instead of those of the first stage gives a lower training
    MAP and a higher test MAP.

    The paper keeps the two component networks equal by averaging; here one network is applied twice.

    Args:
        n_tags: Tags of the vocabulary (set from the data).
        n_topics: Topics of the context (set from the data).
        init_from: Run folder or checkpoint of the first stage on the same fold; by default weights are random.
        hidden: Widths of the hidden layers, as in the first stage; the last is the embedding dimension.
        optimizer: Optimiser of the network's parameters.
        scheduler: Schedule of the learning rate, stepped once per epoch; constant if not given.
        kappa: Weights of eq. 3: ``swapped`` gives false negatives a high weight, as in the text; ``printed`` is the
            formula.
        alpha: Weight of the Siamese loss; the paper sets 2000 (1000 in its supplement).
        beta: Target distance of a positive and a negative example, half the diagonal of the embedding space.
        rho: Weight of pairs of negatives; if large, these dominate the pairs within a document.
        sensitivity: lambda of eq. 4.
        share_inside: Share of the pairs drawn within one document; random pairs almost never are.
        tie_seed: Seed of the random order of tags with equal scores, in testing.
    """

    def __init__(
        self,
        n_tags: int,
        n_topics: int,
        init_from: str | None = None,
        hidden: Sequence[int] = (100, 100, 10),
        optimizer: OptimizerCallable = torch.optim.Adam,
        scheduler: LRSchedulerCallable | None = None,
        kappa: Kappa = "swapped",
        alpha: float = 2000.0,
        beta: float = 3.0,
        rho: float = 0.1,
        sensitivity: float = 0.5,
        share_inside: float = 0.5,
        tie_seed: int = 0,
    ) -> None:
        super().__init__(n_tags, n_topics, hidden, optimizer, scheduler, kappa, tie_seed)
        if not 0 <= share_inside <= 1:
            raise ValueError(f"share_inside={share_inside}: give a share from 0 to 1")
        self.init_from = init_from
        self.alpha = alpha
        self.beta = beta
        self.rho = rho
        self.sensitivity = sensitivity
        self.share_inside = share_inside

    def setup(self, stage: str) -> None:
        """Register the data and, at the start of a fit, load the weights of the first stage."""
        super().setup(stage)
        if stage == "fit" and self.init_from is not None and self.trainer.ckpt_path is None:
            self._start_from(self.init_from)

    def draw(self, generator: Generator) -> Examples:
        """Return all positive examples, a negative for each, and a partner for every example."""
        first = super().draw(generator)
        second = partners(self.tags_in_documents, first, self.positives_P2[:, 0], self.share_inside, generator)
        return Examples(*(torch.cat(parts) for parts in zip(first, second, strict=True)))

    def training_step(self, positive_N: Tensor, batch_idx: int) -> dict[str, Tensor]:
        """Return the loss of eq. 5, and its parts, on positive examples and as many negatives, each with a partner."""
        both = self.examples(positive_N)
        embedding_NE, logits_NT = self(both)
        # the mean over both halves, which have the same size, is the mean of their losses
        prediction = self.prediction_loss(logits_NT, both)
        first_sign_N, second_sign_N = both.sign_N.chunk(2)
        siamese = siamese_loss(
            embedding_distance(*embedding_NE.chunk(2)),
            context_divergence(*self.contexts_DC.index_select(0, both.document_N).chunk(2)),
            first_sign_N,
            second_sign_N,
            self.beta,
            self.rho,
            self.sensitivity,
        )
        self.record(prediction=prediction, siamese=siamese)
        total = total_loss(prediction, prediction, siamese, self.alpha)
        return {"loss": total, "prediction": prediction.detach(), "siamese": siamese.detach()}

    def _start_from(self, artefact: str) -> None:
        remedy = "Fit the first stage of this fold first"
        path = checkpoint_path(artefact, f"init_from={artefact}", remedy)
        checkpoint = load_checkpoint(path, remedy)
        require_same_identity(checkpoint, self.data.identity, f"init_from={path}")
        weights = weights_of(checkpoint, "network")
        sizes = {name: tuple(value.shape) for name, value in weights.items()}
        expected = {name: tuple(value.shape) for name, value in self.network.state_dict().items()}
        if sizes != expected:
            raise StaleArtefactError(
                f"init_from={path}: its network has layers {sizes}, this one {expected}. Set `hidden` as in its "
                "fit.yaml"
            )
        self.network.load_state_dict(weights)
