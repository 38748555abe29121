"""Base of both stages: the component network, the fold's tensors on the device, checks of checkpoints, testing.

Shape suffixes: N examples, D documents, Q queries, T tags, E embedding dimensions, F tag features, C topics.
"""

from abc import ABC
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Generator, Tensor
from torch.nn import ModuleDict

from mwe.core.errors import StaleArtefactError
from mwe.core.stage import datamodule_of
from siamese_tags.checkpoint_tags import EMBEDDING_DATA, network_embedding_data
from siamese_tags.fold_data import SPLITS, PrimingData
from siamese_tags.losses import Kappa, prediction_weights, weighted_prediction_loss
from siamese_tags.metrics import PrimingMetric
from siamese_tags.networks import ComponentNetwork
from siamese_tags.oov import OOVPriming
from siamese_tags.pairs import Examples, TagOrder, tag_order, targets, with_negatives

IDENTITY = "siamese_tags_identity"
KINDS = ("embedding", "prediction")


class ContextualEmbedding(LightningModule, ABC):
    """A component network with its data on the device, tested by priming with embeddings and with predictions.

    Testing logs ``train_map``, ``test_p@10`` … for the ranking by embedding distance, and ``prediction_…`` for the
    ranking by predicted tags, in percent. If the collection sets documents aside, ``nearest_oov_p@1`` … and
    ``furthest_oov_p@1`` … are the figures of its OOV tags by the two rules of ``siamese_tags.oov``.

    Args:
        n_tags: Tags of the vocabulary (set from the data).
        n_topics: Topics of the context (set from the data).
        hidden: Widths of the hidden layers; the last is the embedding dimension.
        optimizer: Optimiser of the network's parameters.
        scheduler: Schedule of the learning rate, stepped once per epoch; constant if not given.
        kappa: Weights of eq. 3: ``swapped`` gives false negatives a high weight, as in the text; ``printed`` is the
            formula.
        tie_seed: Seed of the random order of tags with equal scores.
    """

    features_TF: Tensor
    contexts_DC: Tensor
    membership_DT: Tensor
    bags_DT: Tensor
    weights_DT: Tensor
    drawn_3KP: Tensor
    positives_P2: Tensor
    order_DT: Tensor
    count_D: Tensor

    def __init__(
        self,
        n_tags: int,
        n_topics: int,
        hidden: Sequence[int],
        optimizer: OptimizerCallable,
        scheduler: LRSchedulerCallable | None,
        kappa: Kappa,
        tie_seed: int,
    ) -> None:
        super().__init__()
        self.network = ComponentNetwork(n_tags, n_topics, n_tags, hidden)
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.kappa: Kappa = kappa
        self.priming = ModuleDict({f"{kind}_{split}": PrimingMetric(tie_seed) for kind in KINDS for split in SPLITS})
        self.oov = OOVPriming(tie_seed)
        self.losses: dict[str, list[Tensor]] = {}

    @property
    def data(self) -> PrimingData:
        """The datamodule of the run."""
        return datamodule_of(self, PrimingData)

    @property
    def tags_in_documents(self) -> TagOrder:
        """Order from which tags are drawn."""
        return TagOrder(self.order_DT, self.count_D)

    def setup(self, stage: str) -> None:
        """Register the fold's tensors as buffers, which move with the module and are not saved."""
        tensors = self.data.tensors
        order = tag_order(tensors.membership_DT)
        bags_DT = tensors.membership_DT.float() * 2 - 1
        of_targets = {"bags_DT": bags_DT, "weights_DT": prediction_weights(bags_DT, self.kappa)}
        for name, value in {**tensors._asdict(), **order._asdict(), **of_targets}.items():
            self.register_buffer(name, value, persistent=False)
        self.oov.take(self.data.oov_tensors)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the injected optimiser and schedule."""
        optimizer = self.optimizer(self.network.parameters())
        if self.scheduler is None:
            return optimizer
        return cast(OptimizerLRScheduler, ([optimizer], [self.scheduler(optimizer)]))

    def on_train_epoch_start(self) -> None:
        """Draw the examples of an epoch by run, epoch and process, so that a resumed run draws the same ones.

        Drawing them all at once saves 10 % of the time.
        """
        generator = self.seeded(1 + self.current_epoch * self.trainer.world_size + self.global_rank)
        document, tag, sign = self.draw(generator)
        self.drawn_3KP = torch.stack([document, tag, sign.long()]).view(3, -1, len(self.positives_P2))

    def on_train_epoch_end(self) -> None:
        """Log the mean of each loss over the steps of the epoch."""
        means = {f"loss/{name}": torch.stack(values).mean() for name, values in self.losses.items()}
        self.log_dict(means, prog_bar=True, sync_dist=True)
        self.losses = {}

    def record(self, **losses: Tensor) -> None:
        """Record a step's losses for the mean of the epoch; logging each step would take 20 % of the time."""
        for name, value in losses.items():
            self.losses.setdefault(name, []).append(value.detach())

    def seeded(self, number: int) -> Generator:
        """Return a random generator on the module's device, one for each number and seed of the run."""
        return Generator(self.device).manual_seed((torch.initial_seed() * 1_000_003 + number) % 2**63)

    def draw(self, generator: Generator) -> Examples:
        """Return the P positive examples of the training documents, and one negative for each."""
        document_P, tag_P = self.positives_P2.unbind(dim=1)
        return with_negatives(self.tags_in_documents, document_P, tag_P, generator)

    def examples(self, positive_N: Tensor) -> Examples:
        """Return the examples of a step: those drawn for its positive examples, K blocks of N."""
        document_N, tag_N, sign_N = self.drawn_3KP.index_select(2, positive_N).flatten(1)
        return Examples(document_N, tag_N, sign_N.float())

    def forward(self, examples: Examples) -> tuple[Tensor, Tensor]:
        """Return the embeddings (N × E) and logits (N × T) of examples."""
        embedding_NE = self.network.embed_at(self.features_TF, self.contexts_DC, examples.tag_N, examples.document_N)
        return embedding_NE, self.network.output(embedding_NE)

    def prediction_loss(self, logits_NT: Tensor, examples: Examples) -> Tensor:
        """Return the prediction loss of examples (eq. 3)."""
        weights_NT = self.weights_DT.index_select(0, examples.document_N)
        return weighted_prediction_loss(logits_NT, targets(self.bags_DT, examples), weights_NT)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Store the identity of the training data."""
        checkpoint[IDENTITY] = dict(self.data.identity)
        checkpoint[EMBEDDING_DATA] = network_embedding_data(self.data)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse weights of another fold or collection, whose training documents may be the test documents here."""
        if self._trainer is not None:
            require_same_identity(checkpoint, self.data.identity, "this checkpoint")

    def test_step(self, rows_D: Tensor, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Rank all tags for every tag of some documents. The last loader has the documents with OOV tags."""
        if dataloader_idx == len(SPLITS):
            self.oov.add(self.network, self.features_TF, rows_D)
            return
        split = SPLITS[dataloader_idx]
        embedding, prediction = (cast(PrimingMetric, self.priming[f"{kind}_{split}"]) for kind in KINDS)
        self.rank(rows_D, embedding, prediction)

    def rank(self, rows_D: Tensor, embedding: PrimingMetric, prediction: PrimingMetric | None = None) -> None:
        """Rank all tags for every tag of some documents.

        Args:
            rows_D: Document rows.
            embedding: Metric of the ranking by embedding distance.
            prediction: Metric of the ranking by predicted tags, if given.
        """
        membership_DT = self.membership_DT[rows_D]
        document_Q, tag_Q = membership_DT.nonzero().unbind(dim=1)
        embedded_DTE = self.network.embed_grid(self.features_TF, self.contexts_DC[rows_D])
        # no matrix products, since they round small distances to zero
        distance_DTT = torch.cdist(embedded_DTE, embedded_DTE, compute_mode="donot_use_mm_for_euclid_dist")
        embedding.add_documents(rows_D, document_Q, tag_Q, -distance_DTT[document_Q, tag_Q], membership_DT)
        if prediction is not None:
            logits_QT = self.network.output(embedded_DTE[document_Q, tag_Q])
            prediction.add_documents(rows_D, document_Q, tag_Q, logits_QT, membership_DT)

    def on_test_epoch_end(self) -> None:
        """Log the figures. Every process computes them from all documents."""
        for name, metric in self.priming.items():
            figures = cast(Callable[[], dict[str, Tensor]], metric.compute)()
            prefix = name.removeprefix("embedding_")
            self.log_dict({f"{prefix}_{figure}": value for figure, value in figures.items()}, rank_zero_only=True)
            cast(PrimingMetric, metric).reset()
        self.log_dict(self.oov.figures(), rank_zero_only=True)


def require_same_identity(checkpoint: dict[str, Any], expected: dict[str, str], what: str) -> None:
    """Refuse weights that were trained on other data.

    Raises:
        StaleArtefactError: The data differ.
    """
    identity = checkpoint.get(IDENTITY)
    if identity is None:
        raise StaleArtefactError(f"{what} was not written by a stage of siamese_tags; fit one and give its run folder")
    differing = [
        f"{name} ({identity.get(name)!r}, now {value!r})"
        for name, value in expected.items()
        if identity.get(name) != value
    ]
    if differing:
        raise StaleArtefactError(
            f"{what} was trained on other data: {'; '.join(differing)}. Give the run of the same collection, fold, "
            "fold seed and topic settings, or fit it again"
        )
