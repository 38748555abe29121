"""Both samplers on a miniature: what they give is right, and everything is measured."""

import json

import pytest
import torch

pytest.importorskip("pandas")

from benchmarks import joint_input
from benchmarks.joint_input import FRAMES, MELS, Generated, ItemByItem, Sizes, generate, measure
from mwe.words import WordVectors

SIZES = Sizes(tracks=60, tags=12, artists=5, dim=4, stored=2)


def test_items_are_of_the_track_and_not(tmp_path):
    generate(tmp_path, SIZES)
    tracks, vectors = Generated(SIZES).read(), WordVectors.load(tmp_path / "words")
    data = ItemByItem(tracks, vectors, tmp_path, SIZES.stored)
    name_of = {vector.tobytes(): token for token, vector in zip(vectors.tokens, vectors.vectors, strict=True)}
    for place in range(len(data)):
        item = data[place]
        own = set(tracks.of_track(place))
        assert name_of[item["tag"].tobytes()] in own
        assert name_of[item["other_tag"].tobytes()] not in own
        assert name_of[item["artist"].tobytes()] == f"artist:{tracks.artist_ids[place].lower()}"
        assert name_of[item["other_artist"].tobytes()] != name_of[item["artist"].tobytes()]
        assert name_of[item["track"].tobytes()] == f"track:t{place}"
        assert name_of[item["other_track"].tobytes()] != f"track:t{place}"
        assert item["mel"].shape == (FRAMES, MELS)


def test_the_package_reads_the_same_tracks(tmp_path):
    generate(tmp_path, SIZES)
    data, prototypes = joint_input._prepared(tmp_path, SIZES)
    batch = next(iter(data.train_dataloader()))
    assert batch.mel.shape == (60, FRAMES, MELS)
    assert sorted(batch.track.tolist()) == list(range(60))
    drawn = prototypes["track"].draw(batch.track)
    own = prototypes["track"].vectors_PW[drawn.positive_B]
    expected = torch.from_numpy(data.vectors.of_tracks([f"T{place}" for place in batch.track.tolist()]).vectors)
    torch.testing.assert_close(own, expected)


def test_everything_is_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(joint_input, "alone", lambda work, *given: work(*given))
    out = tmp_path / "speed.json"
    measure(tracks=600, tags=12, artists=5, dim=4, stored=2, batches=2, items=20, steps=1, out=str(out))
    found = json.loads(out.read_text())
    assert found == json.loads(capsys.readouterr().out)
    assert found["ratio"] == found["package"]["items_a_second"] / found["item_by_item"]["items_a_second"]
    for name in ("training_without_workers", "training_with_one_worker"):
        assert 0 < found[name]["compute_share"] < 1
