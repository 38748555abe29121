import csv
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from mwe.audio import clips as clips_module
from mwe.audio.clips import ClipDataset, Collate
from mwe.audio.decode import decode
from mwe.audio.extract import extract_mels
from mwe.audio.logmel import LogMel
from mwe.audio.mel_settings import MelSettings
from mwe.audio.predict import PredictionShards
from mwe.audio.shards import MelShardWriter, shard_names
from mwe.audio.store import MelStore
from mwe.core.errors import BadFileError, StaleArtefactError

HERE = {"workers": 0, "accelerator": "cpu", "devices": 1}


def content(root):
    store = MelStore.open(root)
    return {name: store.mel(name) for name in sorted(store.track_ids)}


def assert_same_content(found, expected):
    assert found.keys() == expected.keys()
    for name, mel in expected.items():  # one step of float16: batches may round differently
        np.testing.assert_allclose(found[name].astype(np.float32), mel.astype(np.float32), rtol=1e-3, atol=1e-3)


@pytest.fixture
def expected(clips):
    logmel = LogMel()
    return {name: logmel(torch.from_numpy(decode(path).wave)[None])[0].half().numpy() for name, path in clips}


def test_the_store_holds_the_spectrogram_of_every_clip(clips, expected, tmp_path, capfd):
    report = extract_mels(clips, tmp_path / "mels", batch_tracks=4, batch_seconds=4, shard_tracks=5, **HERE)
    assert (report.ok, report.skipped, report.reused) == (11, {}, 0)
    assert "11 ok, 0 skipped" in capfd.readouterr().err
    assert_same_content(content(tmp_path / "mels"), expected)
    store = MelStore.open(tmp_path / "mels", MelSettings())
    assert store.track_ids == [name for name, _ in clips]
    np.testing.assert_allclose(store.loudness_db, 20 * np.log10(0.3 / np.sqrt(2)), atol=0.2)


def test_nothing_else_is_left_on_disk(clips, tmp_path, monkeypatch):
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    extract_mels(clips, tmp_path / "mels", **HERE)
    assert not list((tmp_path / "cwd").iterdir())
    names = {path.name for path in (tmp_path / "mels").iterdir()}
    assert names == {"mel.json", "shard-r0-00000.npy", "shard-r0-00000.parquet", "skipped.tsv"}


