"""The loops over scikit-learn give the package's figures, or their speed says nothing."""

import json

import pytest

from benchmarks import joint_metrics
from benchmarks.joint_metrics import areas, areas_by_loop, measure, recall, recall_by_loop


def test_the_loop_over_tags_gives_the_same_figures():
    ours, loop = areas(200, 9), areas_by_loop(200, 9)
    assert ours["rocauc"] == pytest.approx(loop["rocauc"], abs=1e-9)
    assert ours["prauc"] == pytest.approx(loop["prauc"], abs=1e-9)


def test_the_loop_over_queries_gives_the_same_figures():
    ours, loop = recall(150, 5), recall_by_loop(150, 5, queries=150)
    for name in ("recall_any@1", "recall_identical@1"):
        assert ours[name] == pytest.approx(loop[name], abs=1e-9)


def test_everything_is_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(joint_metrics, "alone", lambda work, *given: work(*given))
    measure(60, 5, 50, 4, 10, 80, 10, 20, str(tmp_path / "speed.json"))
    found = json.loads((tmp_path / "speed.json").read_text())
    assert set(found) == {"rocauc", "recall", "catalogue"}
    assert found["recall"]["loop"]["queries"] == 10
    assert 0 < found["catalogue"]["rocauc_clip"] < 1
    assert json.loads(capsys.readouterr().out) == found
