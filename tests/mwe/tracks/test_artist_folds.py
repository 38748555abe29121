"""Folds of a collection by artist."""

import numpy as np
import pytest

from mwe.tracks import ArtistFolds, TagPairTracks, TrackReader, tracks_of


class Collection(TrackReader):
    """Twenty tracks of seven artists, and three tracks of unknown artists."""

    def read(self):
        artists = ["a"] * 7 + ["b"] * 5 + ["c"] * 3 + ["d"] * 2 + ["e", "f", "g"] + [""] * 3
        tags_of = {f"t{number:02}": ["rock"] for number in range(len(artists))}
        return tracks_of("some", tags_of, dict(zip(tags_of, artists, strict=True)))


def test_no_artist_is_in_two_splits_and_every_track_is_tested_once():
    tested = []
    for fold in range(4):
        tracks = ArtistFolds(Collection(), fold, n_folds=4).read()
        artists = {
            split: {tracks.artist_ids[row] or tracks.track_ids[row] for row in rows}
            for split, rows in tracks.splits.items()
        }
        assert not artists["train"] & artists["test"]
        assert not artists["train"] & artists["valid"]
        assert not artists["valid"] & artists["test"]
        assert sorted(np.concatenate(list(tracks.splits.values()))) == list(range(23))
        assert tracks.name == f"some, fold {fold + 1} of 4 by artist"
        tested += tracks.splits["test"].tolist()
    assert sorted(tested) == list(range(23))


def test_folds_are_balanced_and_depend_on_the_seed_alone():
    def sizes(seed):
        return [len(ArtistFolds(Collection(), fold, 4, seed).read().splits["test"]) for fold in range(4)]

    assert sizes(0) == sizes(0)
    assert max(sizes(0)) == 7  # those of one artist cannot be divided
    assert min(sizes(0)) >= 5
    test_sets = {tuple(ArtistFolds(Collection(), 3, 4, seed).read().splits["test"].tolist()) for seed in range(8)}
    assert len(test_sets) > 1


def test_impossible_folds_are_refused(tmp_path):
    with pytest.raises(ValueError, match="n_folds is 2"):
        ArtistFolds(Collection(), n_folds=2)
    with pytest.raises(ValueError, match="fold is 5; give one of 0 to 4"):
        ArtistFolds(Collection(), fold=5)
    (tmp_path / "some.tsv").write_text("a\trock\nb\trock\n")
    with pytest.raises(ValueError, match="has 2 artists; they do not make 3 folds"):
        ArtistFolds(TagPairTracks(str(tmp_path / "some.tsv")), n_folds=3).read()
