"""Linear maps from revealed tags to scores: fold-in of latent semantic analysis, and EASE.

Shape suffixes: D documents, T tags, K dimensions.
"""

import numpy as np
from scipy.linalg import eigh

from siamese_tags.baselines.ease import ease_weights
from siamese_tags.masked.rules.rule import Bools, Floats, counts


class FoldIn:
    """Row "LSA fold-in": the revealed tags projected on the K largest directions of the training documents.

    Args:
        rank: K.
        weighted: Whether to weight a tag by its inverse document frequency.
    """

    query_only = False
    directions_TK: Floats
    idf_T: Floats

    def __init__(self, rank: int = 10, weighted: bool = True) -> None:
        self.rank = rank
        self.weighted = weighted

    def fit(self, train_DT: Bools) -> None:
        """Compute the eigenvectors of the weighted pair counts, the right singular vectors of the documents."""
        together_TT, count_T = counts(train_DT)
        n_tags = len(count_T)
        # half a document more, so that a tag of all documents keeps some weight
        idf_T = np.log((len(train_DT) + 0.5) / np.maximum(count_T, 1.0))
        self.idf_T = idf_T if self.weighted else np.ones(n_tags)
        weighted_TT = together_TT * np.outer(self.idf_T, self.idf_T)
        _, self.directions_TK = eigh(weighted_TT, subset_by_index=[max(0, n_tags - self.rank), n_tags - 1])

    def score(self, revealed_DT: Bools) -> Floats:
        """Return the projection of the weighted revealed tags, divided by the weights, so that rare tags lose."""
        projected_DT: Floats = (revealed_DT * self.idf_T) @ self.directions_TK @ self.directions_TK.T
        return projected_DT / self.idf_T


class Ease:
    """Row "EASE" (Steck, 2019): the linear auto-encoder with zero diagonal, in closed form.

    Args:
        penalty: Ridge penalty lambda.
    """

    query_only = False
    weight_TT: Floats

    def __init__(self, penalty: float = 200.0) -> None:
        self.penalty = penalty

    def fit(self, train_DT: Bools) -> None:
        """Solve for the weights."""
        self.weight_TT = ease_weights(counts(train_DT)[0], self.penalty)

    def score(self, revealed_DT: Bools) -> Floats:
        """Return the sum of the weights of the revealed tags."""
        scores_DT: Floats = revealed_DT @ self.weight_TT
        return scores_DT


class DropoutEase:
    """Row "EASE with dropout" (Steck, 2020): EASE trained to restore dropped tags, on documents centred or not.

    Dropping each input tag with probability p is equivalent to an additional ridge penalty p / (1 - p) times its count.

    Args:
        penalty: Ridge penalty lambda.
        dropout: p, above 0 and below 1.
        centred: Whether to subtract the mean of the training documents before, and add it after. Revealed tags then
            count double, since they are half of a document and the mean is of complete documents.
    """

    query_only = False
    weight_TT: Floats
    mean_T: Floats

    def __init__(self, penalty: float = 50.0, dropout: float = 0.5, centred: bool = True) -> None:
        self.penalty = penalty
        self.dropout = dropout
        self.centred = centred

    def fit(self, train_DT: Bools) -> None:
        """Solve for the weights."""
        together_TT, count_T = counts(train_DT)
        self.mean_T = count_T / len(train_DT) if self.centred else np.zeros_like(count_T)
        scatter_TT = together_TT - len(train_DT) * np.outer(self.mean_T, self.mean_T)
        noise_T = self.dropout / (1 - self.dropout) * np.diag(scatter_TT)
        self.weight_TT = ease_weights(scatter_TT, self.penalty + noise_T)

    def score(self, revealed_DT: Bools) -> Floats:
        """Return the estimated document."""
        input_DT = 2.0 * revealed_DT - self.mean_T if self.centred else revealed_DT
        scores_DT: Floats = self.mean_T + input_DT @ self.weight_TT
        return scores_DT
