"""Atomic writing, JSON, errors and paths."""

import os
from pathlib import Path

import numpy as np
import pytest

from mwe.core.arrays import read_array
from mwe.core.errors import BadFileError, UnknownNameError
from mwe.core.files import atomic_write, read_json, sha256, write_json, written_together
from mwe.core.paths import cache_root, data_root


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "figures.json"
    write_json(path, {"a": 1})

    def fail():
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()
    assert read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_replaces_the_old_file_whole(tmp_path):
    path = tmp_path / "deep" / "figures.json"
    write_json(path, {"b": 2, "a": "ä"})
    write_json(path, {"a": "é"})
    assert path.read_text(encoding="utf-8") == '{\n  "a": "é"\n}\n'


def test_a_damaged_json_file_is_named(tmp_path):
    path = tmp_path / "figures.json"
    path.write_bytes(b'{"a": \xff')
    with pytest.raises(BadFileError, match=r"figures\.json: not JSON .* make it again"):
        read_json(path)


def test_sha256_of_a_known_file(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea")


def test_unknown_names_come_with_the_nearest_known():
    with pytest.raises(LookupError, match=r"unknown tag 'shoegaze' \(2 known; nearest: 'shoe gaze'\)"):
        raise UnknownNameError("tag", "shoegaze", ["shoe gaze", "rock"])


def test_roots_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    monkeypatch.setenv("MWE_CACHE", str(tmp_path / "c"))
    assert (data_root(), cache_root()) == (tmp_path, tmp_path / "c")
    monkeypatch.delenv("MWE_DATA")
    assert data_root() == Path("data")


def test_the_file_that_declares_the_others_moves_last(tmp_path, monkeypatch):
    moved, replace = [], os.replace
    monkeypatch.setattr(
        os, "replace", lambda source, target: moved.append(Path(target).name) or replace(source, target)
    )
    with written_together(tmp_path, "a.json") as staging:
        for name in ("a.json", "b.npy", "c.npy"):
            (staging / name).touch()
    assert moved == ["b.npy", "c.npy", "a.json"]


def test_an_archive_in_the_place_of_an_array_is_refused_and_closed(tmp_path):
    np.savez(tmp_path / "rows.npz", rows=np.ones(3))
    path = (tmp_path / "rows.npz").rename(tmp_path / "rows.npy")
    with pytest.raises(BadFileError, match="an archive of arrays") as raised:
        read_array(path, "Write it again.")
    if Path("/proc/self/fd").is_dir():
        assert str(path) not in {os.path.realpath(entry.path) for entry in os.scandir("/proc/self/fd")}
    assert "Write it again." in str(raised.value)
