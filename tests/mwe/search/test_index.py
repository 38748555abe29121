"""Index jobs: whole, stopped, repeated, on bad files, with other models."""

import contextlib
import csv
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter

import numpy as np
import pytest
import soundfile
import torch

from mwe.audio import clips as clips_module
from mwe.audio import decoder_process
from mwe.audio.predict import Hardware
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import read_json
from mwe.core.locks import LOCK
from mwe.search import Library, lock, model_texts, skipped_tracks
from mwe.search.compare import compare_files
from mwe.search.duplicates import find_duplicates
from mwe.search.embed import embed_files
from mwe.search.embedding_job import predict_files
from mwe.search.embedding_parts import PartWriter
from mwe.search.index import index_library
from mwe.search.lock import only_writer
from mwe.search.model import TrainedModel

HERE = Hardware(workers=0, devices=1, accelerator="cpu")


@pytest.fixture
def read(monkeypatch):
    """Names of the files that are decoded."""
    names = []
    monkeypatch.setattr(
        clips_module, "guarded", lambda reader, path, **how: names.append(path.name) or reader(path, **how)
    )
    return names


def content(root):
    library = Library(root)
    return dict(zip(library.tracks["track_id"].to_pylist(), np.array(library.matrix_ND), strict=True))


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, vector in expected.items():
        np.testing.assert_allclose(found[name], vector, atol=1e-5)


def test_a_folder_with_its_table_becomes_a_library(miniature, run, tmp_path):
    report = index_library([miniature], run, tmp_path / "lib", hardware=HERE)
    assert (report.ok, report.skipped, report.reused) == (24, {}, 0)
    library, trained = Library(tmp_path / "lib"), TrainedModel(run)
    assert library.tracks["track_id"].to_pylist() == [f"t{number:02}" for number in range(24)]
    assert library.store.tags_of(0) == ["low", "pure", "bass drone"]
    assert library.store.rows_of_artist("artist1").tolist() == [4, 5, 6, 7]
    assert library.space == trained.space
    outcome = embed_files(trained, [miniature / "audio/t05.flac"])[0]
    np.testing.assert_allclose(library.matrix_ND[5], outcome.embedding_D, atol=1e-5)
    assert library.tracks["seconds"][5].as_py() == pytest.approx(outcome.seconds)
    assert {path.name.split("-")[0] for path in (tmp_path / "lib").iterdir()} == {
        *("library.json", "embeddings", "tracks", "metadata", "tags", "words", "skipped.tsv", ".lock")
    }


def test_the_library_finds_what_one_hears(miniature, run, tmp_path):
    index_library([miniature], run, tmp_path / "lib", hardware=HERE)
    library = Library(tmp_path / "lib")
    for query, tag in (("low", "low"), ("tag:bass drone", "low"), ("buzzing", "buzzing"), ("pure - buzzing", "pure")):
        hits = library.search(query, k=6).hits
        assert sum(tag in hit.tags for hit in hits) >= 5, query
    like = library.search(f"file:{miniature / 'audio/t05.flac'}", k=1).hits[0]
    assert (like.track_id, round(like.score, 3)) == ("t05", 1.0)


def test_only_new_and_changed_files_are_read(music, run, tmp_path, read):
    out = tmp_path / "lib"
    (music / "page.mp3").write_text("<html>")
    first = index_library([music], run, out, hardware=HERE)
    assert (first.ok, first.skipped, len(read)) == (8, {"not-audio": 1}, 9)
    edition, before = read_json(out / "library.json")["edition"], content(out)
    read.clear()
    again = index_library([music], run, out, hardware=HERE)
    assert (again.ok, again.reused, again.skipped, read) == (8, 9, {"not-audio": 1}, [])
    assert read_json(out / "library.json")["edition"] == edition

    soundfile.write(music / "0.flac", 0.2 * np.sin(np.arange(88200) / 9), 22050)
    shutil.copy(music / "2.flac", music / "new.flac")
    (music / "more/1.flac").unlink()
    (music / "page.mp3").unlink()
    (music / "4.flac").write_bytes(b"")
    third = index_library([music], run, out, hardware=HERE)
    assert sorted(read) == ["0.flac", "4.flac", "new.flac"]
    assert (third.ok, third.reused, third.removed, third.skipped) == (7, 5, 1, {"empty": 1})
    after = content(out)
    assert set(after) == {*before, "new.flac"} - {"more/1.flac", "4.flac"}
    assert not np.allclose(after["0.flac"], before["0.flac"])
    np.testing.assert_array_equal(after["2.flac"], before["2.flac"])
    np.testing.assert_allclose(after["new.flac"], before["2.flac"], atol=1e-5)
    assert len([path for path in out.iterdir() if path.suffix == ".npy"]) == 1


