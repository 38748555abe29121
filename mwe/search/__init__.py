"""Libraries of tracks in the joint space: indexed once, and searched by words, tags, artists, tracks and audio.

This package imports only what searches. ``mwe.search.index``, which needs Lightning, is imported where it is used.
"""

from mwe.search.filters import Filters
from mwe.search.grammar import QueryError
from mwe.search.library import Library

__all__ = ["Filters", "Library", "QueryError"]
