"""The clocks of mel extraction tell kinds of work apart, and the extraction is the package's own."""

import json
import time

import pytest
import soundfile

from benchmarks import joint_mel
from benchmarks.joint_mel import Clock, measure


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_inner_work_counts_for_its_own_kind_alone():
    clock = Clock()
    inner = clock.timed("inner", lambda: busy(0.02))

    def both():
        busy(0.01)
        inner()

    clock.timed("outer", both)()
    assert clock.seconds == pytest.approx({"inner": 0.02, "outer": 0.01}, abs=0.008)


def test_both_formats_are_measured_and_the_decoder_is_left_as_it_was(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(joint_mel, "alone", lambda work, *given: work(*given))
    before = soundfile.SoundFile.read
    measure(clips=1, seconds=2.0, repeats=2, out=str(tmp_path / "speed.json"))
    assert soundfile.SoundFile.read is before
    found = json.loads((tmp_path / "speed.json").read_text())
    assert '"mp3"' in capsys.readouterr().out
    for figures in found.values():
        assert figures["audio_seconds"] == pytest.approx(4.0, abs=0.2)
        assert sum(figures["shares"].values()) == pytest.approx(1)
        assert {"decoder", "resampler", "spectrogram", "rest"} == set(figures["shares"])
