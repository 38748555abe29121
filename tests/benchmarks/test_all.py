"""Running every benchmark and comparing with what was kept."""

import importlib
import json
import re

import pytest

import benchmarks.__main__ as every


@pytest.fixture
def figures(monkeypatch):
    given = {"ratio": {"items": 4.0}, "seconds": 1.0, "duration": 3.0}
    copy = lambda module: {"figures": json.loads(json.dumps(given)), "wall_s": 2.0} if given else None  # noqa: E731
    monkeypatch.setattr(every, "run", copy)
    return given


def test_every_benchmark_is_a_module_that_can_be_imported():
    for module, *_ in every.BENCHMARKS.values():
        importlib.import_module(module)


def test_figures_are_kept_and_changes_beyond_noise_are_flagged(figures, tmp_path, capsys):
    kept = tmp_path / "results.json"
    every.main(["search"], accept=True, kept=kept)
    figures["ratio"]["items"], figures["seconds"], figures["duration"] = 4.9, 100.0, 9.0  # seconds are the machine's
    every.main(["search"], kept=kept)
    figures["ratio"]["items"] = 5.1
    with pytest.raises(SystemExit, match="1 figures changed by more than 25%"):
        every.main(["search"], kept=kept)
    assert "CHANGED" in capsys.readouterr().out
    assert json.loads(kept.read_text())["search"]["figures"]["ratio"] == {"items": 4.0}
    every.main(["search", "corpora"], accept=True, kept=kept)
    assert set(json.loads(kept.read_text())) == {"search", "corpora"}


def test_a_figure_that_is_gone_is_flagged(figures, tmp_path, capsys):
    kept = tmp_path / "results.json"
    kept.write_text(json.dumps({"search": {"figures": {"ratio": {"items": 4.1, "others": 2.0}}}}))
    with pytest.raises(SystemExit, match="1 figures changed"):
        every.main(["search"], kept=kept)
    assert "GONE" in capsys.readouterr().out


def test_small_changes_of_small_figures_are_noise(figures, tmp_path):
    kept = tmp_path / "results.json"
    kept.write_text(json.dumps({"search": {"figures": {"share_of_rest": 0.03}}}))
    figures.clear()
    figures["share_of_rest"] = 0.045
    every.main(["search"], kept=kept)


def test_a_benchmark_that_fails_is_named_and_the_others_are_kept(monkeypatch, tmp_path, capsys):
    module = tmp_path / "ours.py"
    module.write_text("import sys\nprint('words')\nprint('{\"ratio\": 2}')\nsys.exit(int(sys.argv[1]))\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(every, "BENCHMARKS", {"broken": ("ours", "3"), "sound": ("ours", "0")})
    kept = tmp_path / "results.json"
    with pytest.raises(SystemExit, match="failed: broken"):
        every.main(["broken", "sound"], accept=True, kept=kept)
    found = json.loads(kept.read_text())
    assert found["sound"]["figures"] == {"ratio": 2}
    assert found["sound"]["wall_s"] > 0
    assert set(found) == {"sound"}
    assert "ended with 3" in capsys.readouterr().out


def test_of_several_rounds_the_median_counts_and_their_span_is_no_change(monkeypatch, tmp_path, capsys):
    kept, rounds = tmp_path / "results.json", []
    monkeypatch.setattr(every, "run", lambda module: {"figures": {"ratio": rounds.pop(0)}, "wall_s": 1.0})
    rounds[:] = [4.0]
    every.main(["search"], accept=True, kept=kept)
    rounds[:] = [9.0, 3.9, 8.0]  # one round was as slow as then
    every.main(["search"], times=3, kept=kept)
    assert re.search(r"search\W+ratio\W+4\W+8\W+3\.9\W+9\b", capsys.readouterr().out)
    rounds[:] = [9.0, 7.0, 8.0]
    with pytest.raises(SystemExit, match="1 figures changed"):
        every.main(["search"], times=3, kept=kept)


def test_rounds_are_interleaved(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(every, "run", lambda module: asked.append(module[0]) or {"figures": {}, "wall_s": 1.0})
    every.main(["search", "scale"], times=2, kept=tmp_path / "results.json")
    assert asked == ["benchmarks.search", "benchmarks.scale"] * 2


def test_what_is_kept_is_added_to_the_history(figures, tmp_path):
    for ratio in (4.0, 8.0):
        figures["ratio"]["items"] = ratio
        every.main(["search"], accept=True, kept=tmp_path / "results.json")
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["figures"]["ratio.items"] for line in lines] == [[4.0] * 3, [8.0] * 3]
    assert all(line.keys() >= {"at", "commit", "machine", "benchmark", "wall_s"} for line in lines)


def test_the_last_object_of_what_is_printed_counts():
    assert every.last_object('{"a": 1}\nwords {"b": 2}\n{\n  "c": [1, {"d": 2}]\n}\n') == {"c": [1, {"d": 2}]}
    assert dict(every.numbers({"c": [1, {"d": 2.5}], "e": "x", "f": True})) == {"c[0]": 1.0, "c[1].d": 2.5}
    with pytest.raises(ValueError, match="printed no figures"):
        every.last_object("nothing")
