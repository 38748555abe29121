"""Invented listener reviews: words of a track's tags among words without information."""

from collections.abc import Sequence

import numpy as np

from mwe.tracks.demo.tag_words import TAGS

REVIEWS_PER_TRACK = 4
MENTIONS = (5, 9)
# Share of mentions that name the tag; the others use a word of it.
NAMED = 0.4
# Share of mentions of a random tag, since reviewers make mistakes.
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
    """Return the texts about every track, `REVIEWS_PER_TRACK` each.

    Args:
        labels: Tags of each track.
        seed: Seed of the mentioned tags and their wording.
    """
    rng = np.random.default_rng([seed, 4])
    names = list(TAGS)
    return [[_review(list(tags), names, rng) for _ in range(REVIEWS_PER_TRACK)] for tags in labels]


def _review(tags: list[str], names: list[str], rng: np.random.Generator) -> str:
    count = int(rng.integers(MENTIONS[0], MENTIONS[1] + 1))
    mentions = []
    for _ in range(count):
        tag = _pick(names if rng.random() < WRONG or not tags else tags, rng)
        mentions.append(tag if rng.random() < NAMED else _pick(TAGS[tag].words, rng))
    half = count // 2
    sentences = [_sentence(mentions[:half], rng), _pick(NOISE, rng), _sentence(mentions[half:], rng)]
    return " . ".join(sentences) + " ."


def _sentence(mentions: list[str], rng: np.random.Generator) -> str:
    words = [_pick(OPENINGS, rng), mentions[0]]
    for mention in mentions[1:]:
        words += [_pick(JOINTS, rng), mention]
    return " ".join(words)


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
