"""Libraries of tracks in the joint space: indexed once, searched by words, tags, artists, tracks and audio.

What searches is imported here; what indexes (``mwe.search.index``) needs Lightning and is imported where it is used.
"""

from mwe.search.grammar import QueryError
from mwe.search.library import Library
from mwe.search.stored import Filters

__all__ = ["Filters", "Library", "QueryError"]
