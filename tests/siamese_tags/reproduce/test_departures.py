import json

import pytest
import torch

from siamese_tags.cli import main
from siamese_tags.documents import Cal500
from siamese_tags.metrics import PrimingMetric
from siamese_tags.reproduce import departures as module
from siamese_tags.reproduce.departures import (
    RATES,
    ROWS,
    Departures,
    departures_table,
    fixed_level_map,
    largest_rate,
    measure,
)


def test_every_row_but_the_last_changes_one_setting_and_the_last_all():
    ours = vars(Departures())
    changed = [{key for key, value in vars(row).items() if value != ours[key]} for row in ROWS.values()]
    assert changed[0] == set()
    assert [len(keys) for keys in changed[1:-1]] == [1] * len(ours)
    assert changed[-1] == set.union(*changed[1:-1]) == set(ours)
    together = vars(list(ROWS.values())[-1])
    for row in list(ROWS.values())[1:-1]:
        assert {key: value for key, value in vars(row).items() if value != ours[key]}.items() <= together.items()


def test_both_readings_of_map_agree_where_documents_have_as_many_tags():
    scores_QT = torch.randn(4, 12, generator=torch.Generator().manual_seed(0))
    bags_DT = torch.arange(12)[None] < 4
    metric = PrimingMetric()
    metric.add_documents(torch.tensor([0]), torch.zeros(4, dtype=torch.long), torch.arange(4), scores_QT, bags_DT)
    fixed_Q = fixed_level_map(scores_QT, bags_DT.expand(4, -1), 4)
    assert 100 * float(fixed_Q.mean()) == pytest.approx(float(metric.compute()["map"]))


@pytest.mark.parametrize(
    "name", ["features not scaled", "one target for both signs", "document prior 1/25", "gradient descent"]
)
def test_each_setting_is_really_put_back(miniature, name):
    ours, other = (measure(ROWS[row], Cal500(str(miniature)), 0, (2, 1)) for row in ("as configured", name))
    kept = {"single_map", "single_map_fixed", "siamese_map", "siamese_map_fixed"}
    rates = {"single_rate", "siamese_rate"} if name == "gradient descent" else set()
    assert (ours.keys(), other.keys()) == (kept, kept | rates)
    assert ours != other


def test_rows_wait_for_what_is_missing_and_keep_what_is_there(miniature, tmp_path, monkeypatch, capsys):
    def measured(row, collection, fold, epochs):
        asked.append((row, fold, epochs))
        return dict.fromkeys(("single_map", "single_map_fixed", "siamese_map", "siamese_map_fixed"), 50.0 + fold)

    asked = []
    monkeypatch.setattr(module, "measure", measured)
    runs, out = tmp_path / "runs", tmp_path / "tables"
    told = ["reproduce", "departures", "--collection=Cal500", f"--collection.root={miniature}", f"--runs={runs}"]
    main([*told, f"--out={out}", "--folds=[0]", "--epochs=[2,1]"])
    assert asked == [(row, 0, (2, 1)) for row in ROWS.values()]
    assert "| as configured | 50.00, one run |" in capsys.readouterr().out
    text = departures_table(runs, (0, 1), out).read_text(encoding="utf-8")
    assert "| pairs at random | waits for fold1 |" in text
    asked.clear()
    main([*told, f"--out={out}", "--folds=[0,1]"])
    assert asked == [(row, 1, (180, 80)) for row in ROWS.values()]
    assert "| as configured | 50.50 ± 0.71 |" in capsys.readouterr().out
    assert json.loads((out / "siamese-departures.json").read_text())["as configured"]["siamese_map"] == [50.0, 51.0]


def test_the_rate_of_gradient_descent_is_the_largest_that_descends_on_training_documents(mini_data, monkeypatch):
    tried = []

    def fit(model, data, epochs, losses):
        tried.append(model)
        losses.means = {RATES[0]: [1.0, float("nan")], RATES[1]: [1.0, 0.5, 0.6]}.get(model, [1.0, 0.5, 0.4])

    monkeypatch.setattr(module, "_fit", fit)
    assert largest_rate(lambda optimizer: optimizer.keywords["lr"], mini_data()) == RATES[2]
    assert tried == list(RATES[:3])
    monkeypatch.setattr(module, "RATES", RATES[:2])
    with pytest.raises(ValueError, match="no rate from 1000 to 316"):
        largest_rate(lambda optimizer: optimizer.keywords["lr"], mini_data())
