"""How words, tags, artists and tracks are spelt in a corpus.

Tags become one token each. Artist and track IDs carry a prefix, so that an artist called "Air" never meets the word.
"""

ARTIST_PREFIX = "artist:"
TRACK_PREFIX = "track:"


def text_tokens(text: str) -> list[str]:
    """Lowercase whitespace tokens of running text (section IV-A)."""
    return text.lower().split()


def tag_token(tag: str) -> str:
    """One token for a tag: ``Deep House`` becomes ``deep_house``."""
    return "_".join(tag.lower().split())


def artist_token(artist_id: str) -> str:
    """Token of an artist ID; inner white space is joined."""
    return ARTIST_PREFIX + "_".join(artist_id.lower().split())


def track_token(track_id: str) -> str:
    """Token of a track ID; inner white space is joined."""
    return TRACK_PREFIX + "_".join(track_id.lower().split())