def test_broken_files_are_listed_with_reasons_and_the_others_found(music, broken, run, tmp_path):
    for path in broken.values():
        shutil.copy(path, music / path.name)
    report = index_library([music], run, tmp_path / "lib", hardware=HERE, max_failed=0.6)
    assert report.ok == 8
    assert report.skipped == Counter(name.split("_")[0] for name in broken)
    with open(report.table, encoding="utf-8", newline="") as file:
        lines = {line["track_id"]: line["reason"] for line in csv.DictReader(file, delimiter="\t")}
    assert lines == {path.name: name.split("_")[0] for name, path in broken.items()}
    assert len(Library(tmp_path / "lib").search("low", k=100).hits) == 8


def test_a_cut_file_is_indexed_as_far_as_it_goes_and_named(run, tmp_path, rng):
    tone = 0.1 * rng.standard_normal(8 * 22050).astype(np.float32)
    music, out = tmp_path / "music", tmp_path / "lib"
    music.mkdir()
    for name in ("half.wav", "half.mp3", "whole.flac", "first.wav"):
        soundfile.write(music / name, tone[: len(tone) // 2 if name == "first.wav" else None], 22050)
    for name in ("half.wav", "half.mp3"):
        (music / name).write_bytes((music / name).read_bytes()[: (music / name).stat().st_size // 2])
    for number in range(2):  # the second job reads no file, and tells the same
        report = index_library([music], run, out, hardware=HERE)
        assert (report.ok, report.partly_read, report.skipped, report.reused) == (2, {"truncated": 2}, {}, 4 * number)
        assert f"2 ok, 0 skipped; 2 read in part: truncated x 2 -> {out / 'partly_read.tsv'}" in str(report)
        assert f"{music / 'half.wav'}: truncated: 4.0 s of the 8.0 s it states" in report.note
        with open(out / "partly_read.tsv", encoding="utf-8", newline="") as file:
            lines = {line["track_id"]: line for line in csv.DictReader(file, delimiter="\t")}
        assert {name: line["condition"] for name, line in lines.items()} == dict.fromkeys(
            ("half.mp3", "half.wav"), "truncated"
        )
        assert lines["half.wav"]["verdict"] == "truncated: 4.0 s of the 8.0 s it states"
    assert content(out)["half.wav"] @ content(out)["first.wav"] > 0.999
    whole = index_library([music], run, tmp_path / "whole", hardware=HERE, thorough=True)
    assert whole.partly_read == {"truncated": 2}
    for name, vector in content(tmp_path / "whole").items():
        assert vector @ content(out)[name] > 0.999
    library = Library(out)
    tagged = library.tag_files([music / "half.mp3", music / "whole.flac"])
    assert [file.status for file in tagged] == ["truncated", "ok"]
    assert tagged[0].to_dict()["detail"].startswith("truncated: ")
    assert library.search(f"file:{music / 'half.wav'}", k=1).notes == (
        "only a part of the file was read: truncated: 4.0 s of the 8.0 s it states",
    )
    compared = compare_files(library, music / "half.wav", music / "whole.flac")
    assert compared.partly_read == {str(music / "half.wav"): "truncated: 4.0 s of the 8.0 s it states"}
    assert compared.match.same
    group = next(group for group in find_duplicates(library, workers=1).groups if len(group) > 2)
    assert [copy.condition for copy in group][-2:] == ["truncated", "truncated"]
    soundfile.write(music / "half.wav", tone, 22050)
    soundfile.write(music / "half.mp3", tone, 22050)
    report = index_library([music], run, out, hardware=HERE)
    assert (report.ok, report.partly_read) == (4, {})
    assert not (out / "partly_read.tsv").exists()


@pytest.mark.data
def test_real_recordings_of_many_formats_with_ten_broken_files_among_them(data_root, broken, run, tmp_path):
    music = tmp_path / "music"
    shutil.copytree(data_root / "audio_clips", music)
    whole = [path for path in sorted(music.rglob("*")) if path.suffix in (".mp3", ".ogg")]
    for path, ending in zip(whole, ("flac", "wav", "aiff", "ogg", "mp3"), strict=False):
        wave, rate = soundfile.read(path)
        soundfile.write(music / f"again.{ending}", np.stack([wave, 0.5 * wave], axis=1), rate)
    ten = dict(list(broken.items())[:10])
    for path in ten.values():
        shutil.copy(path, music / path.name)
    report = index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert report.ok == len(whole) + 5 == 86
    assert report.skipped == Counter(name.split("_")[0] for name in ten)
    with open(report.table, encoding="utf-8", newline="") as file:
        lines = {line["track_id"]: line["reason"] for line in csv.DictReader(file, delimiter="\t")}
    assert lines == {path.name: name.split("_")[0] for name, path in ten.items()}
    library = Library(tmp_path / "lib")
    names = library.tracks["track_id"].to_pylist()
    assert {name.rsplit(".")[-1] for name in names} == {"mp3", "ogg", "flac", "wav", "aiff"}
    assert {hit.track_id for hit in library.search("low + buzzing", k=100).hits} == set(names)
    for name in names[::9]:
        assert library.search(f"file:{music / name}", k=1).hits[0].score == pytest.approx(1, abs=1e-5)


def test_too_many_failures_are_an_error_after_everything_was_tried(music, run, tmp_path):
    for number in range(9):
        (music / f"page{number}.mp3").write_text("<html>")
    with pytest.raises(BadFileError, match=r"skipped\.tsv: 9 of 17 files cannot be embedded, more than 50%"):
        index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert len(Library(tmp_path / "lib")) == 8


def test_a_silent_encoder_costs_the_track_and_not_the_job(music, run, tmp_path, monkeypatch):
    from mwe.joint import JointEmbedding

    embed = JointEmbedding.embed
    monkeypatch.setattr(
        JointEmbedding, "embed", lambda model, mel: embed(model, mel) * torch.tensor([[0.0], *[[1.0]] * (len(mel) - 1)])
    )
    report = index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert (report.ok, report.skipped) == (7, {"no-embedding": 1})


def test_a_crash_while_the_edition_is_written_leaves_the_former_one(music, run, tmp_path, monkeypatch, read):
    out = tmp_path / "lib"
    index_library([music], run, out, hardware=HERE)
    before = content(out)
    shutil.copy(music / "2.flac", music / "new.flac")
    read.clear()

    def full(*_, **__):
        raise OSError("disk full")

    for place in ("pyarrow.parquet.write_table", "mwe.search.layout.write_json"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place if "layout" in place else "mwe.search.assemble.pq.write_table", full)
            with pytest.raises(OSError, match="disk full"):
                index_library([music], run, out, hardware=HERE)
        assert_same(content(out), before)
    monkeypatch.undo()
    index_library([music], run, out, hardware=HERE)
    assert_same(content(out), {**before, "new.flac": before["2.flac"]})
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == [".lock"]


DEADLY = """
import os, signal, sys
sys.path.remove({folder!r})
del sys.modules["soundfile"]
import soundfile
sys.path.insert(0, {folder!r})  # a worker that imports this starts the process that decodes
opened = soundfile.SoundFile.__init__

def crash(self, file, *given, **how):
    if b"deadly" in os.fsencode(file):
        os.kill(os.getpid(), signal.SIGSEGV)
    opened(self, file, *given, **how)

soundfile.SoundFile.__init__ = crash
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_crash_of_the_decoder_costs_its_file_and_nothing_else(music, run, tmp_path, monkeypatch, workers):
    whole, out = tmp_path / "whole", tmp_path / "lib"
    index_library([music], run, whole, hardware=HERE)
    for name in ("more/deadly1.flac", "deadly2.flac"):
        shutil.copy(music / "2.flac", music / name)
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow/soundfile.py").write_text(DEADLY.format(folder=str(tmp_path / "shadow")))
    monkeypatch.syspath_prepend(tmp_path / "shadow")
    decoder_process.close_processes()  # the next one reads by the library that crashes
    report = index_library([music], run, out, hardware=HERE._replace(workers=workers))
    decoder_process.close_processes()
    assert (report.ok, report.skipped) == (8, {"crashed": 2})
    assert "crashed x 2" in str(report)
    skipped = skipped_tracks.read_skipped(out)
    assert set(skipped) == {"more/deadly1.flac", "deadly2.flac"}
    assert {found.detail for found in skipped.values()} == {"reading it crashes the decoder (SIGSEGV)"}
    assert_same(content(out), content(whole))
    assert index_library([music], run, out, hardware=HERE).reused == 10


def test_decoders_killed_at_any_moment_lose_no_file(music, run, tmp_path, monkeypatch, rng):
    index_library([music], run, tmp_path / "whole", hardware=HERE)
    for number in range(8, 40):
        shutil.copy(music / f"{'more/' * (number % 2)}{number % 8}.flac", music / f"{number}.flac")
    guarded, killed, timers = decoder_process.guarded, [], []

    def kill(number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
            killed.append(number)

    def disturbed(reader, path, **how):
        if path.name[0] in "357":
            guarded(reader, path, **how)
            number = decoder_process._processes[os.getpid()]._process.pid
            timers.append(threading.Timer(rng.random() * 0.02, kill, [number]))
            timers[-1].start()
        return guarded(reader, path, **how)

    monkeypatch.setattr(clips_module, "guarded", disturbed)
    report = index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert len(killed) > 3
    assert (report.ok, report.skipped) == (40, {})
    found, whole = content(tmp_path / "lib"), content(tmp_path / "whole")
    assert len(found) == 40
    assert_same({name: found[name] for name in whole}, whole)


@pytest.mark.slow
def test_killed_half_way_and_resumed_without_embedding_again(music, run, tmp_path, read):
    out, script = tmp_path / "lib", tmp_path / "job.py"
    script.write_text(
        textwrap.dedent(f"""
        import time
        from pathlib import Path
        from mwe.audio import clips
        from mwe.search.index import index_library
        from mwe.audio.predict import Hardware
        from mwe.search.embedding_job import predict_files
        from mwe.search import index

        guarded = clips.guarded

        def slow(*asked, **how):
            time.sleep(0.2)
            return guarded(*asked, **how)

        clips.guarded = slow
        one = lambda *given, **how: predict_files(*given, batch_files=1, **how)
        index.predict_files = one
        index_library([Path({str(music)!r})], Path({str(run)!r}), Path({str(out)!r}),
                      hardware=Hardware(workers=0, devices=1, accelerator="cpu"), part_files=2)
        """)
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([sys.executable, script], env=environment, cwd=tmp_path, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not list(out.glob("parts/part-*.parquet")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    done = 2 * len(list(out.glob("parts/part-*.parquet")))
    assert 2 <= done < 8
    with pytest.raises(MissingDataError, match="no library in"):
        Library(out)
    report = index_library([music], run, out, hardware=HERE)
    assert (report.ok, report.reused, len(read)) == (8, done, 8 - done)
    assert not (out / "parts").exists()
    index_library([music], run, tmp_path / "whole", hardware=HERE)
    assert_same(content(out), content(tmp_path / "whole"))


def test_two_jobs_never_write_into_one_library(music, run, tmp_path, monkeypatch):
    out = tmp_path / "lib"
    out.mkdir()
    program = (
        "import sys, time, filelock; held = filelock.FileLock(sys.argv[1]); held.acquire(); print('in', flush=True)"
    )
    holding = [sys.executable, "-c", f"{program}; time.sleep(100)", out / LOCK]
    other = subprocess.Popen(holding, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"in\n"
    monkeypatch.setattr(lock, "WAIT", 0.1)
    with pytest.raises(BadFileError, match=r"lib: another command is writing to this library\. Wait until"):
        index_library([music], run, out, hardware=HERE)
    other.kill()  # the lock of a killed job is nobody's
    other.communicate()
    monkeypatch.setattr(lock, "WAIT", 10.0)
    assert index_library([music], run, out, hardware=HERE).ok == 8
    monkeypatch.setenv("NODE_RANK", "1")  # a further process of a job that has the lock
    with only_writer(out), only_writer(out):
        pass


def test_a_crash_after_the_first_part_is_made_good(music, run, tmp_path, monkeypatch, read):
    out, flush = tmp_path / "lib", PartWriter.flush

    def flush_once(writer):
        if list(out.glob("parts/part-*")):
            raise OSError("disk full")
        flush(writer)

    monkeypatch.setattr(PartWriter, "flush", flush_once)
    monkeypatch.setattr("mwe.search.embedding_job.predict_files.__defaults__", (2, *predict_files.__defaults__[1:]))
    with pytest.raises(OSError, match="disk full"):
        index_library([music], run, out, hardware=HERE, part_files=4)
    monkeypatch.setattr(PartWriter, "flush", flush)
    read.clear()
    report = index_library([music], run, out, hardware=HERE)
    assert (report.ok, report.reused, len(read)) == (8, 4, 4)


@pytest.mark.slow
def test_two_processes_give_the_same_library(music, run, tmp_path):
    (music / "page.mp3").write_text("<html>")
    two = Hardware(workers=0, devices=2, accelerator="cpu", strategy="ddp_spawn")
    report = index_library([music], run, tmp_path / "two", hardware=two)
    assert (report.ok, report.skipped) == (8, {"not-audio": 1})
    index_library([music], run, tmp_path / "one", hardware=HERE)
    assert_same(content(tmp_path / "two"), content(tmp_path / "one"))


def test_half_precision_costs_three_digits(music, run, tmp_path):
    index_library([music], run, tmp_path / "whole", hardware=HERE)
    index_library([music], run, tmp_path / "half", hardware=HERE, dtype="float16")
    half = content(tmp_path / "half")
    assert half["0.flac"].dtype == np.float16
    for name, vector in content(tmp_path / "whole").items():
        np.testing.assert_allclose(half[name].astype(np.float32), vector, atol=5e-4)


def test_names_that_are_no_text_are_indexed(music, run, tmp_path):
    odd = os.fsencode(music) + b"/\xff\xfe.flac"
    shutil.copy(music / "0.flac", odd)
    report = index_library([music], run, tmp_path / "lib", hardware=HERE)
    assert report.ok == 9
    assert "\\xff\\xfe.flac" in Library(tmp_path / "lib").tracks["track_id"].to_pylist()
    assert index_library([music], run, tmp_path / "lib", hardware=HERE).reused == 9


def test_the_calibration_is_made_once(music, run, tmp_path, monkeypatch):
    index_library([music], run, tmp_path / "lib", hardware=HERE)
    monkeypatch.setattr(model_texts, "tags_of_run", lambda trained: pytest.fail("calibrated again"))
    shutil.copy(music / "0.flac", music / "new.flac")
    assert index_library([music], run, tmp_path / "lib", hardware=HERE).ok == 9
