"""Tagging, query-by-tag and query-by-track on track embeddings, over the whole catalogue.

Shape suffixes: N tracks, T tags, D dimensions.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mwe.core.catalogue import CatalogueMetric
from mwe.metrics.functional import query_by_track, roc_auc_by_row

KS = (1, 2, 4, 8)


def query_by_tag(unit_ND: Tensor, unit_TD: Tensor, label_NT: Tensor, ignored_NT: Tensor | None = None) -> Tensor:
    """Tag-wise ROC-AUC of each tag: tracks are ranked by cosine (Tables IV, VIII, IX).

    Pairs that are ``ignored`` count neither as right nor as wrong.
    """

    def block(tags: slice) -> tuple[Tensor, Tensor]:
        score_BN = unit_TD[tags] @ unit_ND.T
        if ignored_NT is not None:
            score_BN = score_BN.masked_fill(ignored_NT[:, tags].T, -torch.inf)
        return score_BN, label_NT[:, tags].T

    return roc_auc_by_row(len(unit_TD), len(unit_ND), block, unit_ND.device)


def swapped_query_by_tag(unit_ND: Tensor, unit_TD: Tensor, label_NT: Tensor, most: int = 8) -> Tensor:
    """Control: tag-wise ROC-AUC when the tags are given each other's prototypes; chance is 0.5.

    What tags reach here, they do not owe to their vectors. The prototypes are rotated through the tags, ``most`` times
    or until every tag had every other's; one row of values a rotation.
    """
    tags = len(unit_TD)
    steps = torch.linspace(1, tags - 1, min(most, tags - 1)).round().long().tolist() if tags > 1 else []
    rotated = [query_by_tag(unit_ND, unit_TD.roll(step, dims=0), label_NT) for step in steps]
    return torch.stack(rotated) if rotated else torch.zeros(0, tags, dtype=torch.float64, device=unit_ND.device)


def tagging(unit_ND: Tensor, unit_TD: Tensor, label_NT: Tensor, ignored_NT: Tensor | None = None) -> Tensor:
    """Clip-wise ROC-AUC of each track: tags are ranked by cosine (Tables VI, VIII).

    Pairs that are ``ignored`` count neither as right nor as wrong.
    """

    def block(tracks: slice) -> tuple[Tensor, Tensor]:
        score_BT = unit_ND[tracks] @ unit_TD.T
        if ignored_NT is not None:
            score_BT = score_BT.masked_fill(ignored_NT[tracks], -torch.inf)
        return score_BT, label_NT[tracks]

    return roc_auc_by_row(len(unit_ND), len(unit_TD), block, unit_ND.device)


def recall_by_reading(unit_ND: Tensor, label_NT: Tensor, ks: tuple[int, ...] = KS) -> dict[str, Tensor]:
    """Recall@K under two readings of "has the same tag labels", and the queries left out of each (Tables V, VII).

    *any*: a retrieved track shares at least one tag with the query; *identical*: it has the same set of tags.
    """
    _, set_N = torch.unique(label_NT, dim=0, return_inverse=True)
    tagged_N = label_NT.any(dim=1)
    count_NT = label_NT.float()
    readings = {
        "any": lambda queries: count_NT[queries] @ count_NT.T > 0,
        "identical": lambda queries: (set_N[queries, None] == set_N[None]) & tagged_N[queries, None],
    }
    found: dict[str, Tensor] = {}
    for name, relevant in readings.items():
        recall = query_by_track(unit_ND, relevant, ks)
        if recall.excluded < len(unit_ND):
            found |= {f"recall_{name}@{k}": recall.at[place] for place, k in enumerate(ks)}
        found[f"recall_{name}_excluded"] = recall.excluded
    return found


def _mean_of(name: str, auc_R: Tensor) -> dict[str, Tensor]:
    """Mean over the rankings that have a value, where any has, and the number of those that have none."""
    defined = ~torch.isnan(auc_R)
    mean = {name: auc_R[defined].mean()} if defined.any() else {}
    return {**mean, f"{name}_excluded": (~defined).sum()}


class TrackRetrieval(CatalogueMetric):
    """All tasks on one catalogue of track embeddings.

    Before computing, ``prototypes`` must be set: one row of D numbers per tag. Tags without a prototype of their own
    (not ``usable``) take part in no task by tag and are counted. Results: ``rocauc_tag``, the same over ``_seen`` and
    ``_unseen`` tags and as ``_unseen_control``, ``rocauc_clip`` (all usable tags), ``recall_any@K``,
    ``recall_identical@K``, and of each task the number of rows excluded because they have nothing or everything to
    find.

    Args:
        label_NT: Boolean matrix; row i belongs to the track with id i.
        unseen_T: Which tags were held back from training.
        usable_T: Which tags have a prototype.
        width: Dimensions D of the embedding.
        query_tracks: Whether query-by-track is computed (its work grows with the square of the tracks).
        ignored_NT: Pairs of track and tag that count neither as right nor as wrong, such as those that the vectors
            were trained on when only held-out pairs are scored. Query-by-track goes by ``label_NT`` alone.
    """

    label_NT: Tensor
    unseen_T: Tensor
    usable_T: Tensor
    ignored_NT: Tensor | None

    def __init__(
        self,
        label_NT: Tensor,
        unseen_T: Tensor,
        usable_T: Tensor,
        width: int,
        query_tracks: bool = True,
        ignored_NT: Tensor | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(width, **kwargs)
        self.register_buffer("label_NT", label_NT.bool(), persistent=False)
        self.register_buffer("unseen_T", unseen_T.bool(), persistent=False)
        self.register_buffer("usable_T", usable_T.bool(), persistent=False)
        self.register_buffer("ignored_NT", ignored_NT, persistent=False)
        self.query_tracks = query_tracks
        self.prototypes: Tensor | None = None
        self.computed: tuple[Tensor, Tensor] | None = None

    def compute(self) -> dict[str, Tensor]:
        """Figures and counts by name; a figure that no row has a value for is left out."""
        if self.prototypes is None:
            raise ValueError("set `prototypes`, one row per tag, before computing")
        ids_N, rows_ND = self.catalogue()
        self.computed = (
            ids_N,
            rows_ND,
        )  # kept for pictures: after computing, the state is the process's own part again
        unit_ND = normalize(rows_ND, dim=1)
        unit_TD = normalize(self.prototypes.float(), dim=1)
        label_NT = self.label_NT[ids_N]
        usable = self.usable_T.nonzero().squeeze(1)
        ignored_NT = None if self.ignored_NT is None else self.ignored_NT[ids_N][:, usable]
        by_tag = query_by_tag(unit_ND, unit_TD[usable], label_NT[:, usable], ignored_NT)
        unseen = self.unseen_T[usable]
        found = _mean_of("rocauc_tag", by_tag) | _mean_of("rocauc_tag_seen", by_tag[~unseen])
        if unseen.any():
            found |= _mean_of("rocauc_tag_unseen", by_tag[unseen])
            control = swapped_query_by_tag(unit_ND, unit_TD[usable[unseen]], label_NT[:, usable[unseen]])
            found |= _mean_of("rocauc_tag_unseen_control", control)
        found |= _mean_of("rocauc_clip", tagging(unit_ND, unit_TD[usable], label_NT[:, usable], ignored_NT))
        found["tags_without_vector"] = (~self.usable_T).sum()
        if self.query_tracks:
            found |= recall_by_reading(unit_ND, label_NT)
        return found
