"""Tags unseen in training: from the known tags that they occur with to embeddings of a trained encoder.

Shape suffixes: M members, D documents, K known tags, U unseen tags, E embedding dimensions, F numbers a tag.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mwe.core.catalogue import CatalogueMetric
from siamese_tags.masked.encoder import ContextEncoder

PSEUDO_COUNT = 1.0
# times the mean squared length of the known tags' centred features
PENALTIES = (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def cooccurrence_features(together_UK: Tensor, count_U: Tensor, count_K: Tensor, n_documents: int) -> Tensor:
    """Smoothed log ratio of the documents that two tags share to those that independent tags would, U × K.

    Args:
        together_UK: Documents that have both tags.
        count_U: Documents of each tag.
        count_K: Documents of each known tag.
        n_documents: Documents that were counted.
    """
    expected_UK = count_U[:, None] * count_K / n_documents
    return torch.log((together_UK + PSEUDO_COUNT) / (expected_UK + PSEUDO_COUNT))


class UnseenTagMap:
    """Ridge regression, over the known tags, of their learnt numbers on their co-occurrence features.

    The numbers are a tag's embeddings, and by how much its bias is above the log-odds of its share of documents. The
    penalty is that of the least squared error at tags left out one at a time, in closed form.

    Args:
        encoder: The trained encoder of the known tags.
        together_KK: Training documents that have both of two known tags; on the diagonal, those of each tag.
        n_documents: Training documents that were counted.
        penalties: Penalties to choose from.
    """

    def __init__(
        self, encoder: ContextEncoder, together_KK: Tensor, n_documents: int, penalties: Sequence[float] = PENALTIES
    ) -> None:
        self.shape = encoder.tags_MTE.shape
        self.n_documents = n_documents
        self.count_K = together_KK.diagonal().double()
        features_KK = cooccurrence_features(together_KK.double(), self.count_K, self.count_K, n_documents)
        # a tag says nothing of itself: that it occurs with itself is not known of a new tag
        self.features_KK = features_KK.fill_diagonal_(0)
        above_MK = encoder.bias_MT.detach().double() - self._log_odds(self.count_K)
        tags_KF = encoder.tags_MTE.detach().double().transpose(0, 1).flatten(start_dim=1)
        self.targets_KF = torch.cat([tags_KF, above_MK.T], dim=1)
        self.mean_K, self.mean_F = self.features_KK.mean(dim=0), self.targets_KF.mean(dim=0)
        centred_KK = self.features_KK - self.mean_K
        eigenvalue_K, basis_KK = torch.linalg.eigh(centred_KK @ centred_KK.mT)
        # rounding may leave the eigenvalue of the constant, which is zero, a little below it
        eigenvalue_K = eigenvalue_K.clamp_min(0)
        rotated_KF = basis_KK.mT @ (self.targets_KF - self.mean_F)
        unit = float(eigenvalue_K.mean())
        errors = [self._left_out_error(eigenvalue_K, basis_KK, rotated_KF, unit * penalty) for penalty in penalties]
        self.penalty = penalties[int(torch.tensor(errors).argmin())]
        dual_KF = basis_KK @ (rotated_KF / (eigenvalue_K + unit * self.penalty)[:, None])
        self.weight_KF = centred_KK.mT @ dual_KF

    def __call__(self, together_UK: Tensor, count_U: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings (M × U × E) and biases (M × U) of tags, as ``ContextEncoder.extended`` takes them.

        Args:
            together_UK: Documents that have both the tag and a known one.
            count_U: Documents of each tag.
        """
        features_UK = cooccurrence_features(together_UK.double(), count_U.double(), self.count_K, self.n_documents)
        numbers_UF = self.from_features(features_UK)
        members, _, width = self.shape
        tags_MUE = numbers_UF[:, : members * width].reshape(-1, members, width).transpose(0, 1)
        bias_MU = numbers_UF[:, members * width :].T + self._log_odds(count_U.double())
        return tags_MUE.float(), bias_MU.float()

    def from_features(self, features_UK: Tensor) -> Tensor:
        """The regression alone, U × F."""
        numbers_UF: Tensor = self.mean_F + (features_UK - self.mean_K) @ self.weight_KF
        return numbers_UF

    def _log_odds(self, count_U: Tensor) -> Tensor:
        return torch.logit(count_U / self.n_documents, eps=1e-5)

    def _left_out_error(self, eigenvalue_K: Tensor, basis_KK: Tensor, rotated_KF: Tensor, penalty: float) -> float:
        """Mean squared error at each tag by the regression on the others: residual over 1 - leverage."""
        shrunk_K = eigenvalue_K / (eigenvalue_K + penalty)
        # leverage of the centred ridge and of the mean
        leverage_K = (basis_KK.square() * shrunk_K).sum(dim=1) + 1 / len(basis_KK)
        residual_KF = basis_KK @ (rotated_KF * (1 - shrunk_K)[:, None])
        return float((residual_KF / (1 - leverage_K)[:, None]).square().mean())


def with_unseen(encoder: ContextEncoder, train_DT: Tensor) -> ContextEncoder:
    """The encoder with the unseen tags of a collection added.

    Args:
        encoder: Trained on the known tags.
        train_DT: Boolean; the training documents, known tags first. Pairs of unseen tags are not looked at.
    """
    n_known = encoder.tags_MTE.shape[1]
    known_DK = train_DT[:, :n_known].double()
    unseen_DU = train_DT[:, n_known:].double()
    regression = UnseenTagMap(encoder, known_DK.T @ known_DK, len(train_DT))
    return encoder.extended(*regression(unseen_DU.T @ known_DK, unseen_DU.sum(dim=0)))


class UnseenRanking(CatalogueMetric):
    """How well a document's unseen tags are told apart: ROC-AUC of its hidden ones among those not revealed.

    The mean in percent over documents that hide an unseen tag and lack another; 50 by chance.

    Args:
        kwargs: Passed to ``torchmetrics.Metric``.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(width=1, **kwargs)

    def add_documents(self, ids_D: Tensor, scores_DU: Tensor, revealed_DU: Tensor, hidden_DU: Tensor) -> None:
        """Add documents; those without a pair to compare are left out.

        Args:
            ids_D: Document ids.
            scores_DU: Scores of the unseen tags, the highest first.
            revealed_DU: Boolean; the revealed ones among them.
            hidden_DU: Boolean; the hidden ones.

        Raises:
            ValueError: A score is not finite; the document is named.
        """
        finite_D = scores_DU.isfinite().all(dim=1)
        if not finite_D.all():
            raise ValueError(f"not finite among the scores of document {int(ids_D[~finite_D][0])}")
        lacking_DU = ~(revealed_DU | hidden_DU)
        above_DUU = scores_DU[:, :, None] - scores_DU[:, None]
        right_DUU = (above_DUU > 0).double() + 0.5 * (above_DUU == 0)
        right_D = torch.einsum("duv,du,dv->d", right_DUU, hidden_DU.double(), lacking_DU.double())
        pairs_D = hidden_DU.sum(dim=1) * lacking_DU.sum(dim=1)
        some_D = pairs_D > 0
        self.update(ids_D[some_D], (right_D[some_D] / pairs_D[some_D])[:, None])

    def compute(self) -> dict[str, Tensor]:
        """``unseen_auc`` in percent and ``unseen_documents``, the number it is the mean of; NaN without one."""
        ids_D, rows_D1 = self.catalogue()
        documents = torch.tensor(float(len(ids_D)), device=rows_D1.device)
        return {"unseen_auc": 100 * rows_D1.double().mean().float(), "unseen_documents": documents}
