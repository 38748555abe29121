"""Conditional restricted Boltzmann machine with the document as condition (Mandel et al., 2011; Sect. D.1).

Shape suffixes: D documents, N examples, T tags (visible units), H hidden units, Q queries.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from siamese_tags.baselines.baseline import Queries
from siamese_tags.baselines.rbm import contrastive_divergence, epochs_of_batches, log_odds, mean_activation
from siamese_tags.documents import TagDocuments


@dataclass(eq=False)
class CRBMRanker:
    """Row "C-RBM" of Table 1: every training document has its own biases; the query is not put first.

    Documents outside the training set have no condition, so there are no test figures, and nothing can be chosen by
    validation. The machine memorises the documents, so the row rises with the number of epochs, which the paper does
    not name. The defaults are those of the RBM.

    Args:
        hidden: Hidden units.
        epochs: Passes over the documents.
        lr: Learning rate.
        steps: Samples per query.
        seed: Seed of weights, order and samples.
    """

    train_only: ClassVar[bool] = True

    hidden: int = 100
    epochs: int = 10
    lr: float = 0.1
    steps: int = 50
    seed: int = 0

    def fit(self, documents: TagDocuments) -> None:
        """Train weights, common biases, and the biases selected by the one-hot condition."""
        random = np.random.default_rng(self.seed)
        self.row_of = {document: row for row, document in enumerate(documents.ids)}
        data_DT = documents.matrix_DT.astype(np.float64)
        n_documents, n_tags = data_DT.shape
        self.weights_TH = random.normal(0.0, 0.01, (n_tags, self.hidden))
        self.visible_DT = np.tile(log_odds(documents.matrix_DT), (n_documents, 1))
        self.hidden_DH = np.zeros((n_documents, self.hidden))
        for rows_N in epochs_of_batches(n_documents, self.epochs, random):
            self._step(rows_N, data_DT, random)

    def rank(self, queries: Queries) -> NDArray[np.float64]:
        """Return the mean activation under the condition of the query's document, with the query clamped on.

        Raises:
            KeyError: A document is not in the training set.
        """
        row_Q = np.array([self.row_of[document] for document in queries.ids])[queries.document_Q]
        random = np.random.default_rng(self.seed)
        return mean_activation(
            queries.tag_Q, self.weights_TH, self.visible_DT[row_Q], self.hidden_DH[row_Q], self.steps, random
        )

    def _step(self, rows_N: NDArray[np.int64], data_DT: NDArray[np.float64], random: np.random.Generator) -> None:
        weights_TH, visible_NT, hidden_NH = contrastive_divergence(
            data_DT[rows_N], self.weights_TH, self.visible_DT[rows_N], self.hidden_DH[rows_N], random
        )
        self.weights_TH += self.lr * weights_TH
        # the documents' biases include the common ones: a common step moves all of them
        for bias, step in ((self.visible_DT, visible_NT), (self.hidden_DH, hidden_NH)):
            bias += self.lr * step.mean(axis=0)
            bias[rows_N] += self.lr * step
