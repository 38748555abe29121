"""A linear path from revealed tags to logits, in closed form, parallel to the networks of the context encoder.

Shape suffixes: D documents, T tags, K known tags, U new tags.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from siamese_tags.masked.rules.linear import DropoutEase


class LinearPath(nn.Module):
    """EASE with dropout on centred documents, times a strength: saved with the weights, but fitted in closed form.

    Training it together with the networks has no benefit: fitted to the same documents, it is overconfident, and the
    networks learn to rely on it.

    Args:
        n_tags: Size of the vocabulary.
        strength: Logits per tag of the estimated document.
    """

    weight_TT: Tensor
    offset_T: Tensor

    def __init__(self, n_tags: int, strength: float) -> None:
        super().__init__()
        self.strength = strength
        self.register_buffer("weight_TT", torch.zeros(n_tags, n_tags))
        self.register_buffer("offset_T", torch.zeros(n_tags))

    def fit(self, train_DT: NDArray[np.bool_], penalty: float, dropout: float) -> None:
        """Fit to complete training documents; see :class:`siamese_tags.masked.rules.linear.DropoutEase`."""
        rule = DropoutEase(penalty, dropout, centred=True)
        rule.fit(train_DT)
        weight_TT, mean_T = torch.tensor(rule.weight_TT), torch.tensor(rule.mean_T)
        # revealed tags count double, since they are half of a document and the mean is of complete documents
        self.weight_TT.copy_(2 * self.strength * weight_TT)
        self.offset_T.copy_(self.strength * (mean_T - mean_T @ weight_TT))

    def forward(self, revealed_DT: Tensor) -> Tensor:
        """Return the addition to the logits, D × T."""
        return self.offset_T + revealed_DT.to(self.weight_TT.dtype) @ self.weight_TT

    def extended(self, n_new: int) -> "LinearPath":
        """Return a path that also has new tags, with zero weights."""
        wider = LinearPath(len(self.offset_T) + n_new, self.strength).to(self.offset_T.device)
        n_tags = len(self.offset_T)
        wider.weight_TT[:n_tags, :n_tags] = self.weight_TT
        wider.offset_T[:n_tags] = self.offset_T
        return wider

    def fit_new(self, train_DT: Tensor, n_known: int, penalty: float, dropout: float) -> None:
        """Fit the columns of new tags, which are last, from their pair counts with known tags only.

        Args:
            train_DT: Boolean; the training documents, known tags first.
            n_known: Number of known tags.
            penalty: As in :meth:`fit`.
            dropout: As in :meth:`fit`.
        """
        documents_DT = train_DT.double()
        mean_T = documents_DT.mean(dim=0)
        scatter_KT = (documents_DT - mean_T)[:, :n_known].T @ (documents_DT - mean_T)
        spread_K = scatter_KT.diagonal()
        gram_KK = scatter_KT[:, :n_known] + torch.diag(penalty + dropout / (1 - dropout) * spread_K)
        weight_KU = torch.linalg.solve(gram_KK, scatter_KT[:, n_known:])
        self.weight_TT[:n_known, n_known:] = (2 * self.strength * weight_KU).float()
        self.offset_T[n_known:] = (self.strength * (mean_T[n_known:] - mean_T[:n_known] @ weight_KU)).float()
