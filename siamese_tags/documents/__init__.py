"""Tag documents: the tags of one track each, from several collections, their folds, and tags out of vocabulary."""

from siamese_tags.documents.base import Collection, OOVDocuments, TagDocuments
from siamese_tags.documents.cal10k import Cal10k
from siamese_tags.documents.cal500 import Cal500
from siamese_tags.documents.folds import Fold, folds
from siamese_tags.documents.jamendo import Jamendo
from siamese_tags.documents.magnatagatune import MagnaSongs
from siamese_tags.documents.magtag5k import MagTag5k
from siamese_tags.documents.reserved import Reserved
from siamese_tags.documents.tsv import TsvDocuments

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
    "TsvDocuments",
    "folds",
]
