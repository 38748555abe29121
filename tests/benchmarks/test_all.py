"""Running every benchmark and comparing with what was kept."""

import importlib
import json

import pytest

import benchmarks.__main__ as every


@pytest.fixture
def figures(monkeypatch):
    given = {"ratio": {"items": 4.0}, "seconds": 1.0}
    monkeypatch.setattr(every, "run", lambda module: json.loads(json.dumps(given)))
    return given


def test_every_benchmark_is_a_module_that_can_be_imported():
    for module, *_ in every.BENCHMARKS.values():
        importlib.import_module(module)


def test_figures_are_kept_and_changes_beyond_noise_are_flagged(figures, tmp_path, capsys):
    kept = tmp_path / "results.json"
    every.main(["search"], accept=True, kept=kept)
    figures["ratio"]["items"], figures["seconds"] = 4.9, 100.0  # seconds are the machine's
    every.main(["search"], kept=kept)
    figures["ratio"]["items"] = 5.1
    with pytest.raises(SystemExit, match="1 figures changed by more than 25%"):
        every.main(["search"], kept=kept)
    assert "CHANGED" in capsys.readouterr().out
    assert json.loads(kept.read_text())["search"]["figures"]["ratio"] == {"items": 4.0}
    every.main(["search", "corpora"], accept=True, kept=kept)
    assert set(json.loads(kept.read_text())) == {"search", "corpora"}


def test_the_last_object_of_what_is_printed_counts():
    assert every.last_object('{"a": 1}\nwords {"b": 2}\n{\n  "c": [1, {"d": 2}]\n}\n') == {"c": [1, {"d": 2}]}
    assert dict(every.numbers({"c": [1, {"d": 2.5}], "e": "x", "f": True})) == {"c[0]": 1.0, "c[1].d": 2.5}
    with pytest.raises(ValueError, match="printed no figures"):
        every.last_object("nothing")
