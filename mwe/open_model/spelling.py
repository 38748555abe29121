"""One spelling for the same tag of several collections: ``acidjazz``, ``Acid-Jazz`` and ``acid jazz``."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from mwe.core.tokens import tag_key

SHORTEST_PART, SHORTEST_WHOLE = 3, 8  # letters of the words that a tag is cut into, and of a tag that may be cut
COMMON = 3  # times that a word must occur in texts, for itself or as a part


def plain_tag(tag: str) -> str:
    """Return a tag in lower case with single spaces for punctuation.

    Examples:
        >>> plain_tag("Hip-Hop")
        'hip hop'
    """
    return " ".join("".join(sign if sign.isalnum() or sign in "'&" else " " for sign in tag.lower()).split())


class TagSpelling:
    """Chooses a spelling for every tag.

    The most frequent one with spaces counts. A tag that is never spelt with spaces and that no text has as a word is
    cut into two known words, if there are such: ``deephouse`` becomes ``deep house``.

    Args:
        tags: How often each tag is used, as its collections spell it.
        words: How often each word occurs in texts.

    Examples:
        >>> tags = Counter({"acidjazz": 5, "Acid Jazz": 1, "darkambient": 4, "dark": 9, "ambient": 7, "accordion": 2})
        >>> spelling = TagSpelling(tags, Counter({"accordion": 3}))
        >>> [spelling(tag) for tag in ("acidjazz", "darkambient", "accordion")]
        ['acid jazz', 'dark ambient', 'accordion']
        >>> spelling.variants()
        {'acidjazz': 'acid jazz', 'darkambient': 'dark ambient'}
    """

    def __init__(self, tags: Mapping[str, int], words: Mapping[str, int]) -> None:
        self._words = Counter(words)
        spelt: dict[str, Counter[str]] = defaultdict(Counter)
        for tag, count in tags.items():
            spelt[tag_key(tag)][plain_tag(tag)] += count
            if " " in plain_tag(tag) or len(tag) < SHORTEST_WHOLE:
                self._words.update({word: count for word in plain_tag(tag).split()})
        self._texts = words
        self._ways = spelt
        self.spelling = {key: self._choose(ways) for key, ways in spelt.items() if key}

    def __call__(self, tag: str) -> str:
        """Return the spelling of a tag; of an unknown one its own."""
        return self.spelling.get(tag_key(tag), plain_tag(tag))

    def variants(self) -> dict[str, str]:
        """Return the other spellings that collections have, each with the one that was chosen."""
        return {
            way: self.spelling[key]
            for key, ways in self._ways.items()
            if key
            for way in ways
            if way != self.spelling[key]
        }

    def _choose(self, ways: Counter[str]) -> str:
        spaced = {way: count for way, count in ways.items() if " " in way}
        if spaced:
            return max(sorted(spaced), key=lambda way: spaced[way])
        whole = min(ways, key=lambda way: (-ways[way], way))
        if len(whole) < SHORTEST_WHOLE or self._texts.get(whole, 0) >= COMMON:
            return whole
        cuts = [(whole[:at], whole[at:]) for at in range(SHORTEST_PART, len(whole) - SHORTEST_PART + 1)]
        known = [(first, last) for first, last in cuts if min(self._words[first], self._words[last]) >= COMMON]
        if not known:
            return whole
        return " ".join(max(known, key=lambda parts: min(self._words[part] for part in parts)))
