import csv

import pytest

from mwe.core.errors import MissingDataError
from mwe.core.runs import RunMetrics
from siamese_tags.baselines import BASELINES
from siamese_tags.choice import GRIDS, SUFFIX
from siamese_tags.documents.folds import run_name
from siamese_tags.reproduce.priming_rows import METRICS, QUICK, TABLES
from siamese_tags.reproduce.priming_table import build_table
from siamese_tags.reproduce.published import published

STAGES = {"single_ce", "siamese_ce", "siamese_ce_random"}


@pytest.fixture
def runs(tmp_path):
    def write(collection="CAL500", folds=(0, 1), table=QUICK):
        for row in table.rows:
            for number in folds:
                figures = dict.fromkeys(METRICS, 50.0 + number)
                if row.folder in STAGES:
                    figures |= {f"prediction_{metric}": 30.0 + 3 * number for metric in METRICS}
                if row.folder == "crbm":
                    figures = {name: value for name, value in figures.items() if name.startswith("train")}
                RunMetrics(figures, collection, 0).write(tmp_path / "runs" / row.folder / f"fold{number}")
        return tmp_path / "runs"

    return write


def read(path):
    with path.with_suffix(".csv").open(encoding="utf-8") as file:
        return {(line["row"], line["metric"]): line for line in csv.DictReader(file)}


@pytest.mark.parametrize("table", [QUICK, *TABLES.values()], ids=lambda table: table.name)
def test_rows_have_runs_and_published_figures(table):
    assert {row.published for row in table.rows} - {""} <= set(published(table.published))
    assert {row.folder for row in table.rows} <= set(BASELINES) | {name + SUFFIX for name in GRIDS} | STAGES
    assert len({row.label for row in table.rows}) == len(table.rows)
    assert table.reference in {row.label for row in table.rows}


@pytest.mark.parametrize("name", ["siamese-table1", "siamese-tableC1", "siamese-tableE1"])
def test_every_published_row_is_there(name):
    table = TABLES[name]
    assert {row.published for row in table.rows} - {""} == set(published(table.published))


def test_mean_over_folds_beside_the_published_figure(runs, tmp_path):
    lines = read(build_table(runs(), (0, 1), "mine", tmp_path / "tables"))
    line = lines["PCA, chosen", "test_map"]
    assert float(line["reproduced"]) == 50.5
    assert float(line["published"]) == 55.39
    assert float(line["sd"]) == pytest.approx(0.5**0.5, abs=1e-5)
    assert (line["n"], line["collection"]) == ("2", "CAL500")
    assert lines["Popularity (not in the paper)", "test_map"]["published"] == ""
    assert lines["Single CE", "test_auc"]["published"] == ""
    assert "--only siamese-quick/single_ce/foldK" in lines["Single CE", "test_auc"]["command"]


def test_table1_has_no_test_figures_of_a_row_for_training_documents(runs, tmp_path):
    path = build_table(runs(table=TABLES["siamese-table1"]), (0, 1), "siamese-table1", tmp_path)
    lines = read(path)
    [label] = {row for row, _ in lines if "C-RBM" in row}
    assert lines[label, "train_map"]["published"] == "65.830000"
    assert (label, "test_map") not in lines
    assert f"| {label} | +0.00 | - |  |  |" in path.read_text(encoding="utf-8")


def test_table_c1_ranks_by_prediction(runs, tmp_path):
    path = build_table(runs(table=TABLES["siamese-tableC1"]), (0, 1), "siamese-tableC1", tmp_path)
    lines = read(path)
    line = lines["Single Prediction (query not forced first)", "test_p@10"]
    assert (float(line["reproduced"]), float(line["published"])) == (31.5, 66.05)
    assert float(lines["Single CE", "test_p@10"]["published"]) == 62.1
    assert not any(metric.startswith("prediction") for _, metric in lines)
    assert "## Against Siamese CE" in path.read_text(encoding="utf-8")


def test_mean_over_folds_and_seeds(runs, tmp_path):
    folder = runs()
    for row in QUICK.rows:
        for number in (0, 1):
            figures = dict.fromkeys(METRICS, 60.0 + number) | dict.fromkeys(
                [f"prediction_{metric}" for metric in METRICS], 40.0
            )
            RunMetrics(figures, "CAL500", 5).write(folder / row.folder / run_name(number, 5))
    path = build_table(folder, (0, 1), "mine", tmp_path / "tables", seeds=(0, 5))
    line = read(path)["PCA, chosen", "test_map"]
    assert (float(line["reproduced"]), line["n"]) == (55.5, "4")
    assert line["seeds"] == "fold0 fold1 fold0_seed5 fold1_seed5"
    text = path.read_text(encoding="utf-8")
    assert "mean over 2 folds x 2 seeds" in text
    assert "mean over 2 folds, and" in text  # t-tests pair folds


def test_one_fold_is_not_tested(runs, tmp_path):
    assert "Against" not in build_table(runs(folds=(0,)), (0,), "mine", tmp_path).read_text(encoding="utf-8")


def test_stand_in_has_no_published_figures_and_says_so(runs, tmp_path):
    path = build_table(runs("demo"), (0,), "mine", tmp_path, command="make mine")
    assert {(line["published"], line["command"]) for line in read(path).values()} == {("", "make mine")}
    assert "demo, a stand-in for CAL500: not comparable" in path.read_text(encoding="utf-8")


def test_missing_run_says_how_to_make_it(runs, tmp_path):
    folder = runs()
    (folder / "siamese_ce" / "fold1" / "metrics.json").unlink()
    with pytest.raises(
        MissingDataError,
        match=r"Siamese CE.*siamese_ce.fold1.*siamese-tags paper siamese-table1 --only siamese-quick/siamese_ce/foldK",
    ):
        build_table(folder, (0, 1), "mine", tmp_path)
