"""Embedding of tags unseen in training by a trained encoder, from the known tags that they occur with.

Shape suffixes: M members, D documents, K known tags, U unseen tags, E embedding dimensions, F numbers per tag.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mwe.core.catalogue import CatalogueMetric
from siamese_tags.masked.encoder import ContextEncoder

PSEUDO_COUNT = 1.0
# in units of the mean squared length of the known tags' centred features
PENALTIES = (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def cooccurrence_features(together_UK: Tensor, count_U: Tensor, count_K: Tensor, n_documents: int) -> Tensor:
    """Return the smoothed log ratio of the documents that two tags share to the number expected by chance, U × K.

    Args:
        together_UK: Number of documents with both tags.
        count_U: Number of documents of each tag.
        count_K: Number of documents of each known tag.
        n_documents: Number of documents.
    """
    expected_UK = count_U[:, None] * count_K / n_documents
    return torch.log((together_UK + PSEUDO_COUNT) / (expected_UK + PSEUDO_COUNT))


class UnseenTagMap:
    """Ridge regression from co-occurrence features of the known tags to their learnt numbers.

    The numbers are a tag's embeddings, and the difference between its bias and the log-odds of its share of documents.
    The penalty has the smallest squared error of leave-one-out prediction, in closed form.

    Args:
        encoder: The trained encoder of the known tags.
        together_KK: Number of training documents with both of two known tags; on the diagonal, with each tag.
        n_documents: Number of training documents.
        penalties: Penalties to choose from.
    """

    def __init__(
        self, encoder: ContextEncoder, together_KK: Tensor, n_documents: int, penalties: Sequence[float] = PENALTIES
    ) -> None:
        self.shape = encoder.tags_MTE.shape
        self.n_documents = n_documents
        self.count_K = together_KK.diagonal().double()
        features_KK = cooccurrence_features(together_KK.double(), self.count_K, self.count_K, n_documents)
        # no feature of a tag with itself, since a new tag does not have it
        self.features_KK = features_KK.fill_diagonal_(0)
        above_MK = encoder.bias_MT.detach().double() - self._log_odds(self.count_K)
        tags_KF = encoder.tags_MTE.detach().double().transpose(0, 1).flatten(start_dim=1)
        self.targets_KF = torch.cat([tags_KF, above_MK.T], dim=1)
        self.mean_K, self.mean_F = self.features_KK.mean(dim=0), self.targets_KF.mean(dim=0)
        centred_KK = self.features_KK - self.mean_K
        eigenvalue_K, basis_KK = torch.linalg.eigh(centred_KK @ centred_KK.mT)
        # rounding may make the eigenvalue of the constant, which is zero, slightly negative
        eigenvalue_K = eigenvalue_K.clamp_min(0)
        rotated_KF = basis_KK.mT @ (self.targets_KF - self.mean_F)
        unit = float(eigenvalue_K.mean())
        errors = [self._left_out_error(eigenvalue_K, basis_KK, rotated_KF, unit * penalty) for penalty in penalties]
        self.penalty = penalties[int(torch.tensor(errors).argmin())]
        dual_KF = basis_KK @ (rotated_KF / (eigenvalue_K + unit * self.penalty)[:, None])
        self.weight_KF = centred_KK.mT @ dual_KF

    def __call__(self, together_UK: Tensor, count_U: Tensor) -> tuple[Tensor, Tensor]:
        """Return embeddings (M × U × E) and biases (M × U) of tags, for ``ContextEncoder.extended``.

        Args:
            together_UK: Number of documents with both the tag and each known tag.
            count_U: Number of documents of each tag.
        """
        features_UK = cooccurrence_features(together_UK.double(), count_U.double(), self.count_K, self.n_documents)
        numbers_UF = self.from_features(features_UK)
        members, _, width = self.shape
        tags_MUE = numbers_UF[:, : members * width].reshape(-1, members, width).transpose(0, 1)
        bias_MU = numbers_UF[:, members * width :].T + self._log_odds(count_U.double())
        return tags_MUE.float(), bias_MU.float()

    def from_features(self, features_UK: Tensor) -> Tensor:
        """Return the result of the regression alone, U × F."""
        numbers_UF: Tensor = self.mean_F + (features_UK - self.mean_K) @ self.weight_KF
        return numbers_UF

    def _log_odds(self, count_U: Tensor) -> Tensor:
        return torch.logit(count_U / self.n_documents, eps=1e-5)

    def _left_out_error(self, eigenvalue_K: Tensor, basis_KK: Tensor, rotated_KF: Tensor, penalty: float) -> float:
        """Return the mean squared leave-one-out error: residual over 1 - leverage."""
        shrunk_K = eigenvalue_K / (eigenvalue_K + penalty)
        # leverage of the centred ridge and of the mean
        leverage_K = (basis_KK.square() * shrunk_K).sum(dim=1) + 1 / len(basis_KK)
        residual_KF = basis_KK @ (rotated_KF * (1 - shrunk_K)[:, None])
        return float((residual_KF / (1 - leverage_K)[:, None]).square().mean())


def with_unseen(encoder: ContextEncoder, train_DT: Tensor) -> ContextEncoder:
    """Return the encoder with the unseen tags of a collection added.

    Args:
        encoder: Encoder trained on the known tags.
        train_DT: Boolean; the training documents, known tags first. Pairs of unseen tags are ignored.
    """
    n_known = encoder.tags_MTE.shape[1]
    known_DK = train_DT[:, :n_known].double()
    unseen_DU = train_DT[:, n_known:].double()
    regression = UnseenTagMap(encoder, known_DK.T @ known_DK, len(train_DT))
    return encoder.extended(*regression(unseen_DU.T @ known_DK, unseen_DU.sum(dim=0)))


class UnseenRanking(CatalogueMetric):
    """Ranking of a document's unseen tags: ROC-AUC of the hidden ones among those not revealed.

    The figure is the mean, in percent, over documents that hide one unseen tag and lack another; chance is 50.

    Args:
        kwargs: Arguments of ``torchmetrics.Metric``.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(width=1, **kwargs)

    def add_documents(self, ids_D: Tensor, scores_DU: Tensor, revealed_DU: Tensor, hidden_DU: Tensor) -> None:
        """Add documents; those without a pair to compare are left out.

        Args:
            ids_D: Document IDs.
            scores_DU: Scores of the unseen tags, the highest first.
            revealed_DU: Boolean; the revealed unseen tags.
            hidden_DU: Boolean; the hidden unseen tags.

        Raises:
            ValueError: A score is not finite.
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
        """Compute ``unseen_auc`` in percent and ``unseen_documents``, the number of documents averaged; NaN if none."""
        ids_D, rows_D1 = self.catalogue()
        documents = torch.tensor(float(len(ids_D)), device=rows_D1.device)
        return {"unseen_auc": 100 * rows_D1.double().mean().float(), "unseen_documents": documents}
