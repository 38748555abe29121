"""The benchmark of how long commands take to start."""

import json

import pytest

from benchmarks import startup


def test_every_help_page_is_measured():
    pages = startup.help_pages()
    assert pages["mwe --help"] == ["-m", "mwe", "--help"]
    assert {"mwe index --help", "mwe data --help", "mwe data fetch --help", "siamese-tags baseline --help"} <= set(
        pages
    )


def test_two_trees_are_measured_side_by_side(tmp_path, capsys, monkeypatch):
    other = tmp_path / "other"
    (other / "mwe").mkdir(parents=True)
    (other / "mwe/__init__.py").write_text("")
    (other / "mwe/__main__.py").write_text("import sys\nsys.exit('search' in sys.argv)\n")
    startup.main(other, times=1, pages=False, heard=False, out=tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert json.loads(capsys.readouterr().out) == found
    assert set(found["cpu_s"]["mwe --help"]) == {"this tree", "other tree"}
    assert set(found["cpu_s"]["mwe search"]) == {"this tree"}  # the other one has no such command
    assert 0 < found["slowest page"]["cpu_s"] < 5
    assert set(found["ratio_to_numpy"]) == {"mwe --help", "slowest page", "mwe search"}


def test_a_process_that_fails_has_no_figure(tmp_path):
    assert startup.cpu_seconds(["-c", "raise SystemExit(1)"], tmp_path) is None


def test_the_page_is_waited_for_until_it_answers(tmp_path):
    startup.generate(tmp_path, 50, 8)
    ready = startup.page_seconds(tmp_path)
    assert ready["cpu_s"] > 0
    assert 0 < ready["wall_s"] < startup.PATIENCE
    with pytest.raises(RuntimeError, match=r"the page did not answer: .* ended with [12]"):
        startup.page_seconds(tmp_path / "no library")
