import csv
import json
import time
from dataclasses import replace

import pytest

from siamese_tags.documents import Cal500
from siamese_tags.pretraining import Pretraining
from siamese_tags.reproduce import stage_settings as module
from siamese_tags.reproduce.commands.settings import choose
from siamese_tags.reproduce.stage_settings import (
    GRID,
    NestedValidation,
    SettingsOutcome,
    StageSettings,
    chosen,
    descend,
    fewest_epochs,
)


class Scripted:
    """A validation whose MAP is a given function of the settings."""

    def __init__(self, value):
        self.value = value
        self.asked = []

    def measure(self, row, settings, max_epochs):
        self.asked.append((row, settings, max_epochs))
        value = self.value(row, settings)
        return SettingsOutcome(row, settings, max_epochs // 2, value, (value,), {max_epochs // 2: value}, 0.0)


def test_each_coordinate_goes_on_from_the_best_so_far():
    def value(row, settings):
        if row == "single":
            return 50 + 1000 * settings.single_lr
        return 60 - 10 * abs(settings.document_prior - 1.0) + 5 * (settings.siamese_rho == 0.3)

    validation = Scripted(value)
    single, random, start = chosen(list(descend(validation, short=10, long=40)))
    assert single.settings.single_lr == 0.01
    assert {one.settings.document_prior for one in (single, random, start)} == {1.0}
    assert random.settings.siamese_rho == start.settings.siamese_rho == 0.3
    assert [one.settings.siamese_start for one in (random, start)] == ["random", "single"]
    assert start.settings.single_epochs == single.epochs == 20
    assert [epochs for *_, epochs in validation.asked[-3:]] == [40, 40, 40]
    assert {epochs for *_, epochs in validation.asked[:-3]} == {10}


def test_nothing_is_measured_twice_and_ties_stay():
    validation = Scripted(lambda row, settings: 50.0)
    outcomes = list(descend(validation, short=10, long=40))
    assert len(set(validation.asked)) == len(validation.asked) == 2 + sum(len(values) for *_, values in GRID) + 3
    assert outcomes[-2].settings == StageSettings(single_epochs=20)


def test_the_table_of_a_real_choice(miniature, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "GRID", GRID[:1] + GRID[1:2])
    monkeypatch.setattr(module, "Pretraining", lambda steps: Pretraining(steps=min(steps, 2)))
    data = {"n_topics": 4, "topic_iterations": 5}
    monkeypatch.setattr(module, "NestedPrimingData", lambda *args, **kwargs: nested(*args, **kwargs, **data))
    path = tmp_path / "choice.csv"
    choose(Cal500(str(miniature)), folds=(0, 1), short=1, long=2, every=1, validation_seed=7, out=str(path))
    with path.open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["chosen"] for line in lines] == [""] * (len(lines) - 3) + ["yes"] * 3
    assert {(line["validation_seed"], line["validation_share"]) for line in lines} == {("7", "0.2")}
    for line in lines:
        by_fold = [float(value) for value in line["by_fold"].split()]
        assert len(by_fold) == 2
        assert float(line["validation_map"]) == pytest.approx(sum(by_fold) / 2, abs=0.01)
        assert 0 < float(line["validation_map"]) < 100
        assert all(value == round(value, 2) for value in json.loads(line["curve"]).values())
    assert capsys.readouterr().out.count("chosen: ") == 3


nested = module.NestedPrimingData


def test_epochs_that_make_no_difference_are_saved():
    assert fewest_epochs({20: 63.27, 40: 63.16, 80: 63.95, 140: 63.99, 180: 62.9}) == 80
    assert fewest_epochs({20: 60.0, 40: 61.0, 60: 61.2}) == 60


@pytest.fixture
def validation(miniature):
    def build(seed: int) -> NestedValidation:
        collection, data = Cal500(str(miniature)), {"n_topics": 4, "topic_iterations": 5}
        return NestedValidation(collection, (0,), every=1, share=0.2, validation_seed=7, seed=seed, **data)

    return build


def test_weights_and_draws_depend_on_the_seed(validation):
    before = time.process_time()
    outcomes = [validation(seed).measure("siamese", StageSettings(), 2) for seed in (0, 0, 1)]
    assert outcomes[0].curve == outcomes[1].curve != outcomes[2].curve
    assert all(outcome.seconds > 0 for outcome in outcomes)
    assert sum(outcome.seconds for outcome in outcomes) < time.process_time() - before


def test_a_first_stage_serves_all_settings_of_the_second_and_no_other_fold_or_rate(validation, monkeypatch):
    fitted, read = [], []
    nested = validation(0)
    fit, build = nested._fit, nested.build_data
    monkeypatch.setattr(nested, "build_data", lambda **settings: read.append(settings) or build(**settings))
    monkeypatch.setattr(nested, "_fit", lambda row, *rest: fitted.append(row) or fit(row, *rest))
    settings = StageSettings(single_pretraining=0, single_epochs=1, siamese_start="single")
    for changed in ({}, {"siamese_rho": 0.3}, {"siamese_lr": 0.01}, {"single_lr": 0.01}):
        nested.measure("siamese", replace(settings, **changed), 1)
    assert fitted == ["single", "siamese", "siamese", "siamese", "single", "siamese"]
    assert read == [{"fold": 0, "document_prior": 0.5}]


def test_every_setting_reaches_its_stage(validation, monkeypatch):
    made = []
    for name in ("SingleNetwork", "SiameseNetwork"):
        build = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *n, build=build, **given: made.append(given) or build(*n, **given))
    settings = StageSettings(
        document_prior=0.2, single_pretraining=1, single_lr=0.02, siamese_lr=0.03, siamese_rho=0.4,
        siamese_share_inside=0.6,
    )  # fmt: skip
    nested = validation(0)
    nested.measure("single", settings, 1)
    nested.measure("siamese", settings, 1)
    single, siamese = made
    assert (single["optimizer"].keywords["lr"], single["pretraining"].steps) == (0.02, 1)
    assert (siamese["optimizer"].keywords["lr"], siamese["rho"], siamese["share_inside"]) == (0.03, 0.4, 0.6)
    assert siamese["scheduler"].keywords == {"gamma": 0.996}
    [data] = nested.data.values()
    assert data.topics.model.doc_topic_prior == 0.2
