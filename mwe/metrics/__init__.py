"""Exact ranking metrics: pure batched functions under a catalogue metric."""

from mwe.metrics.functional import (
    Areas,
    TrackRecall,
    areas_by_row,
    binary_areas,
    ndcg,
    query_by_track,
)
from mwe.metrics.labels import TagLabels
from mwe.metrics.paired import PairedRecall, drawn_medians, paired_recall
from mwe.metrics.retrieval import TagFigures, TrackRetrieval, name_of_group
from mwe.metrics.tagrank import TagRank, tag_rank
from mwe.metrics.tasks import query_by_tag, recall_by_reading, tagging

__all__ = [
    "Areas",
    "PairedRecall",
    "TagFigures",
    "TagLabels",
    "TagRank",
    "TrackRecall",
    "TrackRetrieval",
    "areas_by_row",
    "binary_areas",
    "drawn_medians",
    "name_of_group",
    "ndcg",
    "paired_recall",
    "query_by_tag",
    "query_by_track",
    "recall_by_reading",
    "tag_rank",
    "tagging",
]
