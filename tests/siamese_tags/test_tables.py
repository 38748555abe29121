import csv

import pytest

from mwe.core.errors import MissingDataError
from mwe.core.runs import RunMetrics
from siamese_tags.published import table1_cal500
from siamese_tags.tables import METRICS, TABLE1, build_table


@pytest.fixture
def runs(tmp_path):
    def write(collection="CAL500", folds=(0, 1)):
        for row in TABLE1:
            for number in folds:
                figures = dict.fromkeys(METRICS, 50.0 + number)
                RunMetrics(figures, collection, 0).write(tmp_path / "runs" / row.folder / f"fold{number}")
        return tmp_path / "runs"

    return write


def read(path):
    with path.with_suffix(".csv").open(encoding="utf-8") as file:
        return {(line["row"], line["metric"]): line for line in csv.DictReader(file)}


def test_published_figures():
    published = table1_cal500()
    assert published["siamese ce"]["test_map"] == 64.33
    assert published["random"]["train_p@2"] == 58.15
    assert "test_map" not in published["c-rbm"]
    assert {row.published for row in TABLE1} - {""} <= set(published)


def test_mean_over_folds_beside_the_published_figure(runs, tmp_path):
    lines = read(build_table(runs(), (0, 1), "mine", tmp_path / "tables"))
    line = lines["PCA", "test_map"]
    assert float(line["reproduced"]) == 50.5
    assert float(line["published"]) == 55.39
    assert float(line["sd"]) == pytest.approx(0.5**0.5, abs=1e-5)
    assert (line["n"], line["collection"]) == ("2", "CAL500")
    assert lines["Popularity (not in the paper)", "test_map"]["published"] == ""
    assert lines["Single CE", "test_auc"]["published"] == ""
    assert "single_ce.yaml" in lines["Single CE", "test_auc"]["command"]


def test_stand_in_has_no_published_figures_and_says_so(runs, tmp_path):
    path = build_table(runs("demo"), (0,), "mine", tmp_path, command="make mine")
    assert {(line["published"], line["command"]) for line in read(path).values()} == {("", "make mine")}
    assert "demo, a stand-in for CAL500: not comparable" in path.read_text(encoding="utf-8")


def test_missing_run_says_how_to_make_it(runs, tmp_path):
    folder = runs()
    (folder / "siamese_ce" / "fold1" / "metrics.json").unlink()
    with pytest.raises(MissingDataError, match=r"Siamese CE.*siamese_ce.fold1.*siamese-tags fit -c"):
        build_table(folder, (0, 1), "mine", tmp_path)
