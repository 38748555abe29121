"""The plan of `paper siamese-figures`, without drawing anything."""

import os

import pytest

from mwe.core.runs import RunMetrics
from siamese_tags.reproduce.priming_rows import TABLES

NUMBERS = ["figure2", "figure3", "figure4", "figureD1"]


@pytest.fixture
def plan(planned, tmp_path):
    """Commands that the target would run over all runs of Table 1."""
    for row in TABLES["siamese-table1"].rows:
        for fold in range(3):
            RunMetrics({}, "CAL500", 0).write(tmp_path / "out" / "siamese-quick" / row.folder / f"fold{fold}")

    return lambda: planned("siamese-figures", present=["cal500/jams/x"])


def drawn(commands):
    assert all(" figures " in command for command in commands), commands
    return sorted(command.split("--out ")[1].split()[0].rsplit("/", 1)[1].split("-")[0] for command in commands)


def test_each_picture_is_drawn_once_and_again_when_its_runs_are_newer(plan, tmp_path):
    assert drawn(plan()) == NUMBERS
    folder = tmp_path / "out" / "figures" / "siamese"
    folder.mkdir(parents=True)
    for name in ("2-tag-frequencies", "3-instances", "4-precision-recall", "D1-spaces"):
        (folder / f"figure{name}.png").touch()
    assert drawn(plan()) == []
    newer = tmp_path / "out" / "siamese-quick" / "siamese_ce" / "fold0" / "metrics.json"
    later = newer.stat().st_mtime + 100
    os.utime(newer, (later, later))
    assert drawn(plan()) == ["figure3", "figure4"]


def test_figure_5_follows_table_2(plan, tmp_path):
    table = tmp_path / "out" / "tables" / "siamese-table2.csv"
    table.parent.mkdir(parents=True)
    table.touch()
    assert any("--target siamese-table2" in command or "siamese-sparse" in command for command in plan())
