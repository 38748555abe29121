"""Results tables from run folders."""

import csv

import pytest
import yaml

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.runs import RunMetrics
from mwe.reproduce.result_table import table_of


def write(path, description):
    path.write_text(yaml.safe_dump(description), encoding="utf-8")
    return path


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, value in enumerate((0.5, 0.7)):
        RunMetrics({"auc": value, "recall": 12.0}, "toy", seed).write(tmp_path / f"outputs/t/row/seed{seed}")
    return {"row": "Model", "runs": "t/row/seed*", "metrics": ["auc", "absent"], "command": "make t"}


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
    specification = write(tmp_path / "t.yaml", {"title": "T", "rows": [{**runs, "runs": "none/*"}]})
    with pytest.raises(MissingDataError, match=r"row 'Model': no metrics\.json in any run\. Run: make t"):
        table_of(specification)


def test_rows_that_wait_for_data_are_listed_and_findings_are_checked(runs, tmp_path):
    RunMetrics({"auc": 0.8}, "toy", 0).write(tmp_path / "elsewhere/t/better/seed0")
    RunMetrics({"auc": 0.6}, "toy", 0).write(tmp_path / "elsewhere/t/row/seed0")
    better = {**runs, "row": "Better", "runs": "t/better/seed*"}
    waiting = {**runs, "row": "Large", "runs": "none/*", "waits": "a dump"}
    findings = [
        {"says": "more is better", "metric": "auc", "rising": ["Model", "Better"]},
        {"says": "less is better", "metric": "auc", "rising": ["Better", "Model"]},
        {"says": "large is best", "metric": "auc", "rising": ["Better", "Large"]},
    ]
    described = {"title": "T", "rows": [runs, better, waiting], "findings": findings}
    told = table_of(write(tmp_path / "t.yaml", described), runs=tmp_path / "elsewhere").read_text()
    assert "\n## Rows that wait for data\n\n- Large: a dump\n" in told
    assert "\n- holds: more is better (0.600 → 0.800)\n" in told
    assert "\n- does not hold: less is better (0.800 → 0.600)\n" in told
    assert "\n- not measured: large is best (no run of Large)\n" in told
    with pytest.raises(BadFileError, match="not a table description"):
        table_of(write(tmp_path / "t.yaml", {**described, "findings": [{"says": "?"}]}), runs=tmp_path / "elsewhere")


def test_rows_wait_for_the_files_that_are_not_there_and_show_the_published_figures(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(tmp_path / "data"))
    (tmp_path / "data/a").mkdir(parents=True)
    waits = ["a/one.txt", "a/two.txt or b/*.db", "c"]
    first = {**runs, "row": "First", "runs": "none/*", "waits": waits, "published": {"auc": 0.5, "count": 349516}}
    second = {**first, "row": "Second", "published": {"auc": 0.75}}
    cited = {"row": "Cited", "published": {"auc": 0.55}}
    findings = [{"says": "we beat it", "metric": "auc", "rising": ["Cited", "Model"]}]
    described = {"title": "T", "rows": [runs, first, second, cited], "findings": findings, "notes": ["Mind the gap."]}
    specification = write(tmp_path / "t.yaml", described)
    told = table_of(specification).read_text()
    assert "| First | (0.5) | (349,516) |" in told
    assert "| Cited | (0.55) |" in told
    assert f"- First; Second: a/one.txt, a/two.txt or b/*.db, c (below {tmp_path}/data)" in told
    assert "\n## Notes\n\n- Mind the gap.\n" in told
    assert "\n- holds: we beat it (0.550 → 0.600)\n" in told
    assert told.count("`make t`") == 1  # of the row that was run
    rows = list(csv.DictReader(open("outputs/tables/t.csv", encoding="utf-8")))  # noqa: SIM115
    assert [(row["row"], row["reproduced"], row["n"]) for row in rows if row["row"] != "Model"] == [
        *(("First", "", "0"), ("First", "", "0"), ("Second", "", "0"), ("Cited", "", "0")),
    ]
    (tmp_path / "data/a/one.txt").touch()
    (tmp_path / "data/b").mkdir()
    (tmp_path / "data/b/x.db").touch()
    assert f"- First; Second: c (below {tmp_path}/data)" in table_of(specification).read_text()
    (tmp_path / "data/c").touch()
    with pytest.raises(MissingDataError, match=r"row 'First': no metrics\.json in any run\. Run: make t"):
        table_of(specification)


def test_a_description_without_a_title_is_refused(runs, tmp_path):
    with pytest.raises(BadFileError, match="not a table description"):
        table_of(write(tmp_path / "t.yaml", {"rows": [runs]}))


def test_a_file_that_is_no_metrics_json_is_named(tmp_path):
    (tmp_path / "metrics.json").write_text('{"figures": 1}')
    with pytest.raises(BadFileError, match=r"metrics\.json: not a metrics\.json"):
        RunMetrics.read(tmp_path / "metrics.json")
