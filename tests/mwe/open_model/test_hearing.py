"""Simulated hearing: as good as published, fair to what is not stated."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mwe.encoders.weights import published_tags
from mwe.open_model.hearing import COLLECTIONS, PUBLISHED_AUC, hearing_of
from mwe.open_model.spelling import TagSpelling
from mwe.tracks import tracks_of


@pytest.fixture(scope="module")
def documents():
    rng = np.random.default_rng(0)
    tags = ["rock", "piano", "calm", "female vocals", "woman", "no vocals"]
    chosen = rng.random((4000, len(tags))) < 0.3
    chosen[:, 2] = np.where(chosen[:, 1], rng.random(4000) < 0.9, rng.random(4000) < 0.05)  # calm goes with piano
    tags_of = {
        f"made/{row}": [tag for tag, has in zip(tags, own, strict=True) if has] for row, own in enumerate(chosen)
    }
    return tracks_of("made", {name: own or ["other"] for name, own in tags_of.items()})


@pytest.fixture(scope="module")
def hearing(documents):
    spelling = TagSpelling({}, Counter())
    shares = {name: {spelling(tag): 0.1 for tag in published_tags(name)} for name in COLLECTIONS}
    return hearing_of(documents, shares, spelling)


def test_towers_are_as_good_as_published(documents, hearing):
    rows = np.arange(len(documents.track_ids))
    evidence_NC = hearing.evidence(rows, np.random.default_rng(0), trust=0.0)
    for name, place in (("msd", hearing.classes.index("rock")), ("mtt", 50 + hearing.classes[50:].index("rock"))):
        area = roc_auc_score(hearing.stated_NC[:, place], evidence_NC[:, place])
        assert area == pytest.approx(PUBLISHED_AUC[name], abs=0.015)


def test_evidence_is_in_log_odds(documents, hearing):
    place = hearing.classes.index("rock")
    evidence_N = hearing.evidence(np.arange(4000), np.random.default_rng(1), trust=0.0)[:, place]
    near = np.abs(evidence_N - 1) < 0.25
    share = hearing.stated_NC[:, place].mean()
    expected = 1 / (1 + np.exp(-(1 + np.log(share / (1 - share)))))
    assert hearing.stated_NC[near, place].mean() == pytest.approx(expected, abs=0.08)


def test_what_means_the_same_is_heard_as_the_same(documents, hearing):
    has_woman = np.array(["woman" in documents.of_track(row) for row in range(len(documents.track_ids))])
    for name in ("female", "woman", "female vocal", "singing", "voice"):
        place = len(hearing.classes) - 1 - hearing.classes[::-1].index(name)
        assert hearing.stated_NC[has_woman, place].all(), name


def test_what_is_not_stated_is_expected_from_the_rest(documents, hearing):
    place = hearing.classes.index("piano")
    calm = np.array(["calm" in documents.of_track(row) for row in range(len(documents.track_ids))])
    silent = hearing.stated_NC[:, place] == 0
    assert hearing.expected_NC[calm & silent, place].mean() > 1.5 * hearing.expected_NC[~calm & silent, place].mean()
    rows = np.flatnonzero(calm & silent)
    distrustful = hearing.evidence(rows, np.random.default_rng(0), trust=0.0)[:, place]
    trustful = hearing.evidence(rows, np.random.default_rng(0), trust=1.0)[:, place]
    assert (trustful > distrustful).all()


def test_absences_are_not_evidence(hearing):
    evidence_NC = hearing.evidence(np.arange(50), np.random.default_rng(0), trust=0.5)
    for name in ("no vocals", "no vocal", "no voice"):
        assert not evidence_NC[:, hearing.classes.index(name)].any()
