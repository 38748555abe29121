"""The catalogue of the demonstration collection: tunes, performers, tags, reviews and splits, without audio."""

import gzip
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from mwe.core.errors import BadFileError
from mwe.tracks.demo import tunes as tunes_module
from mwe.tracks.demo.catalogue import DemoTrack, catalogue
from mwe.tracks.demo.labels import mood_tags
from mwe.tracks.demo.reviews import NOISE
from mwe.tracks.demo.tag_words import TAGS
from mwe.tracks.demo.tunes import read_tunes

FINGERPRINT = """
import hashlib
from mwe.tracks.demo.catalogue import catalogue
from mwe.tracks.demo.tunes import read_tunes
tracks = catalogue(read_tunes(), 3)
rows = [(t.id, t.tune.id, repr(t.performer), t.tags, t.reviews, t.split, t.split_random) for t in tracks]
print(hashlib.sha256(repr(rows).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def tracks() -> list[DemoTrack]:
    return catalogue(read_tunes(), 0)


def performers_of(tracks: list[DemoTrack], tag: str, split: str | None = None) -> set[str]:
    return {t.performer.id for t in tracks if tag in t.tags and split in (None, t.split)}


def test_tunes_have_provenance_and_plausible_notes() -> None:
    tunes = read_tunes()
    assert len(tunes) >= 480
    assert len({tune.id for tune in tunes}) == len(tunes)
    assert {tune.collection for tune in tunes} == {
        "Bach chorales",
        "O'Neill's Music of Ireland",
        "Ryan's Mammoth Collection",
    }
    for tune in tunes:
        assert tune.title
        assert "@" not in tune.transcriber
        assert len(tune.parts) == (4 if tune.form == "chorale" else 1)
        for part in tune.parts:
            assert len(part.onset) == len(part.length) == len(part.pitch)
            assert part.onset.min() >= 0
            assert part.length.min() > 0
            assert 36 <= part.pitch.min() <= part.pitch.max() <= 91
        if tune.form == "slip jig":
            assert (tune.metre, tune.bar, tune.beat) == ("9/8", 108, 36)


def test_known_tune_is_read_right() -> None:
    tune = next(t for t in read_tunes() if t.title == "Rocky Road to Dublin")
    assert (tune.form, tune.metre, tune.tonic, tune.transcriber) == (
        "slip jig",
        "9/8",
        9,
        "Transcribed by Michael Hogan",
    )
    # e f# e d2 B A2 A in quavers of 12 ticks
    assert tune.parts[0].pitch[:7].tolist() == [76, 78, 76, 74, 71, 69, 69]
    assert tune.parts[0].length[:7].tolist() == [12, 12, 12, 24, 12, 24, 12]


def test_packaged_tunes_are_small() -> None:
    assert (Path(tunes_module.__file__).parent / "tunes.json.gz").stat().st_size < 400_000


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b'{"tunes":[]}', mtime=0)[:-9]]
)
def test_damaged_tunes_are_named(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tunes.json.gz").write_bytes(content)
    monkeypatch.setattr(tunes_module, "files", lambda package: tmp_path)
    with pytest.raises(BadFileError, match=r"tunes\.json\.gz.*Install the package again"):
        read_tunes.__wrapped__()


def test_counts(tracks: list[DemoTrack]) -> None:
    assert 440 <= len(tracks) <= 480
    assert len({t.performer.id for t in tracks}) >= 55
    assert len({t.tune.id for t in tracks}) == len(tracks)
    assert len(TAGS) >= 60
    unseen = [tag for tag in TAGS.values() if not tag.seen]
    assert len(unseen) >= 8
    assert {tag.group for tag in unseen} == {"genre", "instrument", "mood"}
    assert {tag.kind for tag in TAGS.values() if tag.group == "mood"} == {"context"}


def test_every_tag_can_be_trained_and_tested_with_other_artists(tracks: list[DemoTrack]) -> None:
    for tag in TAGS:
        assert len(performers_of(tracks, tag)) >= 4, tag
        assert len(performers_of(tracks, tag, "train")) >= 2, tag
        assert performers_of(tracks, tag, "test"), tag
    for track in tracks:
        assert len(track.tags) >= 2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_splits(seed: int) -> None:
    tracks = catalogue(read_tunes(), seed)
    of_artist = defaultdict(set)
    for track in tracks:
        of_artist[track.performer.id].add(track.split)
    assert all(len(splits) == 1 for splits in of_artist.values())
    for name in ("split", "split_random"):
        values = [getattr(track, name) for track in tracks]
        shares = [values.count(part) / len(values) for part in ("train", "valid", "test")]
        np.testing.assert_allclose(shares, (0.7, 0.1, 0.2), atol=0.015)
    shared = {t.performer.id for t in tracks if t.split_random == "train"}
    assert all(t.performer.id in shared for t in tracks if t.split_random == "test")


def test_neighbours_have_different_performers(tracks: list[DemoTrack]) -> None:
    assert len({track.performer.id for track in tracks[:50]}) == 50


def test_moods_follow_what_is_heard(tracks: list[DemoTrack]) -> None:
    moods = mood_tags([t.tune for t in tracks], [t.performer for t in tracks])
    wet = np.array([t.performer.wet for t in tracks])
    minor = np.array([t.tune.minor for t in tracks])
    assert wet[moods["spacious"]].mean() > 2 * wet[~moods["spacious"]].mean()
    assert minor[moods["sad"]].mean() > minor[moods["happy"]].mean() + 0.2
    assert not (moods["lively"] & moods["calm"]).any()


def test_labels_are_left_out_at_random(tracks: list[DemoTrack]) -> None:
    moods = mood_tags([t.tune for t in tracks], [t.performer for t in tracks])
    held = sum("lively" in t.tags for t in tracks)
    assert 0.75 * moods["lively"].sum() < held < moods["lively"].sum()


def test_reviews_name_tags_in_under_half_of_the_mentions(tracks: list[DemoTrack]) -> None:
    named = described = 0
    for track in tracks:
        words = {word for tag in track.tags for word in TAGS[tag].words}
        for review in track.reviews:
            assert review == " ".join(review.lower().split())
            assert any(noise in review for noise in NOISE)
            named += sum(f" {tag} " in f" {review} " for tag in track.tags)
            described += sum(word in words for word in review.split())
    assert 0.2 < named / (named + described) < 0.5


def test_unseen_tags_are_spoken_of(tracks: list[DemoTrack]) -> None:
    said = " ".join(f" {review} " for track in tracks if track.split == "train" for review in track.reviews)
    assert all(said.count(f" {tag.name} ") >= 10 for tag in TAGS.values() if not tag.seen)


def test_catalogue_does_not_depend_on_the_hash_seed() -> None:
    seen = {
        subprocess.run(
            [sys.executable, "-c", FINGERPRINT],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(seen) == 1
    assert len(seen.pop().strip()) == 64


def test_seeds_give_different_catalogues(tracks: list[DemoTrack]) -> None:
    other = catalogue(read_tunes(), 1)
    assert [t.tune.id for t in other] != [t.tune.id for t in tracks]
    assert [t.performer.tempo for t in other[:60]] != [t.performer.tempo for t in tracks[:60]]
