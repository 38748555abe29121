"""Queries with words that the vocabulary lacks, on words made of syllables and on the open model."""

import json

import numpy as np
import pytest

from mwe.core.errors import UnknownNameError
from mwe.joint.pretrained import PACKAGED
from mwe.page.markup import answer_html
from mwe.search.query_meaning import meaning_of_words
from mwe.search.unknown_words import UnknownWords
from mwe.words import WordVectors
from mwe.words.approximation import Approximator
from mwe.words.english import EnglishWords, english_folder


@pytest.fixture
def library(library_of, syllable_words, rng):
    matrix_ND = rng.standard_normal((20, syllable_words.dim))
    matrix_ND /= np.linalg.norm(matrix_ND, axis=1, keepdims=True)
    vectors = dict(zip(syllable_words.tokens, syllable_words.vectors.tolist(), strict=True))
    return library_of(matrix_ND, ["a"] * 20, None, vectors)


def test_an_english_word_is_approximated_and_marked(library, syllable_words):
    answer = library.search("tasalamo", k=3)
    assert answer.terms == ((1.0, "tasalamo (approximated)"),)
    assert answer.notes[0].startswith("'tasalamo' is approximated by its subwords (nearest: ")
    assert answer.approximated == ("tasalamo",)
    assert json.loads(json.dumps(answer.to_dict()))["approximated"] == ["tasalamo"]
    vector_D = Approximator(syllable_words, EnglishWords.load())("tasalamo").vector_D
    scores = library.matrix_ND.astype(np.float64) @ vector_D / np.linalg.norm(vector_D)
    assert answer.hits[0].score == pytest.approx(scores.max(), abs=1e-2)


def test_the_page_marks_it_too(library):
    shown = answer_html(library.search("tasalamo", k=3), [])
    assert "tasalamo (approximated)" in shown
    assert "is approximated by its subwords (nearest: " in shown


def test_it_counts_half_beside_a_known_word(library, syllable_words):
    known = syllable_words.tokens[0]
    meaning = meaning_of_words(library.words, f"{known} tasalamo")
    approximate_D = UnknownWords(library.words).read("tasalamo").vector_D
    expected_D = library.words[known] + approximate_D / 2
    np.testing.assert_allclose(meaning.vector_D, expected_D / np.linalg.norm(expected_D), atol=1e-5)


def test_what_is_not_in_the_list_is_refused(library):
    with pytest.raises(
        UnknownNameError, match=r"no word of the query 'bababax' is known: unknown: 'bababax'.*Describe"
    ):
        library.search("bababax")


def test_without_subwords_a_word_is_unknown_and_it_says_how_to_fetch_them(library):
    for path in english_folder("subwords").iterdir():
        path.unlink()
    with pytest.raises(UnknownNameError, match=r"unknown: 'tasalamo'.*; `mwe weights` fetches approximate meanings"):
        library.search("tasalamo")


@pytest.fixture
def open_words(published_english):
    return WordVectors.load(PACKAGED / "words")


@pytest.mark.parametrize(
    ("query", "approximated"),
    [
        ("something calm with piano for a rainy evening", ()),
        ("deep house in miami ocean", ()),
        ("fireflies over a quiet lake", ("fireflies",)),
        ("candlelight dinner, slow-burning saxophones", ("candlelight",)),
    ],
)
def test_sentences_are_answered_by_the_open_model(query, approximated, open_words):
    meaning = meaning_of_words(open_words, query)
    assert meaning.approximated == approximated
    assert not [note for note in meaning.notes if note.startswith("unknown")]
    assert np.linalg.norm(meaning.vector_D) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("query", ["xqzvt blorf", "grpoq", "treantsmaing"])
def test_nonsense_is_refused_by_the_open_model(query, open_words):
    with pytest.raises(UnknownNameError, match=r"no word of the query .* is known: unknown: .*Describe a mood"):
        meaning_of_words(open_words, query)
