"""The tasks on embeddings of tracks and prototypes of tags, as pure functions over a whole catalogue.

Shape suffixes: N tracks, T tags, D dimensions, B rows of a block.
"""

import torch
from torch import Tensor

from mwe.metrics.functional import Areas, TrackRecall, areas_by_row, query_by_track
from mwe.metrics.labels import TagLabels

KS = (1, 2, 4, 8)


def tag_scores(tracks_ND: Tensor, tags_TD: Tensor, tags: slice, ignored: TagLabels | None = None) -> Tensor:
    """Return scores (B, N) of all tracks for a slice of the tags; ignored pairs are minus infinity."""
    score_BN = tags_TD[tags] @ tracks_ND.T
    return score_BN if ignored is None else score_BN.masked_fill(ignored.of_tags(tags), -torch.inf)


def query_by_tag(tracks_ND: Tensor, tags_TD: Tensor, labels: TagLabels, ignored: TagLabels | None = None) -> Areas:
    """Return the areas of each tag, which ranks tracks by inner product (Tables IV, VIII, IX).

    ``ignored`` pairs count neither as right nor as wrong.

    Examples:
        >>> import torch
        >>> from mwe.metrics import TagLabels
        >>> tracks, tags = torch.eye(3), torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        >>> labels = TagLabels(torch.tensor([[True, True], [False, True], [False, False]]))
        >>> query_by_tag(tracks, tags, labels).roc_R.tolist()  # ranked first; ranked last
        [1.0, 0.0]
    """

    def block(tags: slice) -> tuple[Tensor, Tensor]:
        return tag_scores(tracks_ND, tags_TD, tags, ignored), labels.of_tags(tags)

    return areas_by_row(len(tags_TD), len(tracks_ND), block, tracks_ND.device)


def swapped_query_by_tag(tracks_ND: Tensor, tags_TD: Tensor, labels: TagLabels, max_rotations: int = 8) -> Tensor:
    """Compute a control: tag-wise ROC-AUC with the prototypes of other tags; chance is 0.5.

    ROC-AUC above chance here is not due to the vectors. The prototypes are rotated through the tags, at most
    ``max_rotations`` times or until every tag had every other's; each rotation gives one row of values.

    Examples:
        >>> import torch
        >>> from mwe.metrics import TagLabels
        >>> swapped_query_by_tag(torch.eye(2), torch.eye(2), TagLabels(torch.eye(2, dtype=torch.bool))).tolist()
        [[0.0, 0.0]]
    """
    tags = len(tags_TD)
    steps = torch.linspace(1, tags - 1, min(max_rotations, tags - 1)).round().long().tolist() if tags > 1 else []
    rotated = [query_by_tag(tracks_ND, tags_TD.roll(step, dims=0), labels).roc_R for step in steps]
    return torch.stack(rotated) if rotated else torch.zeros(0, tags, dtype=torch.float64, device=tracks_ND.device)


def tagging(tracks_ND: Tensor, tags_TD: Tensor, labels: TagLabels, ignored: TagLabels | None = None) -> Areas:
    """Return the areas of each track, which ranks tags by inner product (Tables VI, VIII).

    ``ignored`` pairs count neither as right nor as wrong.

    Examples:
        >>> import torch
        >>> from mwe.metrics import TagLabels
        >>> labels = TagLabels(torch.tensor([[True, False, False]]))
        >>> track, tags = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.7, 0.7], [1.0, 0.0], [0.0, 1.0]])
        >>> tagging(track, tags, labels).roc_R.tolist()
        [0.5]
    """

    def block(tracks: slice) -> tuple[Tensor, Tensor]:
        score_BT = tracks_ND[tracks] @ tags_TD.T
        if ignored is not None:
            score_BT = score_BT.masked_fill(ignored.of_tracks(tracks), -torch.inf)
        return score_BT, labels.of_tracks(tracks)

    return areas_by_row(len(tracks_ND), len(tags_TD), block, tracks_ND.device)


def recall_by_reading(unit_ND: Tensor, labels: TagLabels, ks: tuple[int, ...] = KS) -> dict[str, TrackRecall]:
    """Compute Recall@K under two readings of "has the same tag labels" (Tables V, VII).

    *any*: a retrieved track shares at least one tag with the query; *identical*: it has the same set of tags.

    Examples:
        >>> import torch
        >>> from mwe.metrics import TagLabels
        >>> labels = TagLabels(torch.tensor([[True, True], [True, False], [True, True]]))
        >>> unit = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [0.8, 0.2], [0.0, 1.0]]))
        >>> {name: recall.at[:2].tolist() for name, recall in recall_by_reading(unit, labels).items()}
        {'any': [1.0, 1.0], 'identical': [0.0, 1.0]}
    """
    bits_NL = labels.packed()
    _, set_N = torch.unique(bits_NL, dim=0, return_inverse=True)
    tagged_N = bits_NL.any(dim=1)

    def shares_a_tag(queries: slice) -> Tensor:
        shared_BN = bits_NL.new_zeros(queries.stop - queries.start, len(bits_NL), dtype=torch.bool)
        for word_N in bits_NL.unbind(dim=1):
            shared_BN |= (word_N[queries, None] & word_N) != 0
        return shared_BN

    def has_the_same(queries: slice) -> Tensor:
        same_BN: Tensor = (set_N[queries, None] == set_N[None]) & tagged_N[queries, None]
        return same_BN

    return {
        name: query_by_track(unit_ND, relevant, ks)
        for name, relevant in (("any", shares_a_tag), ("identical", has_the_same))
    }
