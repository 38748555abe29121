"""How words, tags, artists and tracks are spelt in a corpus.

Tags become one token each. Artist and track IDs carry a prefix, so that an artist called "Air" never meets the word.
"""

ARTIST_PREFIX = "artist:"
TRACK_PREFIX = "track:"
PREFIXES = (ARTIST_PREFIX, TRACK_PREFIX)


def text_tokens(text: str) -> list[str]:
    """Lowercase whitespace tokens of running text (section IV-A); none of them is spelt like an ID."""
    lowered = text.lower()
    tokens = lowered.split()
    if ARTIST_PREFIX in lowered or TRACK_PREFIX in lowered:
        return [part for token in tokens for part in _unlike_ids(token)]
    return tokens


def tag_token(tag: str) -> str:
    """One token for a tag: ``Deep House`` becomes ``deep_house``. Case, and ``_`` for a space, make no difference."""
    return "_".join(tag_words(tag))


def tag_words(tag: str) -> list[str]:
    """The plain words of a tag: ``Deep House`` has ``deep`` and ``house``."""
    return text_tokens(tag.replace("_", " "))


def tag_of_token(token: str) -> str:
    """The tag that a token stands for, in lower case: ``deep_house`` is ``deep house``; undoes ``tag_token``."""
    return token.replace("_", " ")


def artist_token(artist_id: str) -> str:
    """Token of an artist ID; inner white space is joined."""
    return ARTIST_PREFIX + "_".join(artist_id.lower().split())


def track_token(track_id: str) -> str:
    """Token of a track ID; inner white space is joined."""
    return TRACK_PREFIX + "_".join(track_id.lower().split())


def kind_of_id(token: str) -> str | None:
    """``artist`` or ``track`` where a token is spelt like an ID."""
    return "artist" if token.startswith(ARTIST_PREFIX) else "track" if token.startswith(TRACK_PREFIX) else None


def _unlike_ids(token: str) -> list[str]:
    """A word such as ``track:`` falls into ``track`` and what follows the colon."""
    if not token.startswith(PREFIXES):
        return [token]
    word, _, rest = token.partition(":")
    return [word, *(_unlike_ids(rest) if rest else ())]
