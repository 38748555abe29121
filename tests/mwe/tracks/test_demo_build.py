"""Building the demonstration collection on disk: sound, resumption, cache and errors."""

import csv
import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mwe.core.errors import MissingDataError
from mwe.tracks.demo import build, build_demo, render
from mwe.tracks.demo.catalogue import catalogue
from mwe.tracks.demo.midi import midi_bytes
from mwe.tracks.demo.performers import performers
from mwe.tracks.demo.score import CLIP_SECONDS, arrange
from mwe.tracks.demo.tunes import read_tunes

needs_renderer = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("midirenderer", "mido", "pretty_midi")),
    reason="needs pip install 'mwe[demo]'",
)
pytestmark = needs_renderer
SMALL = 6


def digests(root: Path) -> dict[str, str]:
    found = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_demo(tmp_path_factory.mktemp("demo") / "new", limit=SMALL, workers=1)


def test_layout(demo: Path) -> None:
    tracks = rows(demo / "tracks.tsv")
    assert [*tracks[0]] == ["track_id", "artist_id", "path", "tags", "split", "split_random"]
    assert [t["track_id"] for t in tracks] == [f"demo-{i:04d}" for i in range(1, SMALL + 1)]
    assert [t["artist_id"] for t in tracks] == [f"performer-{i:02d}" for i in range(1, SMALL + 1)]
    tags = {row["tag"] for row in rows(demo / "tags.tsv")}
    assert all(tags >= set(t["tags"].split("|")) for t in tracks)
    assert {row["track_id"] for row in rows(demo / "reviews.tsv")} == {t["track_id"] for t in tracks}
    assert [row["track_id"] for row in rows(demo / "provenance.tsv")] == [t["track_id"] for t in tracks]
    assert {t["artist_id"] for t in tracks} <= {row["artist_id"] for row in rows(demo / "performers.tsv")}
    manifest = json.loads((demo / "MANIFEST.json").read_text())
    assert manifest["counts"]["tracks"] == SMALL
    assert all(hashlib.sha256((demo / n).read_bytes()).hexdigest() == s for n, s in manifest["sha256"].items())
    assert not (demo / "UNFINISHED.json").exists()
    assert "made up" in (demo / "DATA_CARD.md").read_text()


def test_clips_sound_from_start_to_end(demo: Path) -> None:
    for track in rows(demo / "tracks.tsv"):
        info = soundfile.info(demo / track["path"])
        assert (info.samplerate, info.channels, info.frames, info.subtype) == (22050, 1, 264600, "PCM_16")
        sound, _ = soundfile.read(demo / track["path"])
        assert np.abs(sound).max() < 0.99
        seconds = np.sqrt((sound.reshape(24, -1) ** 2).mean(axis=1))
        assert (seconds > 1e-3).all()


def test_two_builds_are_identical_also_with_worker_processes(demo: Path, tmp_path: Path) -> None:
    again = build_demo(tmp_path / "again", limit=SMALL, workers=2)
    assert digests(again) == digests(demo)


def test_complete_collection_is_returned_at_once(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any) -> None:
        raise AssertionError("nothing should be rendered")

    monkeypatch.setattr(build, "write_clip", never)
    monkeypatch.setattr(build, "soundfont_path", never)
    assert build_demo(demo, limit=SMALL, workers=1) == demo


def test_interrupted_build_goes_on(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    true_write = render.write_clip

    def interrupted(path: Path, *job: Any) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(path.name)
        true_write(path, *job)

    root = tmp_path / "resumed"
    monkeypatch.setattr(build, "write_clip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_demo(root, limit=SMALL, workers=1)
    assert not (root / "MANIFEST.json").exists()
    first = list(written)
    (root / "audio/00/.demo-0005.99.flac").write_bytes(b"half a file of a killed process")
    monkeypatch.setattr(build, "write_clip", lambda path, *job: (written.append(path.name), true_write(path, *job)))
    build_demo(root, limit=SMALL, workers=1)
    assert len(written) == SMALL
    assert set(written[3:]).isdisjoint(first)
    assert digests(root) == digests(demo)


def test_another_seed_replaces_the_clips(tmp_path: Path) -> None:
    root = build_demo(tmp_path / "one", limit=2, workers=1)
    before = digests(root)
    build_demo(root, seed=0, limit=2, workers=1)
    after = digests(root)
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before if name.endswith(".flac"))


def test_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tracks.tsv").write_text("mine")
    with pytest.raises(FileExistsError, match="did not write"):
        build_demo(tmp_path, limit=1)
    assert (tmp_path / "tracks.tsv").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["tracks.tsv"]


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        build_demo(tmp_path / "file" / "demo", limit=1, workers=1)


def test_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "write_clip", full)
    with pytest.raises(OSError, match=rf"{tmp_path / 'demo'}: cannot be written \(No space left on device\)"):
        build_demo(tmp_path / "demo", limit=1, workers=1)


@pytest.mark.parametrize("missing", ["pretty_midi", "midirenderer", "mido"])
def test_missing_package_names_the_remedy(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true_find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else true_find(name))
    with pytest.raises(MissingDataError, match=rf"{missing}.*pip install 'mwe\[demo\]'"):
        build_demo(tmp_path / "demo", limit=1)
    assert not (tmp_path / "demo").exists()


def test_notes_fill_the_clip_and_stay_in_range() -> None:
    for track in catalogue(read_tunes(), 0)[::7]:
        voices = arrange(track.tune, track.performer, np.random.default_rng(0))
        assert len({voice.channel for voice in voices if voice.channel}) >= len(track.performer.instruments[2:])
        ends = np.concatenate([voice.start + voice.length for voice in voices])
        assert CLIP_SECONDS - 3 < ends.max() <= CLIP_SECONDS + 0.05
        pitches = np.concatenate([voice.pitch for voice in voices])
        assert 20 <= pitches.min() <= pitches.max() <= 108


def test_tuning_is_audible(tmp_path: Path) -> None:
    track = next(t for t in catalogue(read_tunes(), 0) if t.performer.lead.name == "square lead")
    lead = [arrange(track.tune, track.performer, np.random.default_rng(0))[0]]
    peaks = []
    for cents in (0, 50):
        spectrum = np.abs(np.fft.rfft(render.synthesise(midi_bytes(lead, cents))))
        peaks.append(int(spectrum[: len(spectrum) // 10].argmax()))
    assert 1200 * np.log2(peaks[1] / peaks[0]) == pytest.approx(50, abs=5)


def test_performers_differ_in_level_and_room() -> None:
    bands = performers(0)
    levels = np.array([band.level_db for band in bands])
    assert 6 < np.ptp(levels) <= 8
    dry = np.zeros(render.CLIP_SAMPLES, np.float32)
    dry[0] = 1.0
    order = sorted(bands, key=lambda band: band.wet)
    energy = [float((render.in_room(dry, band)[2000:] ** 2).sum()) for band in (order[0], order[-1])]
    assert energy[1] > 5 * energy[0]


def test_crash_while_clips_are_replaced_leaves_nothing_stale(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = build_demo(tmp_path / "crash", seed=0, limit=2, workers=1)

    def crash(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".flac":
            raise KeyboardInterrupt
        if path.exists():
            os.unlink(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            build_demo(root, limit=2, workers=1)
    build_demo(root, limit=2, workers=1)
    for clip in root.glob("audio/*/*.flac"):
        assert clip.read_bytes() == (demo / clip.relative_to(root)).read_bytes()
