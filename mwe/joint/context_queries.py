"""Queries of a tag in a context: rank them in several ways and measure each query.

Shape suffixes: N tracks, Q queries, D dimensions, X tags of a query.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor
from torch.nn.functional import normalize

from mwe.core.files import atomic_write
from mwe.joint.contextual import TrackQuery, has_all, shares
from mwe.metrics.functional import binary_areas, ndcg
from mwe.tracks import TrackTags
from mwe.words.context_vectors import Pair

FILE = "context.parquet"
FIGURES = ("ap", "auc", "ndcg")
Prototypes = Callable[[Sequence[Pair]], Tensor]
"""Returns the rows (Q, D) of pairs in the joint space."""


class Ways(NamedTuple):
    """Scores of all tracks by each way of asking, (Q, N).

    Attributes:
        alone: By the tag alone.
        mean: By the mean of the separate vectors of tag and context.
        sum: By the sum of the similarities to each, in standard deviations over the tracks.
        context: By the tag in its context; None for a model that was not trained on tags in context.
    """

    alone: Tensor
    mean: Tensor
    sum: Tensor
    context: Tensor | None


class Measured(NamedTuple):
    """Figures of every query.

    Attributes:
        queries: Queries with at least one relevant and one irrelevant track.
        relevant: Number of relevant tracks of each query: those with all of its tags.
        figures: For each way, (Q, 3) in the order of ``FIGURES``: average precision and ROC-AUC of the relevant
            tracks, and nDCG@30 with the share of the query's tags that a track has as its gain.
        excluded: Number of queries left out.
    """

    queries: list[TrackQuery]
    relevant: Tensor
    figures: dict[str, Tensor]
    excluded: int

    def means(self) -> dict[str, Tensor]:
        """Return the means over the queries, named ``context_FIGURE_WAY``."""
        return {
            f"context_{name}_{way}": figures_Q3[:, column].mean()
            for way, figures_Q3 in self.figures.items()
            for column, name in enumerate(FIGURES)
        } | {"context_queries": torch.tensor(len(self.queries)), "context_excluded": torch.tensor(self.excluded)}

    def write(self, run: Path, tracks: TrackTags) -> None:
        """Write ``context.parquet``: one row per query and way, with the track and artist of the query."""
        units = [tracks.artist_ids[query.track] or tracks.track_ids[query.track] for query in self.queries]
        columns: dict[str, list[Any]] = {name: [] for name in ("unit", "track_id", "tag", "context", "way", *FIGURES)}
        for way, figures_Q3 in self.figures.items():
            columns["unit"] += units
            columns["track_id"] += [tracks.track_ids[query.track] for query in self.queries]
            columns["tag"] += [query.pair.tag for query in self.queries]
            columns["context"] += ["|".join(query.pair.context) for query in self.queries]
            columns["way"] += [way] * len(self.queries)
            for name, value in zip(FIGURES, figures_Q3.T.tolist(), strict=True):
                columns[name] += value
        with atomic_write(run / FILE) as temporary:
            pq.write_table(pa.table(columns), temporary)


def measure(
    tracks: TrackTags,
    ids_N: Tensor,
    row_ND: Tensor,
    queries: list[TrackQuery],
    alone: Prototypes,
    both: Prototypes | None,
) -> Measured:
    """Rank tracks by every query in every way, and measure the rankings.

    Args:
        tracks: The collection.
        ids_N: Positions in the collection of the tracks to rank.
        row_ND: Rows of these tracks in the joint space.
        queries: Queries.
        alone: Prototypes of pairs without a context.
        both: Prototypes of pairs, for a model that was trained on tags in context.
    """
    positions = ids_N.tolist()
    pairs = [query.pair for query in queries]
    relevant_QN = torch.from_numpy(has_all(tracks, pairs)[positions].toarray().T).to(row_ND.device)
    gain_QN = torch.from_numpy(shares(tracks, pairs)[positions].toarray().T).to(row_ND.device)
    count_Q = relevant_QN.sum(dim=1)
    usable_Q = (count_Q > 0) & (count_Q < len(positions))
    usable = [query for query, is_usable in zip(queries, usable_Q.tolist(), strict=True) if is_usable]
    if not usable:
        return Measured([], count_Q[usable_Q], {}, len(queries))
    ways = rank(normalize(row_ND.float(), dim=1), [query.pair for query in usable], alone, both)
    figures = {
        way: _figures(score_QN, relevant_QN[usable_Q], gain_QN[usable_Q])
        for way, score_QN in ways._asdict().items()
        if score_QN is not None
    }
    return Measured(usable, count_Q[usable_Q], figures, len(queries) - len(usable))


def rank(unit_ND: Tensor, pairs: Sequence[Pair], alone: Prototypes, both: Prototypes | None) -> Ways:
    """Score tracks by each way of asking."""
    tags = sorted({tag for pair in pairs for tag in (pair.tag, *pair.context)})
    row = {tag: index for index, tag in enumerate(tags)}
    longest = max(1 + len(pair.context) for pair in pairs)
    # the tags of each query side by side, padded with tag 0 at weight 0
    column_QX = np.array(
        [[row[tag] for tag in (p.tag, *p.context)] + [0] * (longest - 1 - len(p.context)) for p in pairs]
    )
    weight_QX = np.array([[1.0] * (1 + len(p.context)) + [0.0] * (longest - 1 - len(p.context)) for p in pairs])
    column, weight = torch.from_numpy(column_QX).to(unit_ND.device), torch.from_numpy(weight_QX).to(unit_ND)
    tag_TD = alone([Pair(tag) for tag in tags]).float()
    score_TN = normalize(tag_TD, dim=1) @ unit_ND.T
    standard_TN = (score_TN - score_TN.mean(dim=1, keepdim=True)) / score_TN.std(dim=1, keepdim=True).clamp(min=1e-6)
    mean_QD = (tag_TD[column] * weight[..., None]).sum(dim=1)
    return Ways(
        score_TN[column[:, 0]],
        normalize(mean_QD, dim=1) @ unit_ND.T,
        (standard_TN[column] * weight[..., None]).sum(dim=1),
        normalize(both(pairs).float(), dim=1) @ unit_ND.T if both else None,
    )


def _figures(score_QN: Tensor, relevant_QN: Tensor, gain_QN: Tensor) -> Tensor:
    areas = binary_areas(score_QN, relevant_QN)
    return torch.stack([areas.pr_R, areas.roc_R, ndcg(score_QN, gain_QN)], dim=1)
