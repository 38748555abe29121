import csv

import pytest

from siamese_tags.documents import Cal500
from siamese_tags.reproduce import stage_settings as module
from siamese_tags.reproduce.commands.settings import choose
from siamese_tags.reproduce.stage_settings import (
    GRID,
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
    assert capsys.readouterr().out.count("chosen: ") == 3


nested = module.NestedPrimingData


def test_epochs_that_make_no_difference_are_saved():
    assert fewest_epochs({20: 63.27, 40: 63.16, 80: 63.95, 140: 63.99, 180: 62.9}) == 80
    assert fewest_epochs({20: 60.0, 40: 61.0, 60: 61.2}) == 60
