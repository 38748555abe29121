"""Restricted Boltzmann machine on tag documents (Hinton, 2010; supplement, Sect. D.1).

Shape suffixes: D documents, N examples, T tags (visible units), H hidden units, Q queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import expit

from siamese_tags.baselines.baseline import ContextFree
from siamese_tags.documents import TagDocuments

BATCH = 10


def log_odds(matrix_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the initial visible biases: log-odds of each tag, kept finite by one more document on either side."""
    with_tag_T = matrix_DT.sum(axis=0) + 1.0
    return np.asarray(np.log(with_tag_T / (len(matrix_DT) + 2.0 - with_tag_T)))


def drawn(probability: NDArray[np.float64], random: Generator) -> NDArray[np.float64]:
    """Draw binary units that are on with these probabilities."""
    return (random.random(probability.shape) < probability).astype(np.float64)


def contrastive_divergence(
    visible_NT: NDArray[np.float64],
    weights_TH: NDArray[np.float64],
    visible_bias_NT: NDArray[np.float64],
    hidden_bias_NH: NDArray[np.float64],
    random: Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Do one step of Gibbs sampling from the data (CD-1).

    Returns:
        Ascent directions of the weights (T × H, mean over examples), and of both biases for each example.
    """
    hidden_NH = expit(visible_NT @ weights_TH + hidden_bias_NH)
    again_NT = drawn(expit(drawn(hidden_NH, random) @ weights_TH.T + visible_bias_NT), random)
    again_NH = expit(again_NT @ weights_TH + hidden_bias_NH)
    weights_step_TH = (visible_NT.T @ hidden_NH - again_NT.T @ again_NH) / len(visible_NT)
    return weights_step_TH, visible_NT - again_NT, hidden_NH - again_NH


def epochs_of_batches(n_documents: int, epochs: int, random: Generator) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of small batches of documents, shuffled in every epoch."""
    for _ in range(epochs):
        order = random.permutation(n_documents)
        yield from (order[start : start + BATCH] for start in range(0, n_documents, BATCH))


def mean_activation(
    clamped_Q: NDArray[np.int64],
    weights_TH: NDArray[np.float64],
    visible_bias_QT: NDArray[np.float64],
    hidden_bias_QH: NDArray[np.float64],
    steps: int,
    random: Generator,
) -> NDArray[np.float64]:
    """Return the mean probability of every tag being on, over a chain of samples with one tag clamped on, Q × T.

    Args:
        clamped_Q: Tag that each chain clamps on. Its probability in the result is that of the model.
        weights_TH: Weights.
        visible_bias_QT: Biases of the tags, for each chain or 1 × T.
        hidden_bias_QH: Biases of the hidden units, for each chain or 1 × H.
        steps: Number of samples; 10 % more are drawn first and dropped.
        random: Random numbers.
    """
    chains = np.arange(len(clamped_Q))
    probability_QT = np.tile(expit(visible_bias_QT), (len(clamped_Q) // len(visible_bias_QT), 1))
    total_QT = np.zeros_like(probability_QT)
    for step in range(-(steps // 10), steps):
        visible_QT = drawn(probability_QT, random)
        visible_QT[chains, clamped_Q] = 1.0
        hidden_QH = drawn(expit(visible_QT @ weights_TH + hidden_bias_QH), random)
        probability_QT = expit(hidden_QH @ weights_TH.T + visible_bias_QT)
        if step >= 0:
            total_QT += probability_QT
    return total_QT / steps


@dataclass(eq=False)
class RBMRanker(ContextFree):
    """Row "RBM" of Table 1: trained by CD-1, queried with one tag clamped on; the query is not put first.

    The paper names no sizes. The defaults are 100 hidden units, and rate 0.1, 10 epochs and batches of 10 as in
    scikit-learn's ``BernoulliRBM``.

    Args:
        hidden: Hidden units.
        epochs: Passes over the documents.
        lr: Learning rate.
        steps: Samples per query.
        seed: Seed of weights, order and samples.
    """

    hidden: int = 100
    epochs: int = 10
    lr: float = 0.1
    steps: int = 500
    seed: int = 0

    def fit(self, documents: TagDocuments) -> None:
        """Train, then query every tag."""
        random = np.random.default_rng(self.seed)
        visible_DT = documents.matrix_DT.astype(np.float64)
        weights_TH = random.normal(0.0, 0.01, (visible_DT.shape[1], self.hidden))
        visible_1T, hidden_1H = log_odds(documents.matrix_DT)[None], np.zeros((1, self.hidden))
        for rows_N in epochs_of_batches(len(visible_DT), self.epochs, random):
            steps = contrastive_divergence(visible_DT[rows_N], weights_TH, visible_1T, hidden_1H, random)
            weights_TH += self.lr * steps[0]
            visible_1T += self.lr * steps[1].mean(axis=0)
            hidden_1H += self.lr * steps[2].mean(axis=0)
        tags = np.arange(len(documents.tags))
        self.similarity_TT = mean_activation(tags, weights_TH, visible_1T, hidden_1H, self.steps, random)
