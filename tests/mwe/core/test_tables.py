"""Results tables from run folders."""

import csv

import pytest
import yaml

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.runs import RunMetrics
from mwe.core.tables import table_of


def write(path, description):
    path.write_text(yaml.safe_dump(description), encoding="utf-8")
    return path


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, value in enumerate((0.5, 0.7)):
        RunMetrics({"auc": value, "recall": 12.0}, "toy", seed).write(tmp_path / f"outputs/t/row/seed{seed}")
    return {"row": "Model", "runs": "outputs/t/row/seed*", "metrics": ["auc", "absent"], "command": "make t"}


def test_mean_sd_and_published_stand_side_by_side(runs, tmp_path):
    path = table_of(write(tmp_path / "t.yaml", {"title": "T", "rows": [{**runs, "published": {"auc": 0.65}}]}))
    row = next(csv.DictReader(open("outputs/tables/t.csv", encoding="utf-8")))  # noqa: SIM115
    assert list(row) == ["row", "metric", "published", "reproduced", "sd", "n", "collection", "seeds", "command"]
    assert (row["row"], row["metric"], row["published"], row["n"]) == ("Model", "auc", "0.650000", "2")
    assert float(row["reproduced"]) == pytest.approx(0.6)
    assert float(row["sd"]) == pytest.approx(0.141421, abs=1e-6)
    assert (row["collection"], row["seeds"], row["command"]) == ("toy", "seed0 seed1", "make t")
    assert "0.600 ± 0.141 (0.65)" in path.read_text()


def test_a_row_without_runs_names_its_command(runs, tmp_path):
    specification = write(tmp_path / "t.yaml", {"title": "T", "rows": [{**runs, "runs": "outputs/none/*"}]})
    with pytest.raises(MissingDataError, match=r"row 'Model': no metrics\.json in any run\. Run: make t"):
        table_of(specification)


def test_a_description_without_a_title_is_refused(runs, tmp_path):
    with pytest.raises(BadFileError, match="not a table description"):
        table_of(write(tmp_path / "t.yaml", {"rows": [runs]}))


def test_a_file_that_is_no_metrics_json_is_named(tmp_path):
    (tmp_path / "metrics.json").write_text('{"figures": 1}')
    with pytest.raises(BadFileError, match=r"metrics\.json: not a metrics\.json"):
        RunMetrics.read(tmp_path / "metrics.json")
