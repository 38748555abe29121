"""Exact ranking metrics: pure batched functions under a catalogue metric."""

from mwe.metrics.functional import TrackRecall, binary_roc_auc, ndcg, query_by_track, roc_auc_by_row
from mwe.metrics.retrieval import TrackRetrieval, query_by_tag, recall_by_reading, tagging
from mwe.metrics.tagrank import TagRank, tag_rank

__all__ = [
    "TagRank",
    "TrackRecall",
    "TrackRetrieval",
    "binary_roc_auc",
    "ndcg",
    "query_by_tag",
    "query_by_track",
    "recall_by_reading",
    "roc_auc_by_row",
    "tag_rank",
    "tagging",
]
