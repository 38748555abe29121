"""Text for the word vectors: one training file of whitespace-separated lowercase tokens."""

from mwe.corpora.corpus_parts import CorpusStatistics
from mwe.corpora.heldout import held_out_path, hold_out, read_held_out
from mwe.corpora.mixture import source_statistics, write_corpus
from mwe.corpora.paragraphs import CorpusSettings
from mwe.corpora.plain_text import Brown, PlainText, WikiText
from mwe.corpora.reviews import AlbumReviews, AmazonReviews, KeyedTexts, MusicCaps, ReviewSource, SongDescriber
from mwe.corpora.source import TextSource
from mwe.corpora.wikipedia import Wikipedia

__all__ = [
    "AlbumReviews",
    "AmazonReviews",
    "Brown",
    "CorpusSettings",
    "CorpusStatistics",
    "KeyedTexts",
    "MusicCaps",
    "PlainText",
    "ReviewSource",
    "SongDescriber",
    "TextSource",
    "WikiText",
    "Wikipedia",
    "held_out_path",
    "hold_out",
    "read_held_out",
    "source_statistics",
    "write_corpus",
]
