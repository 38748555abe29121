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
    """What a test found of every tag, (T,) each.

    Args:
        tracks: Tracks that have the tag, among those ranked.
        rocauc: Tag-wise ROC-AUC; NaN where there is none.
        prauc: Average precision; NaN where there is none.
        bounds: Lower and upper bound of the ROC-AUC, where the bootstrap was asked for.
    """

    tracks: Tensor
    rocauc: Tensor
    prauc: Tensor
    bounds: tuple[Tensor, Tensor] | None


class Assembled(NamedTuple):
    """The catalogue as the tasks take it; tags are those with a prototype.

    Args:
        tracks: (N, D) embeddings.
        tags: (T, D) prototypes.
        labels: Which of the tracks have which of the tags.
        ignored: Pairs that do not count.
        queries: Positions among the tracks of those that are tagged and queried by.
        columns: Number of each tag among all tags.
    """

    tracks: Tensor
    tags: Tensor
    labels: TagLabels
    ignored: TagLabels | None
    queries: Tensor
    columns: Tensor


class TrackRetrieval(CatalogueMetric):
    """All tasks on one catalogue of track embeddings.

    Before computing, ``prototypes`` must be set: one row of D numbers per tag. Tags without a prototype of their own
    (not ``usable``) take part in no task by tag and are counted. Results: ``rocauc_tag`` and ``prauc_tag``, the same
    over ``_seen`` and ``_unseen`` tags, over each group of tags (``rocauc_tag_genre``), and as
    ``rocauc_tag_unseen_control``; ``rocauc_clip`` and ``prauc_clip`` (all usable tags), ``recall_any@K``,
    ``recall_identical@K``, and of each task the number of rows excluded because they have nothing or everything to
    find. Where only some tracks are queries, query-by-tag ranks all tracks (generalized zero-shot retrieval) and, as
    ``_queries``, those alone.

    Args:
        label_NT: Boolean matrix, dense or sparse; row i belongs to the track with id i.
        unseen_T: Which tags were held back from training.
        usable_T: Which tags have a prototype.
        width: Dimensions D of the embedding.
        query_tracks: Whether query-by-track is computed (its work grows with the square of the queries).
        ignored_NT: Pairs of track and tag that count neither as right nor as wrong, such as those that the vectors
            were trained on when only held-out pairs are scored. Query-by-track goes by ``label_NT`` alone.
        groups: Group of each tag; empty where it has none.
        query_N: Which tracks are tagged and queried by; by default all.
        cosine: Whether embeddings and prototypes are compared by cosine, else by inner product.
        brief: Whether only what validation goes by is computed: ROC-AUC by tag and by clip over seen tags.
        draws: Draws of the bootstrap over tracks, for ``_low`` and ``_high`` bounds (95 %) of the figures; 0 for none.
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
        """Figures and counts by name; a figure that no row has a value for is left out."""
        if self.brief:
            return self._brief()
        given = self._assembled(self.usable_T)
        by_tag = query_by_tag(given.tracks, given.tags, given.labels, given.ignored)
        drawn = self._drawn_areas(given)
        self.by_tag = self._tag_figures(given, by_tag, drawn)
        found: dict[str, Tensor] = {}
        for suffix, member_T in self._parts(given.columns).items():
            found |= _means(f"tag{suffix}", by_tag, member_T) | _bounds(f"tag{suffix}", drawn, member_T)
        unseen = self.unseen_T[given.columns].nonzero().squeeze(1)
        if len(unseen):
            every = torch.arange(len(given.tracks), device=unseen.device)
            control = swapped_query_by_tag(given.tracks, given.tags[unseen], given.labels.select(every, unseen))
            found |= _mean_of("rocauc_tag_unseen_control", control)
        found["tags_without_vector"] = (~self.usable_T).sum()
        return found | self._of_queries(given)

    def _brief(self) -> dict[str, Tensor]:
        given = self._assembled(self.usable_T & ~self.unseen_T)
        by_tag = query_by_tag(given.tracks, given.tags, given.labels)
        by_clip = tagging(given.tracks, given.tags, given.labels)
        return _mean_of("rocauc_tag_seen", by_tag.roc_R) | _mean_of("rocauc_clip_seen", by_clip.roc_R)

    def _assembled(self, tag_T: Tensor) -> Assembled:
        """The catalogue of all processes with the tags that are asked for."""
        if self.prototypes is None:
            raise ValueError("set `prototypes`, one row per tag, before computing")
        ids_N, rows_ND = self.catalogue()
        # kept for pictures: after computing, the state is the process's own part again
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
        """Which tags each mean goes over, by the end of its name."""
        unseen_T = self.unseen_T[columns]
        parts = {"": torch.ones_like(unseen_T), "_seen": ~unseen_T}
        if unseen_T.any():
            parts["_unseen"] = unseen_T
        own = [self.groups[column] for column in columns.tolist()] if self.groups else []
        for group in sorted(set(own) - {""}):
            parts[f"_{name_of_group(group)}"] = torch.tensor([one == group for one in own], device=columns.device)
        return parts

    def _of_queries(self, given: Assembled) -> dict[str, Tensor]:
        """Tagging and query-by-track of the queries, and query-by-tag among them where they are not all tracks."""
        tags = torch.arange(len(given.columns), device=given.columns.device)
        tracks_ND = given.tracks[given.queries]
        labels = given.labels.select(given.queries, tags)
        ignored = None if given.ignored is None else given.ignored.select(given.queries, tags)
        found: dict[str, Tensor] = {}
        if len(given.queries) < len(given.tracks):
            among = query_by_tag(tracks_ND, given.tags, labels, ignored)
            for suffix, member_T in self._parts(given.columns).items():
                found |= _means(f"tag{suffix}_queries", among, member_T)
        by_clip = tagging(tracks_ND, given.tags, labels, ignored)
        found |= _means("clip", by_clip)
        counts = self._counts(len(given.queries))
        if counts is not None:
            found |= _interval_of("rocauc_clip", drawn_means(by_clip.roc_R, counts))
            found |= _interval_of("prauc_clip", drawn_means(by_clip.pr_R, counts))
        return found | self._recall(given, counts) if self.query_tracks else found

    def _recall(self, given: Assembled, counts: Tensor | None) -> dict[str, Tensor]:
        """Query-by-track among the queries, by all labels: it needs no prototypes."""
        assert self.computed is not None
        ids_N, rows_ND = self.computed
        every = torch.arange(self.labels.shape[1], device=ids_N.device)
        unit_ND = normalize(rows_ND[given.queries], dim=1)
        found: dict[str, Tensor] = {}
        for name, recall in recall_by_reading(unit_ND, self.labels.select(ids_N[given.queries], every)).items():
            found[f"recall_{name}_excluded"] = recall.excluded
            for place, k in enumerate(KS if recall.excluded < len(unit_ND) else ()):
                found[f"recall_{name}@{k}"] = recall.at[place]
                if counts is not None:
                    found |= _interval_of(f"recall_{name}@{k}", drawn_means(recall.each_NK[:, place], counts))
        return found

    def _counts(self, tracks: int) -> Tensor | None:
        return drawn_counts(tracks, self.draws, self.unseen_T.device) if self.draws and tracks else None

    def _drawn_areas(self, given: Assembled) -> Areas | None:
        counts = self._counts(len(given.tracks))
        if counts is None:
            return None

        def one(tag: int) -> tuple[Tensor, Tensor]:
            own = slice(tag, tag + 1)
            score_1N = tag_scores(given.tracks, given.tags, own, given.ignored)
            return score_1N[0], given.labels.of_tags(own)[0]

        return drawn_areas(one, len(given.tags), counts)

    def _tag_figures(self, given: Assembled, found: Areas, drawn: Areas | None) -> TagFigures:
        """The figures of every tag, those without a prototype included."""

        def spread(value_T: Tensor) -> Tensor:
            every = torch.full((len(self.usable_T),), torch.nan, dtype=torch.float64, device=value_T.device)
            return every.scatter(0, given.columns, value_T.double())

        bounds = None
        if drawn is not None:
            pairs = [interval(value_R) for value_R in drawn.roc_R.unbind(dim=1)]
            low, high = torch.tensor(pairs, dtype=torch.float64, device=given.columns.device).reshape(-1, 2).T
            bounds = spread(low), spread(high)
        counts = given.labels.counts_of_tags()
        return TagFigures(spread(counts), spread(found.roc_R), spread(found.pr_R), bounds)


def name_of_group(group: str) -> str:
    """A group of tags as a part of the names of figures: ``mood/theme`` becomes ``mood_theme``."""
    return group.replace("/", "_").replace(" ", "_")


def _mean_of(name: str, area_R: Tensor) -> dict[str, Tensor]:
    """Mean over the rankings that have a value, where any has, and the number of those that have none."""
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
