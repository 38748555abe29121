"""Made-up listener reviews: words of the tags of a track among words that say nothing."""

from collections.abc import Sequence

import numpy as np

from mwe.tracks.demo.tags import TAGS

REVIEWS_PER_TRACK = 4
MENTIONS = (5, 9)
# Share of mentions that name the tag; the others use one of its words.
NAMED = 0.4
# Share of mentions that are about another track's tags, since reviewers err.
WRONG = 0.06
OPENINGS = (
    "i really like the",
    "a tune with",
    "you can hear",
    "what stays is the",
    "full of",
    "nice recording of",
    "they bring",
    "first thing to notice is",
    "this one has",
    "my friends heard",
    "the second half gives",
    "expect",
)
JOINTS = ("and", "with", "then", "also", "plus", "some", "lots of", "a bit of", "and again", "next to", "over")
NOISE = (
    "played it twice on the bus",
    "good track overall",
    "not bad at all",
    "my neighbour asked about it",
    "the sleeve is lovely",
    "bought it last week",
    "would listen again",
    "four stars from me",
    "the ending comes too soon",
    "reminds me of school",
    "on repeat since monday",
    "a find in the catalogue",
    "three minutes would be better",
    "found it by chance",
    "the price was fair",
    "somebody should write more about this",
)


def reviews(labels: Sequence[Sequence[str]], seed: int) -> list[list[str]]:
    """Texts about every track, `REVIEWS_PER_TRACK` each.

    Args:
        labels: Tags of each track.
        seed: Draws which tags are mentioned and how.
    """
    rng = np.random.default_rng([seed, 4])
    names = list(TAGS)
    return [[_review(list(own), names, rng) for _ in range(REVIEWS_PER_TRACK)] for own in labels]


def _review(own: list[str], names: list[str], rng: np.random.Generator) -> str:
    count = int(rng.integers(MENTIONS[0], MENTIONS[1] + 1))
    said = []
    for _ in range(count):
        tag = _pick(names if rng.random() < WRONG or not own else own, rng)
        said.append(tag if rng.random() < NAMED else _pick(TAGS[tag].words, rng))
    half = count // 2
    sentences = [_sentence(said[:half], rng), _pick(NOISE, rng), _sentence(said[half:], rng)]
    return " . ".join(sentences) + " ."


def _sentence(said: list[str], rng: np.random.Generator) -> str:
    words = [_pick(OPENINGS, rng), said[0]]
    for mention in said[1:]:
        words += [_pick(JOINTS, rng), mention]
    return " ".join(words)


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
