"""The benchmark of duplicates, on a small part of the real recordings."""

import json

import pytest

from benchmarks.duplicates import duplicates
from benchmarks.recording_copies import KINDS


@pytest.mark.data
@pytest.mark.slow
def test_copies_of_real_recordings_are_found_and_covers_are_not(data_root, capsys):
    pytest.importorskip("av")
    pytest.importorskip("midirenderer")
    duplicates(data_root / "audio_clips/audio", tunes=2, bands=3, every=13, workers=1)
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures.keys() == {*(kind.name for kind in KINDS), "all in one library", "covers alone, no copies"}
    together = figures["all in one library"]
    assert together["wrong"] == 0
    assert together["true"] > 200
    assert together["recall"] >= 0.95
    assert figures["covers alone, no copies"]["found"] == 0
