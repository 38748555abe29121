"""Listening to files: what is said of each, in order, in JSON, and when the user stops it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mwe.audio.check import CheckedFile, check_files, summary
from mwe.cli import main

ROOT = Path(__file__).parents[3]
RATE = 44100


def song(seconds=8.0):
    rng = np.random.default_rng(0)
    at = np.arange(int(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * (200 + 100 * at) * at) + 0.02 * rng.standard_normal(len(at))).astype(np.float32)


def damaged(source, target, place=0.5, size=150, share=1.0):
    content = bytearray(source.read_bytes())
    at = int(len(content) * place)
    content[at : at + size] = np.random.default_rng(0).bytes(size)
    target.write_bytes(content[: int(len(content) * share)])
    return target


@pytest.fixture
def folder(tmp_path):
    """Sound files and broken ones."""
    music = tmp_path / "music"
    (music / "more").mkdir(parents=True)
    for ending in ("flac", "ogg", "mp3", "wav"):
        soundfile.write(music / f"whole.{ending}", song(), RATE)
    damaged(music / "whole.mp3", music / "more/scratched.mp3", size=1500)
    damaged(music / "whole.wav", music / "more/cut.wav", size=0, share=0.5)
    (music / "more/page.mp3").write_text("<html>")
    (music / "more/empty.m4a").touch()
    soundfile.write(music / "more/silence.flac", np.zeros(RATE), RATE)
    (music / "notes.txt").write_text("not for listening to")
    (music / ".hidden.mp3").write_text("neither")
    return music


def test_every_file_gets_its_verdict_in_order(folder):
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".flac", ".ogg", ".mp3", ".wav", ".m4a"))
    paths = [path for path in paths if not path.name.startswith(".")]
    found = list(check_files(paths, workers=3))
    assert [file.path for file in found] == [str(path) for path in paths]
    by_name = {Path(file.path).name: file for file in found}
    assert {name: file.status for name, file in by_name.items()} == {
        **dict.fromkeys(("whole.flac", "whole.ogg", "whole.mp3", "whole.wav", "silence.flac"), "ok"),
        "scratched.mp3": "damaged", "cut.wav": "truncated", "page.mp3": "not-audio", "empty.m4a": "empty",
    }  # fmt: skip
    assert by_name["whole.flac"].seconds == 8.0
    assert str(by_name["whole.flac"]) == "ok"
    assert str(by_name["silence.flac"]) == "ok: silent"
    assert str(by_name["scratched.mp3"]).startswith("ok: damaged at ")
    assert by_name["scratched.mp3"].verdict.damaged_at[0] == pytest.approx(4, abs=0.3)
    assert str(by_name["cut.wav"]) == "truncated: 4.0 s of the 8.0 s it states"
    assert by_name["cut.wav"].to_dict()["lost_seconds"] == pytest.approx(4, abs=0.01)


def test_an_mp4_without_its_end_is_truncated(tmp_path):
    pytest.importorskip("av")
    boxes = (b"ftypM4A ", b"free" + bytes(50), b"mdat" + bytes(5000))
    whole = b"".join((len(box) + 4).to_bytes(4, "big") + box for box in boxes)
    for content in (whole, whole[:-100]):
        (tmp_path / "a.m4a").write_bytes(content)
        file = next(check_files([tmp_path / "a.m4a"]))
        assert str(file) == "truncated: MP4 or M4A without the index that stands at its end"


@pytest.mark.parametrize("ending", ["flac", "ogg"])
def test_damage_that_stops_libsndfile_is_passed_over(tmp_path, ending):
    pytest.importorskip("av")
    with soundfile.SoundFile(tmp_path / f"a.{ending}", "w", RATE, 1) as file:
        for block in np.split(song(60), 60):  # much Vorbis at once overflows libsndfile's stack
            file.write(block)
    damaged(tmp_path / f"a.{ending}", tmp_path / f"b.{ending}")
    file = next(check_files([tmp_path / f"b.{ending}"]))
    assert file.status == "damaged"
    assert file.seconds == pytest.approx(60, rel=0.02)
    assert len(file.verdict.damaged_at) == 1
    assert file.verdict.damaged_at[0] == pytest.approx(30, abs=3)


def test_the_command_names_broken_files_and_exits_with_1(folder, capfd):
    with pytest.raises(SystemExit) as left:
        main(["check", str(folder)])
    assert left.value.code == 1
    told = capfd.readouterr()
    lines = told.out.splitlines()
    assert [Path(line.split(": ")[0]).name for line in lines[:-1]] == [
        "cut.wav", "empty.m4a", "page.mp3", "scratched.mp3", "silence.flac"
    ]  # fmt: skip
    assert lines[-1] == "9 files, 0.7 minutes of sound: 5 ok, 1 damaged, 1 empty, 1 not-audio, 1 truncated"
    assert told.err.startswith("listening to files: 9 in ")


def test_json_tells_every_file(folder, capsys):
    main(["check", str(folder / "whole.flac"), str(folder / "more/silence.flac"), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert [Path(file["path"]).name for file in told["files"]] == ["whole.flac", "silence.flac"]
    assert told["files"][0] == {
        "path": str(folder / "whole.flac"), "status": "ok", "detail": "", "seconds": 8.0, "reader": "libsndfile",
        "kind": "flac (pcm_16)", "damaged_at": [], "lost_seconds": 0.0, "stream": "",
    }  # fmt: skip
    assert (told["summary"], told["stopped"]) == ("2 files, 0.1 minutes of sound: 2 ok", False)


def test_nothing_to_listen_to_is_said(tmp_path):
    for given, what in (([str(tmp_path)], "no audio files in"), ([str(tmp_path / "none")], "not found. Name a folder")):
        with pytest.raises(SystemExit, match=what):
            main(["check", *given])


def test_ctrl_c_says_what_was_heard_and_leaves_no_process(tmp_path):
    soundfile.write(tmp_path / "a.flac", song(120), RATE)
    for number in range(400):
        (tmp_path / f"{number}.flac").symlink_to(tmp_path / "a.flac")
    command = [sys.executable, "-m", "mwe", "check", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and subprocess.call(["pgrep", "-P", str(process.pid)], stdout=subprocess.DEVNULL):
        time.sleep(0.1)  # until it has a process that decodes
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    told, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert told.startswith("stopped after ")
    assert "Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_the_summary_counts_hours():
    assert summary([CheckedFile("a", "crashed", "twice")] * 2) == "2 files, 0.0 minutes of sound: 0 ok, 2 crashed"
