"""The Siamese stages in masked-context priming: rows "Single CE", "Single prediction" and "Siamese CE".

Shape suffixes: D documents, Q queries, T tags, E embedding dimensions, C topics, M masks.
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import ModuleDict

from mwe.core.runs import run_dir
from mwe.core.stage import datamodule_of
from siamese_tags.masked.document_figures import save_documents
from siamese_tags.masked.metrics import MaskedPrimingMetric
from siamese_tags.masked.priming_data import MaskedPrimingData
from siamese_tags.stage import ContextualEmbedding
from siamese_tags.stage1 import SingleNetwork
from siamese_tags.stage2 import SiameseNetwork

PREFIXES = {"embedding": "", "prediction": "prediction_"}
# numbers of the random generators, distinct from those of the examples
DRAW_CONTEXTS = 2**40


class MaskedStage(ContextualEmbedding):
    """A stage that is tested on hidden tags, and optionally trained on contexts of random halves of documents.

    Testing logs, in percent, ``map``, ``p@1`` … for the ranking by embedding distance to the query, and
    ``prediction_map`` … for the ranking by the tags predicted from the query.

    Args:
        tie_seed: Seed of the random order of tags with equal scores, in testing.
        kwargs: The other settings of the stage.
    """

    revealed_DT: Tensor
    train_D: Tensor
    masked_contexts_MDC: Tensor

    def __init__(self, tie_seed: int = 0, **kwargs: Any) -> None:
        super().__init__(tie_seed=tie_seed, **kwargs)
        self.priming = ModuleDict({kind: MaskedPrimingMetric(tie_seed) for kind in PREFIXES})

    @property
    def data(self) -> MaskedPrimingData:
        """The datamodule of the run."""
        return datamodule_of(self, MaskedPrimingData)

    def setup(self, stage: str) -> None:
        """Register the test mask and, for a fit, the masked contexts as buffers that are not saved."""
        super().setup(stage)
        self.register_buffer("revealed_DT", torch.tensor(self.data.split.revealed_DT), persistent=False)
        if stage == "fit":
            self.register_buffer("train_D", torch.tensor(self.data.rows.train), persistent=False)
            self.register_buffer("masked_contexts_MDC", self.data.masked_contexts_MDC, persistent=False)

    def on_train_epoch_start(self) -> None:
        """Select one of the masked contexts of each document, by run and epoch, the same on all processes."""
        n_masks, n_documents, _ = self.masked_contexts_MDC.shape
        if n_masks:
            generator = self.seeded(DRAW_CONTEXTS + self.current_epoch)
            mask_D = torch.randint(n_masks, (n_documents,), generator=generator, device=self.device)
            row_D = torch.arange(n_documents, device=self.device)
            self.contexts_DC[self.train_D] = self.masked_contexts_MDC[mask_D, row_D]
        super().on_train_epoch_start()

    def test_step(self, rows_D: Tensor, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Rank the tags of some documents for every revealed tag, in the context of all revealed tags."""
        revealed_DT = self.revealed_DT[rows_D]
        hidden_DT = self.membership_DT[rows_D] & ~revealed_DT
        document_Q, tag_Q = revealed_DT.nonzero().unbind(dim=1)
        embedded_DTE = self.network.embed_grid(self.features_TF, self.contexts_DC[rows_D])
        query_QE = embedded_DTE[document_Q, tag_Q]
        distance_QT = torch.linalg.vector_norm(embedded_DTE[document_Q] - query_QE[:, None], dim=2)
        for kind, scores_QT in (("embedding", -distance_QT), ("prediction", self.network.output(query_QE))):
            self._metric(kind).add_queries(rows_D, document_Q, tag_Q, scores_QT, revealed_DT, hidden_DT)

    def on_test_epoch_end(self) -> None:
        """Log the figures, and save those of every document. Every process computes them from all documents."""
        metrics = {prefix: self._metric(kind) for kind, prefix in PREFIXES.items()}
        save_documents(run_dir(self.trainer), self.data.documents, metrics)
        for prefix, metric in metrics.items():
            figures = {prefix + name: value for name, value in metric.compute().items()}
            self.log_dict(figures, rank_zero_only=True)
            metric.reset()

    def _metric(self, kind: str) -> MaskedPrimingMetric:
        return cast(MaskedPrimingMetric, self.priming[kind])


class MaskedSingleNetwork(MaskedStage, SingleNetwork):
    """First stage, tested on hidden tags; settings as in ``siamese_tags.stage1.SingleNetwork``."""


class MaskedSiameseNetwork(MaskedStage, SiameseNetwork):
    """Second stage, tested on hidden tags; settings as in ``siamese_tags.stage2.SiameseNetwork``."""
