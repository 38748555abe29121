"""Baseline rankings with a common protocol, one file each."""

from siamese_tags.baselines.baseline import Queries, Ranker
from siamese_tags.baselines.pca import PCARanker
from siamese_tags.baselines.popularity import PopularityRanker
from siamese_tags.baselines.random import RandomRanker
from siamese_tags.baselines.registry import BASELINES, build, settings_of

__all__ = [
    "BASELINES",
    "PCARanker",
    "PopularityRanker",
    "Queries",
    "RandomRanker",
    "Ranker",
    "build",
    "settings_of",
]
