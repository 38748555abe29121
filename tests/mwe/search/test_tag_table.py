"""Calibration of tag scores, and what is said where it cannot be had."""

import shutil

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from mwe.audio.predict import Hardware
from mwe.search import Library, calibrate
from mwe.search.calibrate import platt, tags_of_run
from mwe.search.index import index_library
from mwe.search.model import TrainedModel
from mwe.search.tag_table import NONE, OWN, POOLED, TagTable

HERE = Hardware(workers=0, devices=1, accelerator="cpu")


def table(**changed):
    given = {
        "tags": ("rock", "calm"),
        "groups": ("genre", "mood"),
        "seen": (True, False),
        "slope": np.array([3.0, 2.0], np.float32),
        "intercept": np.array([-1.0, 0.0], np.float32),
        "calibrated_on": (OWN, POOLED),
        "pooled": (2.0, 0.0),
    }
    return TagTable(**{**given, **changed})


def test_platts_fit_minimises_the_likelihood_of_smoothed_targets(rng):
    label = rng.random(300) < 0.3
    cosine = rng.normal(0.2 * label, 0.2)
    slope, intercept = platt(cosine, label)
    high, low = (label.sum() + 1) / (label.sum() + 2), 1 / ((~label).sum() + 2)
    target = np.where(label, high, low)

    def loss(given):
        shown = expit(given[0] * cosine + given[1])
        return -(target * np.log(shown) + (1 - target) * np.log(1 - shown)).sum()

    best = minimize(loss, [1.0, 0.0]).x
    np.testing.assert_allclose([slope, intercept], best, rtol=1e-2)
    assert abs(expit(slope * cosine + intercept).mean() - label.mean()) < 0.01


def test_a_tag_worse_than_chance_gets_its_share(rng):
    label = rng.random(300) < 0.3
    slope, intercept = platt(-label.astype(float), label)
    assert slope == 0
    assert expit(intercept) == pytest.approx(label.mean(), abs=0.01)


def test_probabilities_rise_with_the_cosine_and_separate_tags():
    shown = table().probabilities(np.array([[-0.5, -0.5], [0.5, 0.5]]))
    assert (np.diff(shown, axis=0) > 0).all()
    assert shown[0, 0] == pytest.approx(expit(3 * -0.5 - 1))


def test_further_tags_are_unseen_and_pooled():
    more = table().with_tags(["calm", "live", "live"], {"live": "setting"})
    assert (more.tags, more.groups) == (("rock", "calm", "live"), ("genre", "mood", "setting"))
    assert (more.seen[2], more.calibrated_on[2], more.slope[2]) == (False, POOLED, 2.0)
    blank = TagTable((), (), (), np.zeros(0, np.float32), np.zeros(0, np.float32), ()).with_tags(["live"], {})
    assert (blank.seen, blank.calibrated_on) == ((None,), (NONE,))
    assert np.isnan(blank.slope).all()


def test_a_table_survives_the_disk():
    for one in (table(), table(seen=(None, True), pooled=(float("nan"),) * 2)):
        back = TagTable.of_table(one.to_table())
        assert (back.tags, back.groups, back.seen, back.calibrated_on) == (
            *(one.tags, one.groups, one.seen),
            one.calibrated_on,
        )
        np.testing.assert_array_equal([back.slope, back.intercept], [one.slope, one.intercept])
        np.testing.assert_array_equal(back.pooled, one.pooled)


def test_a_run_is_calibrated_on_its_validation_tracks(run, monkeypatch):
    monkeypatch.setattr(calibrate, "MIN_TRACKS", 1)
    found, note = tags_of_run(TrainedModel(run))
    assert found.tags == ("low", "middle", "high", "pure", "buzzing", "bass drone")
    assert found.seen == (*[True] * 5, False)
    # t14 to t17: one high, two low, one middle; two pure and two buzzing
    assert found.calibrated_on == (*[OWN] * 5, POOLED)
    assert "4 validation tracks: 5 tags on their own" in note
    monkeypatch.setattr(calibrate, "MIN_TRACKS", 3)
    assert set(tags_of_run(TrainedModel(run))[0].calibrated_on) == {POOLED}


def test_scores_are_plain_cosines_where_nothing_can_be_calibrated_on(run, prepared, miniature, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(run, alone)
    configuration = alone / "fit.yaml"
    configuration.write_text(configuration.read_text().replace(str(prepared.collection), str(tmp_path / "gone")))
    found, note = tags_of_run(TrainedModel(alone))
    assert (len(found), "the run's collection cannot be read" in note) == (0, True)
    (alone / "tags.csv").write_text("tag,group,seen,tracks\nlow,pitch,1,3\nbass drone,pitch,0,2\n")
    found, note = tags_of_run(TrainedModel(alone))
    assert (found.tags, found.seen) == (("low", "bass drone"), (True, False))
    index_library([miniature / "audio"], alone, tmp_path / "lib", hardware=HERE)
    best = Library(tmp_path / "lib").tag_files([miniature / "audio/t00.flac"])[0].tags
    assert [one.probability for one in best] == [None, None]
    assert best[0].score == best[0].cosine >= best[1].score


def test_the_tags_of_a_file_are_what_one_hears(run, miniature, tmp_path):
    index_library([miniature], run, tmp_path / "lib", hardware=HERE)
    library = Library(tmp_path / "lib")
    low, gone = library.tag_files([miniature / "audio/t00.flac", tmp_path / "gone.ogg"], k=1)
    assert [(one.group, one.tag, one.seen) for one in low.tags][1] == ("shape", "pure", True)
    assert low.tags[0].group == "pitch"
    assert low.tags[0].tag in ("low", "bass drone")
    assert all(0 < one.probability < 1 for one in low.tags)
    assert (gone.status, gone.tags) == ("missing", ())
    assert len(library.tag_files([miniature / "audio/t00.flac"])[0].tags) == 6
