"""Musical keys in the spellings that taggers and mixing programs write: ``Am``, ``A minor``, ``8A``, ``1m``."""

import re

_PITCHES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}
_MINOR = ("m", "min", "minor", "moll")
_NAMED = re.compile(r"([A-Ga-g])([#♯b♭]?)\s*-?\s*(m|M|min|minor|moll|maj|major|dur)?", re.IGNORECASE)
_WHEEL = re.compile(r"0?([1-9]|1[0-2])\s*([ABdmabDM])")
_FIFTH, _TO_RELATIVE = 7, 9
_CAMELOT_C, _OPEN_C = 8, 1  # number of C major on either wheel


def key_of(text: str) -> tuple[int, bool] | None:
    """Return the pitch class of a key, 0 for C to 11 for B, and whether it is minor; None if it is not a key.

    Args:
        text: The key by name, on Camelot's wheel (``8A``) or as an Open Key (``1m``).

    Examples:
        >>> key_of("Am"), key_of("A minor"), key_of("8A"), key_of("1m")
        ((9, True), (9, True), (9, True), (9, True))
        >>> key_of("Bb"), key_of("A♯ major"), key_of("atonal")
        ((10, False), (10, False), None)
    """
    text = text.strip()
    if wheel := _WHEEL.fullmatch(text):
        letter = wheel[2].lower()
        first = _CAMELOT_C if letter in "ab" else _OPEN_C
        major, minor = (int(wheel[1]) - first) * _FIFTH % 12, letter in "am"
        return (major + _TO_RELATIVE) % 12 if minor else major, minor
    if named := _NAMED.fullmatch(text):
        mode = named[3] or ""
        minor = mode != "M" and mode.lower() in _MINOR
        return (_PITCHES[named[1].lower()] + _ACCIDENTALS[named[2].lower()]) % 12, minor
    return None
