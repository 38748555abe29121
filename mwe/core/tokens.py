"""Spelling of words, tags, artists and tracks in a corpus.

Each tag becomes one token. Artist and track IDs have a prefix, so that an artist called "Air" differs from the word.
"""

ARTIST_PREFIX = "artist:"
TRACK_PREFIX = "track:"
PREFIXES = (ARTIST_PREFIX, TRACK_PREFIX)


def text_tokens(text: str) -> list[str]:
    """Split running text into lowercase whitespace tokens (section IV-A). No token is spelt like an ID.

    Examples:
        >>> text_tokens("A Calm piano piece")
        ['a', 'calm', 'piano', 'piece']
    """
    lowered = text.lower()
    tokens = lowered.split()
    if ARTIST_PREFIX in lowered or TRACK_PREFIX in lowered:
        return [part for token in tokens for part in _unlike_ids(token)]
    return tokens


def tag_token(tag: str) -> str:
    """Return the token of a tag: ``Deep House`` becomes ``deep_house``. Case and ``_`` for a space do not matter.

    Examples:
        >>> tag_token("Deep House"), tag_token("deep_house")
        ('deep_house', 'deep_house')
    """
    return "_".join(tag_words(tag))


def tag_words(tag: str) -> list[str]:
    """Return the words of a tag: ``Deep House`` has ``deep`` and ``house``.

    Examples:
        >>> tag_words("Deep House")
        ['deep', 'house']
    """
    return text_tokens(tag.replace("_", " "))


def tag_of_token(token: str) -> str:
    """Return the tag of a token, in lower case: ``deep_house`` becomes ``deep house``. The inverse of ``tag_token``.

    Examples:
        >>> tag_of_token("deep_house")
        'deep house'
    """
    return token.replace("_", " ")


def tag_key(tag: str) -> str:
    """Return the letters and digits of a tag in lower case, by which its spellings are known to be one.

    Examples:
        >>> tag_key("Acid-Jazz") == tag_key("acidjazz")
        True
    """
    return "".join(sign for sign in tag.lower() if sign.isalnum())


def artist_token(artist_id: str) -> str:
    """Return the token of an artist ID; white space becomes ``_``.

    Examples:
        >>> artist_token("Nina Simone")
        'artist:nina_simone'
    """
    return ARTIST_PREFIX + "_".join(artist_id.lower().split())


def track_token(track_id: str) -> str:
    """Return the token of a track ID; white space becomes ``_``."""
    return TRACK_PREFIX + "_".join(track_id.lower().split())


def kind_of_id(token: str) -> str | None:
    """Return ``artist`` or ``track`` if a token is spelt like an ID, else None.

    Examples:
        >>> [kind_of_id(token) for token in ("artist:air", "track:42", "air")]
        ['artist', 'track', None]
    """
    return "artist" if token.startswith(ARTIST_PREFIX) else "track" if token.startswith(TRACK_PREFIX) else None


def _unlike_ids(token: str) -> list[str]:
    """Split a word such as ``track:air`` into ``track`` and the rest."""
    if not token.startswith(PREFIXES):
        return [token]
    word, _, rest = token.partition(":")
    return [word, *(_unlike_ids(rest) if rest else ())]
