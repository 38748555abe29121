"""Classifiers of tags on frozen vectors: logistic regression, and a network with one hidden layer.

Both take vectors that are standardised by the training tracks, and choose their strength, or the epoch to stop at, by
the mean ROC-AUC of the tags on the validation tracks. They never see test tracks. The network is that of MARBLE (512
hidden units, ReLU, dropout 0.2), trained as by mir_ref (Adam, 0.001, up to 100 epochs, patience of 10).

Shape suffixes: N tracks, D dimensions, T tags, H hidden units, B tracks of a batch.
"""

import copy
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from mwe.metrics import binary_areas

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)  # inverse strengths, from the strongest penalty
HIDDEN, DROPOUT = 512, 0.2
LEARNING_RATE, WEIGHT_DECAY, BATCH = 1e-3, 1e-5, 64
EPOCHS, PATIENCE = 100, 10
SEED = 0


class LabelledVectors(NamedTuple):
    """Vectors of tracks with their tags.

    Attributes:
        vector_ND: The vectors.
        label_NT: Which track has which tag.
        judged_NT: Which labels count.
    """

    vector_ND: np.ndarray
    label_NT: np.ndarray
    judged_NT: np.ndarray

    def rows(self, rows: np.ndarray) -> "LabelledVectors":
        """Return some tracks."""
        return LabelledVectors(*(array[rows] for array in self))

    def tags(self, kept_T: np.ndarray) -> "LabelledVectors":
        """Return some tags."""
        return LabelledVectors(self.vector_ND, self.label_NT[:, kept_T], self.judged_NT[:, kept_T])

    def shuffled(self) -> "LabelledVectors":
        """Return the tracks with labels of each other, all tags of a track together."""
        order = np.random.default_rng(SEED).permutation(len(self.vector_ND))
        return LabelledVectors(self.vector_ND, self.label_NT[order], self.judged_NT[order])

    def both_sides(self) -> np.ndarray:
        """Return which tags some track has and some track has not, (T,).

        Examples:
            >>> labels = np.array([[True, True], [False, True]])
            >>> LabelledVectors(np.zeros((2, 3)), labels, np.ones_like(labels)).both_sides().tolist()
            [True, False]
        """
        both_T: np.ndarray = (self.label_NT & self.judged_NT).any(axis=0) & (~self.label_NT & self.judged_NT).any(
            axis=0
        )
        return both_T

    def roc_auc(self, score_NT: np.ndarray) -> float:
        """Return the mean ROC-AUC of the tags that have both sides; one half if none has."""
        masked_NT = np.where(self.judged_NT, score_NT, -np.inf)
        areas = binary_areas(*(torch.from_numpy(np.ascontiguousarray(a.T)) for a in (masked_NT, self.label_NT)))
        mean = float(areas.roc_R.nanmean())
        return 0.5 if np.isnan(mean) else mean


class TrainedProbe(NamedTuple):
    """A probe that is trained.

    Attributes:
        scores: Returns scores (N, T) of vectors (N, D).
        chosen: What was chosen on validation tracks, in words.
        validation: Mean ROC-AUC of tags on the validation tracks.
    """

    scores: Callable[[np.ndarray], np.ndarray]
    chosen: str
    validation: float


class Standardised(NamedTuple):
    """Standardisation of vectors by those of training tracks.

    Attributes:
        mean_D: Their means.
        scale_D: Their standard deviations; 1 where all are equal.
    """

    mean_D: np.ndarray
    scale_D: np.ndarray

    @classmethod
    def by(cls, vector_ND: np.ndarray) -> "Standardised":
        """Measure training tracks."""
        scale_D = vector_ND.std(axis=0, dtype=np.float64)
        return cls(vector_ND.mean(axis=0, dtype=np.float64), np.where(scale_D > 1e-12, scale_D, 1.0))

    def __call__(self, vector_ND: np.ndarray) -> np.ndarray:
        """Standardise."""
        standard_ND: np.ndarray = (vector_ND - self.mean_D) / self.scale_D
        return standard_ND


Probe = Callable[[LabelledVectors, LabelledVectors], TrainedProbe]
"""Trains on training tracks and chooses on validation tracks; each tag must have both sides in training."""


