"""Tag documents: the tags of one track each, from several collections; their folds, and out-of-vocabulary tags."""

from siamese_tags.documents.collections import (
    Cal10k,
    Cal500,
    Collection,
    Jamendo,
    MagnaSongs,
    MagTag5k,
    TrackDocuments,
    TsvDocuments,
)
from siamese_tags.documents.folds import Fold, folds
from siamese_tags.documents.reserved import Reserved
from siamese_tags.documents.tag_documents import OOVDocuments, TagDocuments

__all__ = [
    "Cal10k",
    "Cal500",
    "Collection",
    "Fold",
    "Jamendo",
    "MagTag5k",
    "MagnaSongs",
    "OOVDocuments",
    "Reserved",
    "TagDocuments",
    "TrackDocuments",
    "TsvDocuments",
    "folds",
]
