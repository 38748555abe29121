"""Rows of `demo-joint` and `demo-losses` train, and supervisions are laid over their models."""

from pathlib import Path

import pytest
import yaml

from mwe.cli import main
from mwe.encoders import Musicnn, tower
from mwe.reproduce.experiments.experiment import load
from mwe.reproduce.experiments.recipes import RunSettings

ROOT = Path(__file__).parents[3]
ROWS = {
    name.split("/")[2]: task
    for table in ("demo-joint", "demo-losses")
    for task in load(ROOT / f"lightning_configs/experiments/{table}.yaml", RunSettings()).tasks
    if "ridge" not in (name := task.name)
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_trains_on_the_miniature(row, prepared, tower_mel, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    own = [str(ROOT / word) if word.startswith("lightning_configs/") else word for word in ROWS[row].commands()[0]]
    quick = ["--trainer.fast_dev_run", "1", "--data.repeats", "1"]
    if "musicnn" in row:  # random weights in the place of the published ones
        state = Musicnn().net.state_dict()
        monkeypatch.setattr(tower, "published_state", lambda network: state)
        quick += ["--data.mel", str(tower_mel)]
    main(["fit", *own[2:], *prepared.arguments(*quick)[2:]])


@pytest.mark.parametrize("table", ["demo-joint", "demo-losses"])
def test_supervision_is_laid_over_the_demonstration_s_model(table, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    tasks = load(ROOT / f"lightning_configs/experiments/{table}.yaml", RunSettings()).tasks
    for task in {task.makes[0].parent.parent: task for task in tasks if "ridge" not in task.name}.values():
        with pytest.raises(SystemExit) as ended:
            main([*task.commands()[0][1:], "--print_config"])
        assert ended.value.code == 0
        weights = yaml.safe_load(capsys.readouterr().out)["model"]["init_args"]
        named = task.makes[0].parents[1].name
        assert {name: weights[name] for name in ("tag", "artist", "track")} == {
            name: float(name in named.split("_")) for name in ("tag", "artist", "track")
        }