def linear_probe(train: LabelledVectors, valid: LabelledVectors) -> TrainedProbe:
    """Train a logistic regression of each tag, with the penalty that is best on validation tracks for all tags.

    Of equally good penalties it takes the strongest.

    Examples:
        >>> vector = np.random.default_rng(0).standard_normal((60, 4))
        >>> labels = vector[:, :1] > 0
        >>> tracks = LabelledVectors(vector, labels, np.ones_like(labels))
        >>> linear_probe(tracks.rows(np.arange(40)), tracks.rows(np.arange(40, 60))).validation > 0.9
        True
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    standard = Standardised.by(train.vector_ND)
    train_ND, valid_ND = standard(train.vector_ND), standard(valid.vector_ND)
    tags = train.label_NT.shape[1]
    weight_PTD = np.zeros((len(PENALTIES), tags, train_ND.shape[1]))
    offset_PT = np.zeros((len(PENALTIES), tags))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for tag in range(tags):
            judged_N = train.judged_NT[:, tag]
            regression = LogisticRegression(max_iter=1000, warm_start=True)
            for number, strength in enumerate(PENALTIES):
                regression.set_params(C=strength).fit(train_ND[judged_N], train.label_NT[judged_N, tag])
                weight_PTD[number, tag], offset_PT[number, tag] = regression.coef_[0], regression.intercept_[0]
    figures = [
        valid.roc_auc(valid_ND @ weight_TD.T + offset_T)
        for weight_TD, offset_T in zip(weight_PTD, offset_PT, strict=True)
    ]
    best = int(np.argmax(figures))
    weight_TD, offset_T = weight_PTD[best], offset_PT[best]

    def scores(vector_ND: np.ndarray) -> np.ndarray:
        score_NT: np.ndarray = standard(vector_ND) @ weight_TD.T + offset_T
        return score_NT

    return TrainedProbe(scores, f"C {PENALTIES[best]:g}", figures[best])


def mlp_probe(train: LabelledVectors, valid: LabelledVectors) -> TrainedProbe:
    """Train a network with one hidden layer on all tags, and keep the epoch that is best on validation tracks.

    Labels that were not judged have no loss. Of equally good epochs it keeps the first.

    Examples:
        >>> vector = np.random.default_rng(0).standard_normal((90, 2))
        >>> labels = (vector[:, :1] > 0) != (vector[:, 1:] > 0)  # no line separates these
        >>> tracks = LabelledVectors(vector, labels, np.ones_like(labels))
        >>> mlp_probe(tracks.rows(np.arange(60)), tracks.rows(np.arange(60, 90))).validation > 0.9
        True
    """
    standard = Standardised.by(train.vector_ND)
    train_ND, valid_ND = (torch.from_numpy(standard(part.vector_ND)).float() for part in (train, valid))
    label_NT, judged_NT = torch.from_numpy(train.label_NT).float(), torch.from_numpy(train.judged_NT).float()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = nn.Sequential(
            nn.Linear(train_ND.shape[1], HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, label_NT.shape[1])
        )
        optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        best, best_epoch, kept = -np.inf, 0, copy.deepcopy(network.state_dict())
        for epoch in range(1, EPOCHS + 1):
            network.train()
            for batch in torch.split(torch.randperm(len(train_ND)), BATCH):
                loss_BT = binary_cross_entropy_with_logits(network(train_ND[batch]), label_NT[batch], reduction="none")
                optimizer.zero_grad()
                torch.autograd.backward((loss_BT * judged_NT[batch]).sum() / judged_NT[batch].sum().clamp(min=1))
                optimizer.step()
            figure = valid.roc_auc(_forward(network, valid_ND))
            if figure > best:
                best, best_epoch, kept = figure, epoch, copy.deepcopy(network.state_dict())
            elif epoch - best_epoch >= PATIENCE:
                break
    network.load_state_dict(kept)
    return TrainedProbe(
        lambda vector_ND: _forward(network, torch.from_numpy(standard(vector_ND)).float()), f"epoch {best_epoch}", best
    )


@torch.inference_mode()
def _forward(network: nn.Module, vector_ND: torch.Tensor) -> np.ndarray:
    score_NT: np.ndarray = network.eval()(vector_ND).numpy()
    return score_NT


PROBES: dict[str, Probe] = {"linear": linear_probe, "MLP": mlp_probe}
"""Probes by name."""
