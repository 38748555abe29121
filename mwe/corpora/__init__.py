"""Text for the word vectors: one training file of whitespace-separated lowercase tokens."""

from mwe.corpora.paragraphs import CorpusSettings, CorpusStatistics, write_corpus
from mwe.corpora.tokens import artist_token, tag_token, text_tokens, track_token

__all__ = [
    "CorpusSettings",
    "CorpusStatistics",
    "artist_token",
    "tag_token",
    "text_tokens",
    "track_token",
    "write_corpus",
]
