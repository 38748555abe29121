"""The comparison of approximations: its figures on directions that are known, and its strings without sense."""

import random

import numpy as np
import pytest

from benchmarks.unknown_words import NONSENSE, Sentences, beside, figures, markov, nonsense


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_true_directions_have_the_best_figures():
    rng = np.random.default_rng(0)
    known_VD, true_ND = unit(rng.normal(size=(200, 20))), unit(rng.normal(size=(50, 20)))
    assert figures(true_ND, true_ND, known_VD) == pytest.approx((1, 1, 1))
    assert beside(true_ND, true_ND, known_VD, 1.0) == pytest.approx(1)
    cosine, reciprocal_rank, common = figures(unit(rng.normal(size=(50, 20))), true_ND, known_VD)
    assert abs(cosine) < 0.15
    assert reciprocal_rank < 0.15
    assert common < 0.15


def test_strings_without_sense_are_none_of_the_words():
    words = ["tone", "stone", "atone", "notes", "onset", "tenor", "nettle", "lotion"]
    drawn = nonsense(words, markov(words, 2, random.Random(0)))
    assert len(drawn) == NONSENSE
    assert not set(drawn) & set(words)
    pairs = {word[at : at + 2] for word in words for at in range(len(word) - 1)}
    assert all(text[at : at + 2] in pairs for text in drawn for at in range(len(text) - 1))


def test_the_peer_never_reads_the_words_that_are_left_out(tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("calm piano\npiano drums\n")
    assert list(Sentences(corpus, ["piano"])) == [["calm"], ["drums"]]
