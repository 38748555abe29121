"""What commands show on a terminal, without one, after Ctrl+C, and to a reader that has left."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mwe.audio.predict import Hardware
from mwe.core.progress import advancing
from mwe.search import Library
from mwe.search.index import index_library

ROOT = Path(__file__).parents[2]
# takes the terminal on its input for its own, so that Ctrl+C is a signal
TAKE = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
SLOW = """
    import sys, time
    from mwe.audio import clips
    from mwe.cli import main

    guarded = clips.guarded

    def slow(*asked, **how):
        time.sleep(0.05)
        return guarded(*asked, **how)

    clips.guarded = slow
    if __name__ == "__main__":
        main(sys.argv[1:])
"""
ESCAPE = re.compile(r"\x1b\[[?\d;]*[a-zA-Z]")
NOISE = re.compile(r"GPU|TPU|HPU|LOCAL_RANK|Lightning|Warning|KeyboardInterrupt|Traceback|many workers")


@pytest.fixture
def forty(miniature, tmp_path):
    """A folder of forty files."""
    music = tmp_path / "music"
    music.mkdir()
    for number in range(40):
        shutil.copy(miniature / f"audio/t{number % 24:02}.flac", music / f"{number:02}.flac")
    return music


def on_terminal(command, press_at="", seconds=180):
    """Run a command on a terminal of 80 columns, and press Ctrl+C when a text appears; exit code and what it showed."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, sys.executable, *command],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown, deadline = "", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            content = os.read(ours, 4096)
        except OSError:  # the terminal has no process any more
            content = b""
        if not content:
            break
        shown += content.decode(errors="replace")
        if press_at and re.search(press_at, shown):
            os.write(ours, b"\x03")
            press_at = ""
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(1, deadline - time.monotonic()))
    process.kill()
    os.close(ours)
    return process.wait(), ESCAPE.sub("", shown)


def indexing(script, music, run, out, workers):
    script.write_text(textwrap.dedent(SLOW))
    hardware = ["--workers", str(workers), "--devices", "1", "--accelerator", "cpu"]
    return [str(script), "index", str(music), "--model", str(run), "--out", str(out), *hardware]


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_ctrl_c_says_what_is_kept_and_the_same_command_goes_on(forty, run, tmp_path, workers):
    out = tmp_path / "lib"
    command = indexing(tmp_path / "job.py", forty, run, out, workers)
    code, shown = on_terminal(command, press_at="8/40")
    kept = re.search(r"index: ([\d,]+) files are kept; run the same command to go on", shown)
    assert code == 130, shown
    assert kept, shown
    assert 8 <= int(kept[1]) <= 24
    assert not NOISE.search(shown), shown
    code, shown = on_terminal(command)
    assert code == 0, shown
    assert f"40 ok, 0 skipped ({kept[1]} unchanged since an earlier run)" in " ".join(shown.split())
    assert re.search(r"reading files.* \d+/\d+ +[\d.]+/s +\d:\d\d:\d\d", shown), shown  # files a second, and time left
    assert not NOISE.search(shown), shown
    assert len(Library(out)) == 40


def test_without_a_terminal_there_is_a_line_now_and_then(capsys):
    with advancing("reading files", 3, line_seconds=0) as advance:
        for _ in range(3):
            time.sleep(0.001)
            advance(1)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r"reading files: 1 of 3, [\d,.]+ a second, \d s left", lines[0])
    assert re.fullmatch(r"reading files: 3 in \d+\.\d s", lines[-1])
    with advancing("reading files", 3) as advance:
        advance(3)
    assert len(capsys.readouterr().err.splitlines()) == 1


def commands_that_print(library):
    """Commands of several kinds, each of which prints."""
    return (
        ["mwe", "--help"], ["mwe", "data", "list"], ["mwe", "search", "low", "--library", library],
        ["mwe", "search", "low", "--library", library, "--format", "csv"], ["siamese_tags", "--help"],
    )  # fmt: skip


def test_a_reader_that_leaves_ends_every_command_without_a_word(forty, run, tmp_path):
    index_library([forty], run, tmp_path / "lib", hardware=Hardware(workers=0, devices=1, accelerator="cpu"))
    for command in commands_that_print(tmp_path / "lib"):
        reading, writing = os.pipe()
        os.close(reading)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        arguments = [sys.executable, "-m", *map(str, command)]
        done = subprocess.run(
            arguments, stdout=writing, stderr=subprocess.PIPE, env=environment, cwd=tmp_path, timeout=180, check=False
        )
        os.close(writing)
        assert done.stderr == b"", command
        assert done.returncode in (141, 1, 0), command  # 1 by rich; argparse does not tell that nobody read its help
