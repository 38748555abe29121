"""Broken files of every kind: none crashes, hangs, prints, or ends in anything but a verdict."""

import json
import os
import time
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from mwe.audio.check import check_files
from mwe.audio.clips import read_row
from mwe.audio.cut import Cut
from mwe.audio.excerpts import read_excerpts
from mwe.audio.mel_settings import MelSettings
from mwe.audio.tag_reader import read_tags

pytest.importorskip("av")

SCRIPT = Path(__file__).parents[3] / "scripts/messy_collection.py"
RATE = 44100
CUT = Cut.of(MelSettings(), 3.0, 8)
READABLE = {"ok", "damaged"}
UNREADABLE = {"truncated", "not-audio", "encrypted", "empty", "non-finite", "silent", "too-short"}


def song(seconds=6.0):
    """Two channels of tones that come and go, over soft noise."""
    at = np.arange(int(seconds * RATE)) / RATE
    mono = 0.2 * np.sin(2 * np.pi * 220 * at) * (np.sin(5 * at) > 0) + 0.1 * np.sin(2 * np.pi * (400 + 90 * at) * at)
    mono = mono + 0.01 * np.random.default_rng(0).standard_normal(len(at))
    return np.stack([mono, 0.7 * mono]).astype(np.float32)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """A whole file of every kind."""
    described = spec_from_file_location("messy_collection", SCRIPT)
    script = module_from_spec(described)
    described.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("kinds")
    wave_CN = song()
    for number, kind in enumerate(kind for kind in script.KINDS.values() if kind.expected == "ok"):
        kind.make(folder / f"{number:02}.{kind.ending}", wave_CN)
    return sorted(folder.iterdir())


def broken(content, other, rng):
    """Cut, flipped, or with another file's header."""
    changed = bytearray(content)
    way = rng.integers(3)
    if way == 0:
        return bytes(changed[: rng.integers(1, len(changed))])
    if way == 1:
        reach = len(changed) if rng.integers(2) else min(600, len(changed))
        for byte in rng.integers(0, reach, rng.integers(1, 30)):
            changed[byte] = rng.integers(256)
        return bytes(changed)
    size = int(rng.integers(4, 600))
    return other[:size] + bytes(changed[size:])


def break_files(kinds, folder, count, seed):
    """Broken files of every kind in turn."""
    rng = np.random.default_rng(seed)
    contents = [path.read_bytes() for path in kinds]
    for number in range(count):
        kind = number % len(kinds)
        path = folder / f"{number:04}{kinds[kind].suffix}"
        path.write_bytes(broken(contents[kind], contents[rng.integers(len(kinds))], rng))
        yield path


def listen_to(kinds, folder, count, seed):
    """Listen to broken files and read their excerpts; returns outcomes of both and the longest time in seconds."""
    whole, excerpts, longest = Counter(), Counter(), 0.0
    for path in break_files(kinds, folder, count, seed):
        begun = time.monotonic()
        row, read = read_row(path.name, path, read_excerpts, starts=CUT.starts, samples=CUT.samples)
        longest = max(longest, time.monotonic() - begun)
        excerpts[row.status] += 1
        assert read is None or np.isfinite(read.wave_ES).all(), path
        assert row.status in {"ok"} | UNREADABLE | {"crashed"}, (path, row)
        read_row(path.name, path, read_tags)
    for file in check_files(sorted(folder.iterdir())):
        whole[file.status] += 1
        assert file.status in READABLE | UNREADABLE | {"crashed"}, file
    return whole, excerpts, longest


def test_broken_files_end_in_verdicts(kinds, tmp_path, capfd):
    assert len(kinds) >= 35
    whole, excerpts, longest = listen_to(kinds, tmp_path, 200, seed=0)
    assert whole.total() == excerpts.total() == 200
    assert (whole["crashed"], excerpts["crashed"]) == (0, 0)
    assert 40 < excerpts["ok"] < 180
    assert longest < 60
    assert capfd.readouterr() == ("", "")


@pytest.mark.trial
@pytest.mark.timeout(3600)
def test_two_thousand_broken_files_end_in_verdicts(kinds, tmp_path, capfd):
    whole, excerpts, longest = listen_to(kinds, tmp_path, 2000, seed=int(os.environ.get("MWE_SEED", "5")))
    assert capfd.readouterr() == ("", "")
    with capfd.disabled():
        print(json.dumps({"kinds": len(kinds), "whole": whole, "excerpts": excerpts, "longest": round(longest, 2)}))
    assert whole.total() == excerpts.total() == 2000
    assert (whole["crashed"], excerpts["crashed"]) == (0, 0)
    assert longest < 60
