"""Tag documents: the tags of one track each, from several collections, and their cross-validation folds."""

from siamese_tags.documents.base import Collection, TagDocuments
from siamese_tags.documents.cal10k import Cal10k
from siamese_tags.documents.cal500 import Cal500
from siamese_tags.documents.folds import Fold, folds
from siamese_tags.documents.jamendo import Jamendo
from siamese_tags.documents.tsv import TsvDocuments

__all__ = ["Cal10k", "Cal500", "Collection", "Fold", "Jamendo", "TagDocuments", "TsvDocuments", "folds"]
