"""Rankings to compare with, one file each, behind one protocol."""

from collections.abc import Callable

from siamese_tags.baselines.base import Queries, Ranker
from siamese_tags.baselines.pca import PCARanker
from siamese_tags.baselines.popularity import PopularityRanker
from siamese_tags.baselines.random import RandomRanker

BASELINES: dict[str, Callable[[int], Ranker]] = {
    "random": RandomRanker,
    "popularity": lambda seed: PopularityRanker(),
    "pca": lambda seed: PCARanker(),
}

__all__ = ["BASELINES", "PCARanker", "PopularityRanker", "Queries", "RandomRanker", "Ranker"]
