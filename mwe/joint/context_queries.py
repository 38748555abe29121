"""Queries of a tag in a context, ranked in several ways and measured query by query.

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
from mwe.words.context import Pair

FILE = "context.parquet"
FIGURES = ("ap", "auc", "ndcg")
Prototypes = Callable[[Sequence[Pair]], Tensor]
"""Gives the rows (Q, D) of pairs in the joint space."""


class Ways(NamedTuple):
    """Scores of all tracks by each way to ask, (Q, N).

    Attributes:
        alone: By the tag alone.
        mean: By the mean of the vectors of tag and context, each taken alone.
        sum: By the sum of the likenesses to each, in standard deviations over the tracks.
        context: By the tag in its context; nothing for a model that was not trained by tags in context.
    """

    alone: Tensor
    mean: Tensor
    sum: Tensor
    context: Tensor | None


class Measured(NamedTuple):
    """Figures of every query.

    Attributes:
        queries: The queries that have something to find and something not to.
        relevant: Number of tracks that have all tags of each.
        figures: By way, (Q, 3) in the order of ``FIGURES``: average precision and ROC-AUC of the tracks that have all
            tags, nDCG@30 by the share of the tags that a track has.
        excluded: Number of queries that all tracks answer.
    """

    queries: list[TrackQuery]
    relevant: Tensor
    figures: dict[str, Tensor]
    excluded: int

    def means(self) -> dict[str, Tensor]:
        """Mean over the queries, by ``context_`` figure and way."""
        return {
            f"context_{name}_{way}": found[:, place].mean()
            for way, found in self.figures.items()
            for place, name in enumerate(FIGURES)
        } | {"context_queries": torch.tensor(len(self.queries)), "context_excluded": torch.tensor(self.excluded)}

    def write(self, run: Path, tracks: TrackTags) -> None:
        """Write ``context.parquet``: a row a query and way, with what the query was drawn from."""
        units = [tracks.artist_ids[one.track] or tracks.track_ids[one.track] for one in self.queries]
        columns: dict[str, list[Any]] = {name: [] for name in ("unit", "track_id", "tag", "context", "way", *FIGURES)}
        for way, found in self.figures.items():
            columns["unit"] += units
            columns["track_id"] += [tracks.track_ids[one.track] for one in self.queries]
            columns["tag"] += [one.pair.tag for one in self.queries]
            columns["context"] += ["|".join(one.pair.context) for one in self.queries]
            columns["way"] += [way] * len(self.queries)
            for name, value in zip(FIGURES, found.T.tolist(), strict=True):
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
    """Rank tracks by every query in every way.

    Args:
        tracks: The collection.
        ids_N: Positions in it of the tracks that are ranked.
        row_ND: Their rows in the joint space.
        queries: Queries.
        alone: Prototypes of pairs without a context.
        both: Prototypes of pairs, for a model that was trained by tags in context.
    """
    places = ids_N.tolist()
    pairs = [one.pair for one in queries]
    relevant_QN = torch.from_numpy(has_all(tracks, pairs)[places].toarray().T).to(row_ND.device)
    gain_QN = torch.from_numpy(shares(tracks, pairs)[places].toarray().T).to(row_ND.device)
    count_Q = relevant_QN.sum(dim=1)
    asked_Q = (count_Q > 0) & (count_Q < len(places))
    kept = [one for one, asked in zip(queries, asked_Q.tolist(), strict=True) if asked]
    if not kept:
        return Measured([], count_Q[asked_Q], {}, len(queries))
    ways = rank(normalize(row_ND.float(), dim=1), [one.pair for one in kept], alone, both)
    figures = {
        way: _figures(score_QN, relevant_QN[asked_Q], gain_QN[asked_Q])
        for way, score_QN in ways._asdict().items()
        if score_QN is not None
    }
    return Measured(kept, count_Q[asked_Q], figures, len(queries) - len(kept))


def rank(unit_ND: Tensor, pairs: Sequence[Pair], alone: Prototypes, both: Prototypes | None) -> Ways:
    """Scores of tracks by each way to ask."""
    tags = sorted({tag for pair in pairs for tag in (pair.tag, *pair.context)})
    row = {tag: place for place, tag in enumerate(tags)}
    longest = max(1 + len(pair.context) for pair in pairs)
    # the tags of each query side by side, filled up with the first, which weighs nothing there
    place_QX = np.array(
        [[row[tag] for tag in (p.tag, *p.context)] + [0] * (longest - 1 - len(p.context)) for p in pairs]
    )
    weight_QX = np.array([[1.0] * (1 + len(p.context)) + [0.0] * (longest - 1 - len(p.context)) for p in pairs])
    place, weight = torch.from_numpy(place_QX).to(unit_ND.device), torch.from_numpy(weight_QX).to(unit_ND)
    tag_TD = alone([Pair(tag) for tag in tags]).float()
    score_TN = normalize(tag_TD, dim=1) @ unit_ND.T
    standard_TN = (score_TN - score_TN.mean(dim=1, keepdim=True)) / score_TN.std(dim=1, keepdim=True).clamp(min=1e-6)
    mean_QD = (tag_TD[place] * weight[..., None]).sum(dim=1)
    return Ways(
        score_TN[place[:, 0]],
        normalize(mean_QD, dim=1) @ unit_ND.T,
        (standard_TN[place] * weight[..., None]).sum(dim=1),
        normalize(both(pairs).float(), dim=1) @ unit_ND.T if both else None,
    )


def _figures(score_QN: Tensor, relevant_QN: Tensor, gain_QN: Tensor) -> Tensor:
    areas = binary_areas(score_QN, relevant_QN)
    return torch.stack([areas.pr_R, areas.roc_R, ndcg(score_QN, gain_QN)], dim=1)
