"""Word vectors of words, tags, artists and tracks: training, lookup, evaluation."""

from mwe.words.skipgram import SkipGramSettings, train_skipgram
from mwe.words.vectors import Lookup, WordVectors

__all__ = ["Lookup", "SkipGramSettings", "WordVectors", "train_skipgram"]
