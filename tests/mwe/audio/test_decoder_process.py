"""Decoders that crash, hang, print and fail, in the process that is there for them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mwe.audio.decode import decode
from mwe.audio.decoder_process import DecoderProcess, guarded
from mwe.audio.verdict import UnreadableAudio


def crash(path):
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_once(path):
    if not path.exists():
        path.touch()
        crash(path)
    return "read"


def hang(path):
    time.sleep(60)


def chatter(path):
    print("to one")
    print("to the other", file=sys.stderr, flush=True)
    os.write(1, b"by hand\n")
    os.write(2, b"by hand\n")
    return os.getpid()


def fail(path):
    raise LookupError(f"nothing for {path}")


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """The other process imports the functions above by their names."""
    monkeypatch.syspath_prepend(Path(__file__).parents[3])


@pytest.fixture
def process():
    with DecoderProcess(max_wait=5) as process:
        yield process


def test_it_gives_what_the_function_gives(process, tmp_path):
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(np.arange(44100) / 9), 44100)
    wave, seconds = process.call(decode, tmp_path / "a.wav", sample_rate=16000)
    assert (wave.shape, wave.dtype, seconds) == ((16000,), np.float32, 1.0)
    np.testing.assert_array_equal(wave, decode(tmp_path / "a.wav", sample_rate=16000).wave)
    np.testing.assert_array_equal(wave, guarded(decode, tmp_path / "a.wav", sample_rate=16000).wave)
    with pytest.raises(UnreadableAudio) as raised:
        process.call(decode, tmp_path / "none.wav")
    assert (raised.value.reason, raised.value.detail) == ("missing", "no such file")


def test_relative_paths_count_from_the_current_folder(process, tmp_path, monkeypatch):
    process.call(chatter, "x")
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(np.arange(44100) / 9), 44100)
    monkeypatch.chdir(tmp_path)
    assert process.call(decode, "a.wav").seconds == 1.0


def test_a_crash_is_a_verdict_and_the_next_file_is_read(process, tmp_path):
    first = process.call(chatter, tmp_path)
    with pytest.raises(UnreadableAudio, match=r"crashed: reading it crashes the decoder \(SIGSEGV\)"):
        process.call(crash, tmp_path)
    assert process.call(chatter, tmp_path) not in (first, os.getpid())


def test_a_file_is_tried_again_in_a_fresh_process(process, tmp_path):
    assert process.call(crash_once, tmp_path / "tried") == "read"


def test_a_file_that_hangs_is_given_up(tmp_path):
    with DecoderProcess(max_wait=1) as process:
        process.call(chatter, tmp_path)
        begun = time.monotonic()
        with pytest.raises(UnreadableAudio, match="crashed: the decoder gave nothing in 1 s"):
            process.call(hang, tmp_path)
        assert time.monotonic() - begun < 5
        process.call(chatter, tmp_path)


def test_what_decoders_print_reaches_nobody(process, tmp_path, capfd):
    assert process.call(chatter, tmp_path) == process.call(chatter, tmp_path)
    assert capfd.readouterr() == ("", "")


def test_an_unforeseen_error_is_told(process, tmp_path):
    with pytest.raises(RuntimeError, match=r"LookupError: nothing for /.*x"):
        process.call(fail, "x")
    assert process.call(chatter, tmp_path)


def test_an_interrupted_call_leaves_no_answer_for_the_next(process, tmp_path):
    process.call(chatter, tmp_path)

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            process.call(hang, tmp_path)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert process.call(crash_once, tmp_path / "tried") == "read"


def test_it_ends_with_the_process_that_started_it(tmp_path):
    program = "; ".join([
        f"import os, sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}",
        "import test_decoder_process as t",
        "print(t.guarded(t.chatter, '.'), flush=True)",
        "os.kill(os.getpid(), 9)",
    ])  # fmt: skip
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    number, deadline = int(told.stdout), time.monotonic() + 10
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(number, 0)
            time.sleep(0.05)
        pytest.fail(f"process {number} lives on")