def test_bad_files_are_counted_and_do_not_stop_the_workers(zoo, tmp_path, capfd):
    tracks = [(path.name, path) for _, path in zoo if path.parent.name == "zoo"]
    wanted = Counter(verdict for verdict, path in zoo if path.parent.name == "zoo")
    report = extract_mels(tracks, tmp_path, workers=2, accelerator="cpu", devices=1, max_failed=0.9)
    assert report.ok == wanted.pop("ok")
    assert report.skipped == wanted
    assert f"truncated x {wanted['truncated']}" in capfd.readouterr().err
    with open(tmp_path / "skipped.tsv", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    assert Counter(line["reason"] for line in lines) == wanted
    assert {line["track_id"] for line in lines} == {name for name, _ in tracks if not name.startswith("ok")}
    assert MelStore.open(tmp_path).skipped == wanted


def test_too_many_failures_are_an_error_after_everything_was_tried(zoo, tmp_path):
    tracks = [(str(i), path) for i, (_, path) in enumerate(zoo) if path.name.startswith(("not", "ok_mp3.mp3"))]
    assert len(tracks) == 9
    with pytest.raises(BadFileError, match=r"skipped\.tsv: 8 of 9 tracks are unreadable, more than 50%"):
        extract_mels(tracks, tmp_path, **HERE)
    assert len(MelStore.open(tmp_path)) == 1


def test_an_unforeseen_error_costs_one_track_and_is_tried_again(clips, tmp_path, monkeypatch):
    def fails_once(reader, path, **how):
        if path.name == "03.flac":
            raise MemoryError("no room")
        return reader(path, **how)

    monkeypatch.setattr(clips_module, "guarded", fails_once)
    assert extract_mels(clips, tmp_path / "mels", **HERE).skipped == {"error": 1}
    monkeypatch.undo()
    report = extract_mels(clips, tmp_path / "mels", **HERE)
    assert (report.ok, report.skipped, report.reused) == (11, {}, 10)


def test_a_second_run_reads_only_what_changed(clips, tmp_path, monkeypatch):
    out = tmp_path / "mels"
    clips[2][1].write_bytes(b"<html>")
    extract_mels(clips[:8], out, **HERE)
    read = []
    monkeypatch.setattr(
        clips_module, "guarded", lambda reader, path, **how: read.append(path.name) or reader(path, **how)
    )
    shards = shard_names(out)
    report = extract_mels(clips[:8], out, **HERE)
    assert (report.ok, report.reused, read, shard_names(out)) == (7, 8, [], shards)

    soundfile.write(clips[1][1], np.full(22050, 0.2, np.float32), 22050)
    clips[4][1].unlink()
    report = extract_mels(clips[:10], out, **HERE)
    assert sorted(read) == ["01.flac", "04.flac", "08.flac", "09.flac"]
    assert (report.ok, report.skipped, report.reused) == (8, {"not-audio": 1, "missing": 1}, 6)
    store = MelStore.open(out)
    assert store.frames(["clip01"]) == [44]
    assert not store.has(["clip04"]).any()


def test_a_crash_after_the_first_shard_is_made_good(clips, expected, tmp_path, monkeypatch):
    out, flush = tmp_path / "mels", MelShardWriter.flush

    def flush_once(writer):
        if shard_names(out):
            raise OSError("disk full")
        flush(writer)

    monkeypatch.setattr(MelShardWriter, "flush", flush_once)
    with pytest.raises(OSError, match="disk full"):
        extract_mels(clips, out, batch_tracks=2, shard_tracks=4, **HERE)
    assert len(MelStore.open(out)) == 4
    monkeypatch.undo()
    report = extract_mels(clips, out, **HERE)
    assert (report.ok, report.reused) == (11, 4)
    assert_same_content(content(out), expected)


def test_a_crash_between_spectrograms_and_index_leaves_no_shard(clips, expected, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError("disk full")

    out = tmp_path / "mels"
    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(OSError, match="disk full"):
        extract_mels(clips, out, **HERE)
    monkeypatch.undo()
    assert (out / "shard-r0-00000.npy").exists()
    assert len(MelStore.open(out)) == 0
    extract_mels(clips, out, **HERE)
    assert_same_content(content(out), expected)


def test_stopping_by_hand_keeps_what_is_done(clips, tmp_path, monkeypatch):
    out, calls = tmp_path / "mels", []
    forward = LogMel.forward

    def stop_at_fourth(module, wave):
        calls.append(len(wave))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return forward(module, wave)

    monkeypatch.setattr(LogMel, "forward", stop_at_fourth)
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(KeyboardInterrupt, match="6 files are kept"):
            extract_mels(clips, out, batch_tracks=2, **HERE)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert len(MelStore.open(out)) == 6


def test_killed_while_running_and_resumed(clips, expected, tmp_path):
    out, script = tmp_path / "mels", tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""
        import time
        from pathlib import Path
        from mwe.audio import clips
        from mwe.audio.extract import extract_mels

        guarded = clips.guarded

        def slow(*asked, **how):
            time.sleep(0.1)
            return guarded(*asked, **how)

        clips.guarded = slow
        files = sorted(Path({str(tmp_path / "clips")!r}).iterdir())
        tracks = [(f"clip{{path.stem}}", path) for path in files]
        out = Path({str(out)!r})
        extract_mels(tracks, out, workers=0, accelerator="cpu", devices=1, batch_tracks=1, shard_tracks=2)
        """)
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([sys.executable, script], env=environment, cwd=tmp_path, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 90
    while not shard_names(out) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    done = len(MelStore.open(out))
    assert 2 <= done < 11
    report = extract_mels(clips, out, **HERE)
    assert (report.ok, report.reused) == (11, done)
    assert_same_content(content(out), expected)


def test_any_number_of_workers_gives_the_same_files(clips, tmp_path):
    found = []
    for workers in (0, 2):
        out = tmp_path / f"{workers}"
        extract_mels(clips, out, batch_tracks=2, shard_tracks=5, **HERE | {"workers": workers})
        found.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert len(found[0]) > 3
    assert found[0] == found[1]


def test_two_processes_give_the_same_store(clips, expected, tmp_path):
    out = tmp_path / "mels"
    clips.append(("gone", tmp_path / "gone.mp3"))
    report = extract_mels(
        clips, out, workers=0, accelerator="cpu", devices=2, strategy="ddp_spawn", batch_tracks=2, shard_tracks=4
    )
    assert (report.ok, report.skipped) == (11, {"missing": 1})
    assert {name.rank for name in shard_names(out)} == {0, 1}
    assert_same_content(content(out), expected)
    # fewer tracks than processes
    soundfile.write(clips[5][1], np.full(22050, 0.2, np.float32), 22050)
    report = extract_mels(clips, out, workers=0, accelerator="cpu", devices=2, strategy="ddp_spawn")
    assert (report.ok, report.reused, MelStore.open(out).frames(["clip05"])) == (11, 11, [44])


def test_other_settings_are_refused_before_anything_is_read(clips, tmp_path):
    out = tmp_path / "mels"
    extract_mels(clips[:2], out, **HERE)
    with pytest.raises(StaleArtefactError, match="hop_length is 512, expected 256"):
        extract_mels(clips, out, settings=MelSettings(hop_length=256), **HERE)
    with pytest.raises(StaleArtefactError, match="max_seconds is 600"):
        extract_mels(clips, out, max_seconds=10, **HERE)
    assert len(MelStore.open(out)) == 2


def test_names_are_checked_before_anything_is_read(clips, tmp_path):
    with pytest.raises(ValueError, match="listed twice, the first 'clip00'"):
        extract_mels([*clips, clips[0]], tmp_path / "mels", **HERE)
    with pytest.raises(ValueError, match="not Unicode text"):
        extract_mels([("caf\udce9", clips[0][1])], tmp_path / "mels", **HERE)
    assert not (tmp_path / "mels").exists()


def test_groups_are_bounded_and_hold_every_readable_clip_once(clips):
    dataset = ClipDataset([*clips, ("gone", Path("gone.mp3"))], 22050, 0.5, 600.0)
    items = [dataset[i] for i in range(len(dataset))]
    batch = Collate(max_samples=3 * 22050)(items)
    assert sorted(index for group in batch.groups for index in group.indices) == list(range(11))
    assert len(batch.rows) == 12
    assert all(group.wave_BN.numel() <= 3 * 22050 for group in batch.groups)
    for group in batch.groups:
        for index, wave, length in zip(group.indices, group.wave_BN, group.lengths_B.tolist(), strict=True):
            np.testing.assert_array_equal(wave[:length], items[index].wave)
            assert not wave[length:].any()
    assert [len(group.indices) for group in Collate(max_samples=1)(items).groups] == [1] * 11


@pytest.mark.data
def test_all_real_clips_are_readable(data_root, tmp_path, capsys):
    folder = data_root / "audio_clips" / "audio"
    tracks = [(path.stem, path) for path in sorted(folder.rglob("*.mp3"))]
    assert len(tracks) == 78
    report = extract_mels(tracks, tmp_path, **HERE)
    store = MelStore.open(tmp_path)
    with capsys.disabled():
        seconds = store.frames().sum() * 512 / 22050
        print(f"\nreal clips: {report}, {seconds / 60:.1f} minutes, shortest {store.frames().min()} frames")
    assert (report.ok, report.skipped) == (78, {})
    assert np.isfinite(store.loudness_db).all()
    crops = store.crops(np.arange(78), np.zeros(78, np.int64), 130)
    assert np.isfinite(crops.astype(np.float32)).all()
    assert (crops.astype(np.float32).max((1, 2)) > 0.5).all()


@pytest.mark.parametrize("rank", [0, 1])
def test_each_process_writes_shards_of_its_own(rank):
    opened = []
    shards = PredictionShards(lambda rank: opened.append(rank), lambda batch, prediction: [])
    module = SimpleNamespace(predict_step=lambda batch: None)
    shards.setup(SimpleNamespace(global_rank=rank, world_size=2, accumulate_grad_batches=1), module, "predict")
    assert opened == [rank]


@pytest.mark.parametrize("rank", [0, 1])
def test_the_first_process_alone_shows_progress(rank, monkeypatch):
    shards = PredictionShards(lambda rank: None, lambda batch, prediction: [])
    monkeypatch.setattr("mwe.audio.predict.rank_zero_only.rank", rank)
    with shards.showing_progress(3):
        assert (shards._advance is not None) == (rank == 0)
    assert shards._advance is None
