"""The benchmark of few-shot tags, on the miniature."""

import re

import numpy as np
import pytest

from benchmarks.few_shot import Draw, Scores, draws_of, few_shot, learnt, scored
from mwe.search import Library


def test_artists_of_examples_are_not_ranked(folder):
    library = Library(folder)
    artists = np.array(library.store.artists.to_pylist())
    draws = list(draws_of(library, draws=2, seed=0))
    assert {draw.count for draw in draws} >= {1, 2}
    for draw in draws:
        assert not set(artists[draw.examples]) & set(artists[draw.ranked])
        assert draw.right.sum() >= 3
        assert all(draw.tag in library.store.tags_of(row) for row in draw.ranked[draw.right])


def test_figures_are_means_over_tags_of_means_over_draws():
    scores = Scores(np.array(["a", "a", "b"]), np.array([1, 1, 1]), np.array([[0.5, 0.1], [0.7, 0.1], [1.0, 0.4]]))
    assert scores.mean(1, 0) == pytest.approx(0.8)
    low, high = scores.interval(1, 0, np.random.default_rng(0))
    assert 0.5 <= low < 0.8 < high <= 1.0
    track_ND = np.eye(4)
    draw = Draw("a", 1, np.array([0]), np.array([1, 2, 3]), np.array([True, False, False]), np.eye(4)[1])
    assert scored(track_ND, [draw], learnt(1.0, 1e6)).values[0].tolist() == [1.0, 1.0]  # the word alone is right


def test_settings_are_chosen_and_every_method_is_measured(folder, capsys):
    few_shot([folder], choose=folder, draws=1)
    text = capsys.readouterr().out
    assert re.search(r"chosen: penalty [\d.]+, the word counts [\d.]+ examples", text)
    for name in ("word alone", "mean of the examples", "logistic regression", "ridge regression", "`mwe learn-tag`"):
        assert len(re.findall(rf"\| [^|]*{name}[^|]* \| [01]\.\d{{3}} \(", text)) == 2, name
