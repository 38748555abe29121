"""Priming with out-of-vocabulary (OOV) tags (Sect. 5.6): OOV tags are only queries, and only known tags are ranked.

Shape suffixes: D documents set aside, Q queries (an OOV tag in one of its documents), T tags of the vocabulary, U tags
out of it, E embedding dimensions, F tag features, C topics.
"""

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from mwe.core.catalogue import CatalogueMetric
from siamese_tags.metrics import PrimingMetric
from siamese_tags.networks import ComponentNetwork

# nearest: the features of the OOV tag, nearest tags first. furthest: the paper's rule, which does not use the OOV tag:
# features of zero put the example among the negatives of its context, from which the document's tags are furthest.
RULES = ("nearest", "furthest")


class OOVTensors(NamedTuple):
    """Tensors of the documents set aside, which the models gather from.

    Attributes:
        features_UF: Features of the OOV tags against the known tags.
        contexts_DC: Topic posteriors of the documents, from their known tags.
        known_DT: Boolean; the known tags of the documents.
        unseen_DU: Boolean; their OOV tags.
    """

    features_UF: Tensor
    contexts_DC: Tensor
    known_DT: Tensor
    unseen_DU: Tensor


def add_queries(metric: PrimingMetric, ids_D: Tensor, known_DT: Tensor, unseen_DU: Tensor, scores_QT: Tensor) -> None:
    """Add documents set aside to a priming metric: a related tag is a known tag of the query's document.

    Args:
        metric: Metric to update.
        ids_D: Document IDs.
        known_DT: Known tags of the documents.
        unseen_DU: Their OOV tags, the queries in the order of ``nonzero``.
        scores_QT: Score of every known tag for each query, the highest first.
    """
    document_Q, tag_Q = unseen_DU.nonzero().unbind(dim=1)
    # numbers after those of the known tags, for the random order of ties
    metric.add_documents(ids_D, document_Q, tag_Q + known_DT.shape[1], scores_QT, known_DT)


class RelatedDistances(CatalogueMetric):
    """Mean embedding distance of queries from the tags of their document and from all other tags.

    Args:
        kwargs: Arguments of ``torchmetrics.Metric``.
    """

    higher_is_better = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(width=4, **kwargs)

    def add_documents(self, ids_D: Tensor, document_Q: Tensor, distance_QT: Tensor, related_DT: Tensor) -> None:
        """Add documents with all their queries.

        Args:
            ids_D: Document IDs.
            document_Q: Index of each query's document in ``ids_D``.
            distance_QT: Distance of each query from every tag.
            related_DT: Boolean; the related tags of each document.
        """
        related_QT = related_DT[document_Q]
        sums = [part for kind_QT in (related_QT, ~related_QT) for part in (distance_QT * kind_QT, kind_QT)]
        sums_Q4 = torch.stack([part.double().sum(dim=1) for part in sums], dim=1)
        self.update(ids_D, sums_Q4.new_zeros(len(ids_D), self.width).index_add_(0, document_Q, sums_Q4))

    def compute(self) -> dict[str, Tensor]:
        """Compute ``related_distance`` and ``unrelated_distance``, means over pairs of query and tag; NaN if none."""
        _, rows_D4 = self.catalogue()
        sums = rows_D4.double().sum(dim=0).tolist()
        means = [sums[index] / sums[index + 1] if sums[index + 1] else math.nan for index in (0, 2)]
        figures = zip(("related_distance", "unrelated_distance"), means, strict=True)
        return {name: torch.tensor(value, device=self.device) for name, value in figures}


class OOVPriming(nn.Module):
    """Queries of OOV tags in their documents by both rules, collected over a test.

    Args:
        tie_seed: Seed of the random order of tags with equal scores.
    """

    features_UF: Tensor
    contexts_DC: Tensor
    known_DT: Tensor
    unseen_DU: Tensor

    def __init__(self, tie_seed: int) -> None:
        super().__init__()
        self.ranking = nn.ModuleDict({rule: PrimingMetric(tie_seed) for rule in RULES})
        self.distances = nn.ModuleDict({rule: RelatedDistances() for rule in RULES})
        self.present = False

    def take(self, tensors: OOVTensors | None) -> None:
        """Register the documents set aside, if any, as buffers that are not saved."""
        self.present = tensors is not None
        for name, value in (tensors._asdict() if tensors is not None else {}).items():
            self.register_buffer(name, value, persistent=False)

    def add(self, network: ComponentNetwork, features_TF: Tensor, rows_D: Tensor) -> None:
        """Rank the known tags for every OOV tag of some documents.

        Args:
            network: The trained network.
            features_TF: Features of the known tags.
            rows_D: Rows of the documents.
        """
        contexts_DC, known_DT, unseen_DU = self.contexts_DC[rows_D], self.known_DT[rows_D], self.unseen_DU[rows_D]
        document_Q, tag_Q = unseen_DU.nonzero().unbind(dim=1)
        known_QTE = network.embed_grid(features_TF, contexts_DC)[document_Q]
        oov_QF = self.features_UF[tag_Q]
        for rule, features_QF, sign in (("nearest", oov_QF, -1), ("furthest", torch.zeros_like(oov_QF), 1)):
            query_QE = network.embed(features_QF, contexts_DC[document_Q])
            distance_QT = torch.linalg.vector_norm(known_QTE - query_QE[:, None], dim=2)
            ranking, distances = self.ranking[rule], self.distances[rule]
            add_queries(cast(PrimingMetric, ranking), rows_D, known_DT, unseen_DU, sign * distance_QT)
            cast(RelatedDistances, distances).add_documents(rows_D, document_Q, distance_QT, known_DT)

    def figures(self) -> dict[str, Tensor]:
        """Compute ``nearest_oov_p@1`` … in percent and ``nearest_oov_related_distance`` … on every process, and reset.

        Empty if the collection sets no documents aside.
        """
        figures: dict[str, Tensor] = {}
        for rule in RULES if self.present else ():
            for metric in (cast(PrimingMetric, self.ranking[rule]), cast(RelatedDistances, self.distances[rule])):
                measured: dict[str, Tensor] = metric.compute()
                figures |= {f"{rule}_oov_{name}": value for name, value in measured.items()}
                metric.reset()
        return figures
