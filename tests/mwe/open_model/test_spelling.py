"""Spellings of tags."""

from collections import Counter

import pytest

from mwe.core.tokens import tag_key
from mwe.open_model.spelling import TagSpelling


@pytest.fixture
def spelling():
    tags = {
        "deephouse": 9,
        "deep": 5,
        "house": 7,
        "Hip-Hop": 3,
        "hip hop": 4,
        "hiphop": 90,
        "soundscape": 2,
        "drumnbass": 4,
    }
    return TagSpelling(tags, Counter({"soundscape": 3, "sounds": 9, "cape": 9, "bass": 9}))


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("deephouse", "deep house"),  # never spelt apart, but of two tags
        ("Hip-Hop", "hip hop"),
        ("HIPHOP", "hip hop"),  # spelt apart somewhere, though seldom
        ("soundscape", "soundscape"),  # a word of texts stays one
        ("drumnbass", "drumnbass"),  # no two known words
        ("New Thing", "new thing"),  # unknown
    ],
)
def test_spelling(spelling, tag, expected):
    assert spelling(tag) == expected


def test_keys_are_letters_and_digits():
    assert tag_key("R&B ") == tag_key("r b") == "rb"
    assert tag_key("...") == ""
