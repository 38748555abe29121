"""Settings of baselines are chosen inside the training documents."""

import csv

import numpy as np
import pytest

from mwe.core.errors import UnknownNameError
from mwe.core.runs import RunMetrics
from mwe.core.split_rows import marked
from siamese_tags.baselines import build
from siamese_tags.choice import GRIDS, choose
from siamese_tags.commands.baselines import baseline
from siamese_tags.documents import Cal500, Fold, TagDocuments, folds
from siamese_tags.documents.folds import inner_fold
from siamese_tags.evaluate import evaluate

FEW = {"rank": (1, 2, 4), "measure": ("cosine", "euclidean")}


@pytest.fixture(scope="module")
def documents(miniature):
    return Cal500(str(miniature)).read()


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setitem(GRIDS, "lsa", FEW)


def replaced(documents, rows, membership_DT):
    matrix_DT = documents.matrix_DT.copy()
    matrix_DT[rows] = membership_DT
    return TagDocuments(documents.name, documents.ids, documents.tags, matrix_DT)


def test_choice_is_the_best_of_all_by_a_plain_loop(documents, few):
    rows = folds(len(documents))[1]
    inner = inner_fold(rows)
    figures = {
        (rank, measure): evaluate(build("lsa", 0, {"rank": rank, "measure": measure}), documents, inner)["valid_map"]
        for rank in FEW["rank"]
        for measure in FEW["measure"]
    }
    choice = choose("lsa", documents, rows)
    assert {tuple(candidate.values()): value for candidate, value in choice.measured} == pytest.approx(figures)
    assert (choice.settings["rank"], choice.settings["measure"]) == max(figures, key=figures.get)
    assert choice.settings["weighting"] == "pmi"


def test_test_documents_have_no_part_in_it(documents, few):
    rows = folds(len(documents))[0]
    drawn = np.random.default_rng(0).random((len(rows.test), len(documents.tags))) < 0.5
    assert choose("lsa", replaced(documents, rows.test, drawn), rows) == choose("lsa", documents, rows)


def test_training_documents_decide(documents, few):
    rows = folds(len(documents))[0]
    aside = inner_fold(rows).valid
    drawn = np.random.default_rng(0).random((len(aside), len(documents.tags))) < 0.5
    assert choose("lsa", replaced(documents, aside, drawn), rows).measured != choose("lsa", documents, rows).measured


def test_documents_set_aside_are_training_documents():
    outer = Fold(marked([0, 2, 3, 5, 8, 9], "train"), marked([1, 4, 6, 7], "test"))
    inner = inner_fold(outer, share=0.3)
    assert len(inner.valid) == 2
    assert sorted([*inner.train, *inner.valid]) == outer.train.tolist()
    assert len(inner_fold(outer, share=0.01).valid) == 1
    assert {tuple(inner_fold(outer, 0.3, seed).valid) for seed in range(9)} > {tuple(inner.valid)}


def test_fixed_settings_stay(documents, few):
    rows = folds(len(documents))[0]
    choice = choose("lsa", documents, rows, changed={"rank": 3})
    assert choice.settings["rank"] == 3
    assert [list(candidate) for candidate, _ in choice.measured] == [["measure"], ["measure"]]


def test_run_says_what_was_compared(miniature, few, tmp_path):
    baseline("lsa_chosen", collection=Cal500(str(miniature)), folds=[2], out=str(tmp_path))
    with (tmp_path / "fold2/choice.csv").open(encoding="utf-8") as file:
        compared = list(csv.DictReader(file))
    run = RunMetrics.read(tmp_path / "fold2/metrics.json")
    best = max(compared, key=lambda line: float(line["validation_map"]))
    assert len(compared) == 6
    assert run.notes["baseline"] == "lsa_chosen"
    assert str(run.notes["settings"]["rank"]) == best["rank"]
    assert run.notes["settings"]["measure"] == best["measure"]


def test_baselines_without_settings_have_nothing_to_choose(documents, miniature):
    with pytest.raises(UnknownNameError, match="baseline with settings to choose 'random'"):
        choose("random", documents, folds(len(documents))[0])
    with pytest.raises(UnknownNameError, match="unknown baseline 'lsb'"):
        baseline("lsb_chosen", collection=Cal500(str(miniature)))


@pytest.mark.parametrize("name", GRIDS)
def test_every_value_of_the_grids_is_a_setting(name):
    for setting, values in GRIDS[name].items():
        for value in values:
            build(name, 0, {setting: value})
