"""Words that a vocabulary lacks: other spellings, inflections, and approximate vectors by subwords."""

import numpy as np
import pytest

from mwe.words import WordVectors
from mwe.words.approximation import LEAST, Approximator
from mwe.words.english import EnglishWords
from mwe.words.spelling_variants import SpellingVariants


def test_left_out_words_are_found_again(syllable_words):
    """Vectors that are the sum of their syllables are learnt, and a control with exchanged vectors is not."""
    left_out = syllable_words.tokens[::25]
    english = EnglishWords.load()
    approximator = Approximator(syllable_words, english, left_out)
    assert not set(left_out) & set(approximator.tokens)
    true_ND = approximator.known_directions(syllable_words, left_out)
    assert (approximator.directions(left_out) * true_ND).sum(axis=1).mean() > 0.9
    order = np.random.default_rng(0).permutation(len(syllable_words))
    exchanged = WordVectors(syllable_words.tokens, syllable_words.vectors[order])
    control = Approximator(exchanged, english, left_out)
    assert abs((control.directions(left_out) * true_ND).sum(axis=1).mean()) < 0.15


def test_a_vector_is_as_long_as_others_and_the_same_every_time(syllable_words):
    english = EnglishWords.load()
    first, again = (Approximator(syllable_words, english)("tasalamo") for _ in range(2))
    np.testing.assert_array_equal(first.vector_D, again.vector_D)
    length = np.median(np.linalg.norm(syllable_words.vectors, axis=1))
    assert np.linalg.norm(first.vector_D) == pytest.approx(length, rel=1e-5)
    assert len(first.near) == 3
    assert all(near in syllable_words for near in first.near)


def test_few_words_teach_nothing(syllable_words):
    few = WordVectors(syllable_words.tokens[:100], syllable_words.vectors[:100])
    with pytest.raises(ValueError, match=f"100 plain words, expected {LEAST:,} or more"):
        Approximator(few, EnglishWords.load())


@pytest.mark.parametrize(
    ("word", "token"),
    [
        ("color", "colour"),
        ("cosy", "cozy"),
        ("traveling", "travelling"),
        ("theater", "theatre"),
        ("pianos", "piano"),
        ("calmly", None),  # another stem
        ("calming", "calm"),
        ("universities", "university"),
        ("hiphop", "hip_hop"),
        ("night's", "night"),
        ("niche", None),
        ("pia", None),
        ("--", None),
    ],
)
def test_a_variant_is_read_as_the_known_word(word, token):
    tokens = ["colour", "cozy", "travelling", "theatre", "piano", "calm", "universe", "university", "hip_hop", "night"]
    kinds = ["word"] * 8 + ["tag", "word"]
    words = WordVectors([*tokens, "track:niche"], np.eye(11, dtype=np.float32), [*kinds, "track"])
    assert SpellingVariants(words)(word) == token
