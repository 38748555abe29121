"""Word vectors of words, tags, artists and tracks: training, lookup, evaluation."""

from typing import TYPE_CHECKING

from mwe.core.offered import offered_by

if TYPE_CHECKING:
    from mwe.words.skipgram import train_skipgram
    from mwe.words.skipgram_settings import SkipGramSettings
    from mwe.words.vectors import Lookup, WordVectors

__all__ = ["Lookup", "SkipGramSettings", "WordVectors", "train_skipgram"]

# queries need the vectors and not what trains them
__getattr__ = offered_by(
    __name__,
    {
        "mwe.words.skipgram": ("train_skipgram",),
        "mwe.words.skipgram_settings": ("SkipGramSettings",),
        "mwe.words.vectors": ("Lookup", "WordVectors"),
    },
)
