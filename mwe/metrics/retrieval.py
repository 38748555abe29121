"""Tagging, query-by-tag and query-by-track on track embeddings, over the whole catalogue.

Shape suffixes: N tracks, T tags, D dimensions, R draws of the bootstrap.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from scipy import sparse
from torch import Tensor
from torch.nn.functional import normalize

from mwe.core.catalogue import CatalogueMetric
from mwe.metrics.bootstrap import drawn_areas, drawn_counts, drawn_means, interval
from mwe.metrics.functional import Areas
from mwe.metrics.labels import TagLabels
from mwe.metrics.tasks import (
    KS,
    query_by_tag,
    recall_by_reading,
    swapped_query_by_tag,
    tag_scores,
    tagging,
)


class TagFigures(NamedTuple):
    """Figures of every tag in a test, (T,) each.

    Attributes:
        tracks: Number of ranked tracks that have the tag.
        rocauc: Tag-wise ROC-AUC; NaN if undefined.
        prauc: Average precision; NaN if undefined.
        bounds: Lower and upper bound of the ROC-AUC; None without bootstrap.
    """

    tracks: Tensor
    rocauc: Tensor
    prauc: Tensor
    bounds: tuple[Tensor, Tensor] | None


class Assembled(NamedTuple):
    """The catalogue as input of the tasks, with the tags that have a prototype.

    Attributes:
        tracks: (N, D) embeddings.
        tags: (T, D) prototypes.
        labels: Labels of the tracks and tags.
        ignored: Pairs that do not count.
        queries: Positions of the tracks that are queries and get tags.
        columns: Column of each tag among all tags.
    """

    tracks: Tensor
    tags: Tensor
    labels: TagLabels
    ignored: TagLabels | None
    queries: Tensor
    columns: Tensor


class TrackRetrieval(CatalogueMetric):
    """All tasks on one catalogue of track embeddings.

    Set ``prototypes``, one row of D numbers per tag, before computing. Tags without a prototype (not ``usable``) are
    left out of tasks by tag and counted. Results: ``rocauc_tag`` and ``prauc_tag``, also over ``_seen`` and ``_unseen``
    tags and over each group of tags (``rocauc_tag_genre``), and their control ``rocauc_tag_unseen_control``;
    ``rocauc_clip`` and ``prauc_clip`` (all usable tags); ``recall_any@K`` and ``recall_identical@K``; and for each task
    the number of rows excluded because nothing or everything is relevant. If only some tracks are queries, query-by-tag
    ranks all tracks (generalized zero-shot retrieval) and, with the suffix ``_queries``, only the queries.

    Args:
        label_NT: Boolean matrix, dense or sparse; row i belongs to the track with ID i.
        unseen_T: Which tags were held out from training.
        usable_T: Which tags have a prototype.
        width: Dimensions D of the embedding.
        query_tracks: Whether to compute query-by-track, whose cost grows with the square of the queries.
        ignored_NT: Pairs of track and tag that count neither as right nor as wrong, such as the training pairs of the
            vectors when only held-out pairs are scored. Query-by-track uses ``label_NT`` alone.
        groups: Group of each tag; empty if it has none.
        query_N: Which tracks are queries and get tags; by default all.
        cosine: Whether to compare embeddings and prototypes by cosine instead of inner product.
        brief: Whether to compute only the figures of validation: ROC-AUC by tag and by clip over seen tags.
        draws: Draws of the bootstrap over tracks, for ``_low`` and ``_high`` bounds (95 %) of the figures; 0 for none.

    Examples:
        >>> import torch
        >>> label = torch.tensor([[True, False], [True, False], [False, True]])
        >>> seen = torch.tensor([True, True])
        >>> retrieval = TrackRetrieval(label, unseen_T=~seen, usable_T=seen, width=2)
        >>> retrieval.update(torch.tensor([0, 1, 2]), torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6]]))
        >>> retrieval.prototypes = torch.eye(2)
        >>> figures = retrieval.compute()
        >>> figures["rocauc_tag"].item(), figures["recall_any@1"].item(), figures["recall_any_excluded"].item()
        (0.5, 0.0, 1)
    """

    unseen_T: Tensor
    usable_T: Tensor
    query_N: Tensor | None

    def __init__(
        self,
        label_NT: Tensor | sparse.csr_array,
        unseen_T: Tensor,
        usable_T: Tensor,
        width: int,
        query_tracks: bool = True,
        ignored_NT: Tensor | sparse.csr_array | None = None,
        groups: Sequence[str] = (),
        query_N: Tensor | None = None,
        cosine: bool = True,
        brief: bool = False,
        draws: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(width, **kwargs)
        self.labels = TagLabels(label_NT)
        self.ignored = None if ignored_NT is None else TagLabels(ignored_NT)
        self.register_buffer("unseen_T", unseen_T.bool(), persistent=False)
        self.register_buffer("usable_T", usable_T.bool(), persistent=False)
        self.register_buffer("query_N", query_N, persistent=False)
        self.groups = tuple(groups)
        self.query_tracks, self.cosine, self.brief, self.draws = query_tracks, cosine, brief, draws
        self.prototypes: Tensor | None = None
        self.computed: tuple[Tensor, Tensor] | None = None
        self.by_tag: TagFigures | None = None

    def compute(self) -> dict[str, Tensor]:
        """Return figures and counts by name. Figures without a value in any row are left out."""
        if self.brief:
            return self._brief()
        catalogue = self._assembled(self.usable_T)
        by_tag = query_by_tag(catalogue.tracks, catalogue.tags, catalogue.labels, catalogue.ignored)
        drawn = self._drawn_areas(catalogue)
        self.by_tag = self._tag_figures(catalogue, by_tag, drawn)
        figures: dict[str, Tensor] = {}
        for suffix, member_T in self._parts(catalogue.columns).items():
            figures |= _means(f"tag{suffix}", by_tag, member_T) | _bounds(f"tag{suffix}", drawn, member_T)
        unseen = self.unseen_T[catalogue.columns].nonzero().squeeze(1)
        if len(unseen):
            every = torch.arange(len(catalogue.tracks), device=unseen.device)
            control = swapped_query_by_tag(
                catalogue.tracks, catalogue.tags[unseen], catalogue.labels.select(every, unseen)
            )
            figures |= _mean_of("rocauc_tag_unseen_control", control)
        figures["tags_without_vector"] = (~self.usable_T).sum()
        return figures | self._of_queries(catalogue)

    def _brief(self) -> dict[str, Tensor]:
        catalogue = self._assembled(self.usable_T & ~self.unseen_T)
        by_tag = query_by_tag(catalogue.tracks, catalogue.tags, catalogue.labels)
        by_clip = tagging(catalogue.tracks, catalogue.tags, catalogue.labels)
        return _mean_of("rocauc_tag_seen", by_tag.roc_R) | _mean_of("rocauc_clip_seen", by_clip.roc_R)

    def _assembled(self, tag_T: Tensor) -> Assembled:
        """Return the catalogue of all processes with the given tags."""
        if self.prototypes is None:
            raise ValueError("set `prototypes`, one row per tag, before computing")
        ids_N, rows_ND = self.catalogue()
        # kept for pictures: after computing, the state is again the part of this process
        self.computed = (ids_N, rows_ND)
        columns = tag_T.nonzero().squeeze(1)
        tags_TD = self.prototypes[columns].float()
        if self.cosine:
            rows_ND, tags_TD = normalize(rows_ND, dim=1), normalize(tags_TD, dim=1)
        query_N = torch.ones_like(ids_N, dtype=torch.bool) if self.query_N is None else self.query_N[ids_N]
        return Assembled(
            rows_ND,
            tags_TD,
            self.labels.select(ids_N, columns),
            None if self.ignored is None else self.ignored.select(ids_N, columns),
            query_N.nonzero().squeeze(1),
            columns,
        )

    def _parts(self, columns: Tensor) -> dict[str, Tensor]:
        """Return the tags of each mean, by the suffix of its name."""
        unseen_T = self.unseen_T[columns]
        parts = {"": torch.ones_like(unseen_T), "_seen": ~unseen_T}
        if unseen_T.any():
            parts["_unseen"] = unseen_T
        groups = [self.groups[column] for column in columns.tolist()] if self.groups else []
        for group in sorted(set(groups) - {""}):
            parts[f"_{name_of_group(group)}"] = torch.tensor([name == group for name in groups], device=columns.device)
        return parts

    def _of_queries(self, catalogue: Assembled) -> dict[str, Tensor]:
        """Compute tagging and query-by-track of the queries, and query-by-tag among them if they are not all tracks."""
        tags = torch.arange(len(catalogue.columns), device=catalogue.columns.device)
        tracks_ND = catalogue.tracks[catalogue.queries]
        labels = catalogue.labels.select(catalogue.queries, tags)
        ignored = None if catalogue.ignored is None else catalogue.ignored.select(catalogue.queries, tags)
        figures: dict[str, Tensor] = {}
        if len(catalogue.queries) < len(catalogue.tracks):
            by_tag = query_by_tag(tracks_ND, catalogue.tags, labels, ignored)
            for suffix, member_T in self._parts(catalogue.columns).items():
                figures |= _means(f"tag{suffix}_queries", by_tag, member_T)
        by_clip = tagging(tracks_ND, catalogue.tags, labels, ignored)
        figures |= _means("clip", by_clip)
        counts = self._counts(len(catalogue.queries))
        if counts is not None:
            figures |= _interval_of("rocauc_clip", drawn_means(by_clip.roc_R, counts))
            figures |= _interval_of("prauc_clip", drawn_means(by_clip.pr_R, counts))
        return figures | self._recall(catalogue, counts) if self.query_tracks else figures

    def _recall(self, catalogue: Assembled, counts: Tensor | None) -> dict[str, Tensor]:
        """Compute query-by-track among the queries, by all labels, since it needs no prototypes."""
        assert self.computed is not None
        ids_N, rows_ND = self.computed
        every = torch.arange(self.labels.shape[1], device=ids_N.device)
        unit_ND = normalize(rows_ND[catalogue.queries], dim=1)
        figures: dict[str, Tensor] = {}
        for name, recall in recall_by_reading(unit_ND, self.labels.select(ids_N[catalogue.queries], every)).items():
            figures[f"recall_{name}_excluded"] = recall.excluded
            for index, k in enumerate(KS if recall.excluded < len(unit_ND) else ()):
                figures[f"recall_{name}@{k}"] = recall.at[index]
                if counts is not None:
                    figures |= _interval_of(f"recall_{name}@{k}", drawn_means(recall.each_NK[:, index], counts))
        return figures

    def _counts(self, tracks: int) -> Tensor | None:
        return drawn_counts(tracks, self.draws, self.unseen_T.device) if self.draws and tracks else None

    def _drawn_areas(self, catalogue: Assembled) -> Areas | None:
        counts = self._counts(len(catalogue.tracks))
        if counts is None:
            return None

        def score(tag: int) -> tuple[Tensor, Tensor]:
            tags = slice(tag, tag + 1)
            score_1N = tag_scores(catalogue.tracks, catalogue.tags, tags, catalogue.ignored)
            return score_1N[0], catalogue.labels.of_tags(tags)[0]

        return drawn_areas(score, len(catalogue.tags), counts)

    def _tag_figures(self, catalogue: Assembled, areas: Areas, drawn: Areas | None) -> TagFigures:
        """Return the figures of every tag, including those without a prototype."""

        def spread(value_T: Tensor) -> Tensor:
            value_of_tag = torch.full((len(self.usable_T),), torch.nan, dtype=torch.float64, device=value_T.device)
            return value_of_tag.scatter(0, catalogue.columns, value_T.double())

        bounds = None
        if drawn is not None:
            pairs = [interval(value_R) for value_R in drawn.roc_R.unbind(dim=1)]
            low, high = torch.tensor(pairs, dtype=torch.float64, device=catalogue.columns.device).reshape(-1, 2).T
            bounds = spread(low), spread(high)
        counts = catalogue.labels.counts_of_tags()
        return TagFigures(spread(counts), spread(areas.roc_R), spread(areas.pr_R), bounds)


def name_of_group(group: str) -> str:
    """Return a group of tags as part of the names of figures: ``mood/theme`` becomes ``mood_theme``.

    Examples:
        >>> name_of_group("mood/theme")
        'mood_theme'
    """
    return group.replace("/", "_").replace(" ", "_")


def _mean_of(name: str, area_R: Tensor) -> dict[str, Tensor]:
    """Return the mean over the rankings with a value, if any, and the number of those without."""
    defined = ~torch.isnan(area_R)
    mean = {name: area_R[defined].mean()} if defined.any() else {}
    return {**mean, f"{name}_excluded": (~defined).sum()}


def _means(name: str, areas: Areas, member_R: Tensor | None = None) -> dict[str, Tensor]:
    roc_R, pr_R = areas if member_R is None else (areas.roc_R[member_R], areas.pr_R[member_R])
    return _mean_of(f"rocauc_{name}", roc_R) | _mean_of(f"prauc_{name}", pr_R)


def _bounds(name: str, drawn: Areas | None, member_T: Tensor) -> dict[str, Tensor]:
    if drawn is None:
        return {}
    roc = _interval_of(f"rocauc_{name}", drawn.roc_R[:, member_T].nanmean(dim=1))
    return roc | _interval_of(f"prauc_{name}", drawn.pr_R[:, member_T].nanmean(dim=1))


def _interval_of(name: str, value_R: Tensor) -> dict[str, Tensor]:
    low, high = interval(value_R)
    return {} if low.isnan() else {f"{name}_low": low, f"{name}_high": high}
