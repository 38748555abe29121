import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mwe.core.errors import MissingDataError, StaleArtefactError
from mwe.core.runs import RunMetrics
from siamese_tags.masked.document_figures import FILE
from siamese_tags.masked.metrics import FIGURES
from siamese_tags.reproduce.masked_differences import build_differences, load_measured
from siamese_tags.reproduce.masked_rows import ROWS, pairs_of

FOLDS = (0, 1)
# how much better than 40 MAP each row is on average
SKILL = {"popularity": 1.0, "ease": 20.0, "ease_dropout": 21.0, "context_encoder": 30.0}


def write_run(folder, ids, draw, skill, prefixes):
    names = [prefix + name for prefix in prefixes for name in FIGURES]
    columns = {name: 40 + skill + draw.normal(0, 4, len(ids)) for name in names}
    queries = [float(1 + int(name[1:]) % 5) for name in ids]
    folder.mkdir(parents=True)
    artists = [f"a{int(name[1:]) // 4}" for name in ids]
    pq.write_table(pa.table({"document": ids, "artist": artists, "queries": queries, **columns}), folder / FILE)
    RunMetrics({"map": 1.0}, "X", 0).write(folder)


@pytest.fixture
def runs(tmp_path):
    """Runs of all rows but that of embedding distance: CAL500 with two folds, Jamendo with two masks."""
    draw = np.random.default_rng(0)
    prefixes = {row.folder: [one.prefix for one in ROWS if one.folder == row.folder] for row in ROWS}
    prefixes["context_encoder"] = [""]
    for collection in ("cal500", "jamendo"):
        for fold in FOLDS:
            first = 60 * fold if collection == "cal500" else 0
            ids = [f"d{number}" for number in range(first, first + 60)]
            for folder, own in prefixes.items():
                write_run(tmp_path / collection / folder / f"fold{fold}", ids, draw, SKILL.get(folder, 0.0), own)
    return tmp_path


def read(path):
    with open(path, encoding="utf-8") as file:
        return {(line["collection"], line["first"], line["second"]): line for line in csv.DictReader(file)}


def test_table(runs):
    path = build_differences(runs, FOLDS, "differences", runs / "tables")
    text = path.read_text(encoding="utf-8")
    assert "## cal500: 120 documents, 30 artists" in text
    assert "## jamendo: 60 documents, 15 artists" in text
    lines = read(path.with_suffix(".csv"))
    labels = {row.label for row in ROWS} - {"Context encoder", "Context encoder, embedding distance"}
    assert {second for collection, first, second in lines if first == "Context encoder"} == labels
    assert ("cal500", "EASE with dropout", "EASE") in lines
    line = lines["jamendo", "Context encoder", "Popularity"]
    assert float(line["points"]) == pytest.approx(29, abs=1.5)
    assert float(line["low_artists"]) < float(line["points"]) < float(line["high_artists"])
    assert float(line["holm_documents"]) < 1e-4
    for line in lines.values():
        assert float(line["p_documents"]) <= float(line["holm_documents"]) <= 1


def test_points_against_a_loop(runs):
    measured = load_measured(runs / "jamendo", FOLDS)
    total = weight = 0.0
    for fold in FOLDS:
        tables = [pq.read_table(runs / "jamendo" / row / f"fold{fold}" / FILE) for row in ("ease", "popularity")]
        ease, popularity = (table.to_pylist() for table in tables)
        for one, other in zip(ease, popularity, strict=True):
            total += one["queries"] * (one["map"] - other["map"])
            weight += one["queries"]
    assert measured.sums([("EASE", "Popularity")]).sum() / measured.queries_N.sum() == pytest.approx(total / weight)
    assert measured.maps()["EASE"] - measured.maps()["Popularity"] == pytest.approx(total / weight)


def test_masks_of_one_document_are_one_unit(runs):
    """The same documents under twice the same masks tell no more than under one."""
    once = load_measured(runs / "jamendo", (0,))
    twice = load_measured(runs / "jamendo", (0, 0))
    pairs = [("EASE", "Popularity"), ("EASE with dropout", "EASE")]
    for over in ("documents", "artists"):
        one, two = once.resampled(pairs, over, 0), twice.resampled(pairs, over, 0)
        np.testing.assert_allclose(one.p_P, two.p_P)
        np.testing.assert_allclose(one.low_P, two.low_P)


def test_documents_of_unknown_artists_stand_for_themselves(runs):
    for run in (runs / "cal500").glob("*/*"):
        table = pq.read_table(run / FILE)
        empty = pa.array([""] * len(table))
        pq.write_table(table.set_column(table.schema.get_field_index("artist"), "artist", empty), run / FILE)
    measured = load_measured(runs / "cal500", FOLDS)
    pairs = [("EASE", "Popularity")]
    wide, same = (measured.resampled(pairs, over, 0) for over in ("documents", "artists"))
    assert same.p_P[0] == pytest.approx(wide.p_P[0], rel=0.5)


def test_other_masks_are_refused(runs):
    path = runs / "cal500" / "ease" / "fold1" / FILE
    table = pq.read_table(path)
    others = pa.array(np.full(len(table), 9.0))
    pq.write_table(table.set_column(table.schema.get_field_index("queries"), "queries", others), path)
    with pytest.raises(StaleArtefactError, match="ease/fold1 was tested on other documents or masks"):
        build_differences(runs, FOLDS, "differences", runs / "tables")


def test_a_run_of_an_earlier_version_says_what_to_do(runs):
    (runs / "cal500" / "lsa" / "fold0" / FILE).unlink()
    with pytest.raises(MissingDataError, match=r"Delete .*lsa/fold0/metrics\.json"):
        build_differences(runs, FOLDS, "differences", runs / "tables")


def test_the_best_simple_rule_is_compared_with_the_next():
    pairs = pairs_of({"Context encoder": 9.0, "EASE": 5.0, "Naive Bayes": 7.0, "LSA fold-in": 6.0, "Single CE": 8.0})
    assert pairs == [
        ("Context encoder", "EASE"),
        ("Context encoder", "Naive Bayes"),
        ("Context encoder", "LSA fold-in"),
        ("Context encoder", "Single CE"),
        ("Naive Bayes", "LSA fold-in"),
        ("EASE", "Naive Bayes"),
    ]
