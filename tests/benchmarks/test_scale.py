"""The rehearsal on a miniature: the files are those of the package's readers, and everything is measured."""

import json

import numpy as np
import pytest

from benchmarks import scale
from benchmarks.__main__ import last_object
from benchmarks.scale import Sizes, measure, track_ids, write_collection, write_store, write_words
from mwe.audio.store import MelStore
from mwe.tracks.zeroshot import MsdZeroShotTracks
from mwe.words import WordVectors

SIZES = Sizes(tracks=40, valid=6, test=4, tags=12, unseen=3, artists=5, dim=4)


def test_the_collection_is_read_as_it_was_drawn(tmp_path):
    write_collection(tmp_path, SIZES)
    tracks = MsdZeroShotTracks(str(tmp_path)).read()
    assert {name: len(own) for name, own in tracks.splits.items()} == {"train": 30, "valid": 6, "test": 4}
    assert len(set(np.concatenate(list(tracks.splits.values())))) == SIZES.tracks
    assert tracks.unseen.sum() == SIZES.unseen
    drawn = scale.generated_labels(SIZES.tracks, SIZES.tags, 10)
    for place, name in enumerate(track_ids(SIZES.tracks)):
        expected = {f"tag{tag}" for tag in drawn[[place]].indices}
        assert set(tracks.of_track(tracks.track_ids.index(name))) == expected
    assert len(set(tracks.artist_ids)) <= SIZES.artists


def test_every_tag_artist_and_track_has_a_vector(tmp_path):
    write_collection(tmp_path, SIZES)
    write_words(tmp_path / "words", SIZES)
    tracks, words = MsdZeroShotTracks(str(tmp_path)).read(), WordVectors.load(tmp_path / "words")
    found = words.of_tags(tracks.tags), words.of_artists(tracks.artist_ids), words.of_tracks(tracks.track_ids)
    assert all(own.known.all() for own in found)


@pytest.mark.parametrize("linked", [True, False])
def test_the_store_has_every_track_once(tmp_path, monkeypatch, linked):
    monkeypatch.setattr(scale, "SHARD", 3)
    monkeypatch.setattr(scale, "TRACK_FRAMES", 5)
    figures = write_store(tmp_path, 8, linked)
    store = MelStore.open(tmp_path)
    assert store.track_ids == track_ids(8)
    assert len(set(scale.shard_names(tmp_path))) == 3
    crops = store.crops(np.arange(8), np.zeros(8), 5)
    assert np.array_equal(crops[:2], crops[3:5])
    assert np.array_equal(crops[:2], crops[6:8])
    assert len({crop.tobytes() for crop in crops}) == 3
    links = next(tmp_path.glob("shard-*.npy")).stat().st_nlink
    assert links == (3 if linked else 1)
    assert figures["bytes_a_track"] > 5 * 128 * 2


def test_everything_is_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scale, "alone", lambda work, *given: work(*given))
    monkeypatch.setattr(scale, "TRACK_FRAMES", 140)
    monkeypatch.setattr(scale, "BATCH", 8)
    out = tmp_path / "scale.json"
    measure(*SIZES, linked=False, batches=2, evaluated=3, folder=tmp_path, out=str(out))
    found, told = json.loads(out.read_text()), capsys.readouterr().out
    assert found == last_object(told)
    assert set(found["setup"]["stages"]) == {"words", "tags", "store", "prototypes"}
    assert 0 < found["setup"]["share_of_2_gib"] == found["setup"]["peak_mb"] / 2048
    for name in ("loader", "loader_from_disk"):
        assert found[name]["items_a_second"] < found[name]["read_a_second"]
    assert [found[name]["tracks"] for name in ("validation", "test")] == [3, 3]
