"""Word vectors of words, tags, artists and tracks: training, lookup, evaluation."""

from mwe.words.skipgram import train_skipgram
from mwe.words.skipgram_settings import SkipGramSettings
from mwe.words.vectors import Lookup, WordVectors

__all__ = ["Lookup", "SkipGramSettings", "WordVectors", "train_skipgram"]
