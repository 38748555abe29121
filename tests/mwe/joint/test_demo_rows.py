"""Rows of `make demo-joint` and `make demo-losses`: what make plans, what the tables ask for, that rows train."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from mwe.cli import main

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "lightning_configs/mwe"
ROWS = ("cnn1d", "transformer", "hard_negatives", "infonce", "statistics")


@pytest.mark.parametrize("table", ["demo-joint", "demo-losses"])
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_plans_the_runs_that_the_table_reads(table):
    described = yaml.safe_load((ROOT / f"lightning_configs/tables/{table}.yaml").read_text())
    # as if all were set up: nothing is asked of the environment, and nothing is run
    plan = ["make", "-n", "-o", ".venv/ready", "OUT=planned", table]
    told = subprocess.run(plan, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for row in described["rows"]:
        assert row["command"] == f"make {table}"
        for seed in range(3):
            assert f"planned/{row['runs'].replace('*', str(seed))}/metrics.json" in told
    names = {row["row"] for row in described["rows"]}
    assert {name for pair in described["comparisons"]["pairs"] for name in pair} <= names
    assert f"compare lightning_configs/tables/{table}.yaml --runs planned --out planned/tables" in told


@pytest.mark.parametrize("row", ROWS)
def test_a_row_trains_on_the_miniature_under_any_supervision(row, prepared, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    supervision = CONFIGS / "supervision/tag_artist_track.yaml"
    arguments = prepared.arguments("-c", str(supervision), "--trainer.fast_dev_run", "1")
    arguments[1] = str(CONFIGS / f"demo/{row}.yaml")
    main(["fit", *arguments])


@pytest.mark.parametrize("supervision", sorted(path.stem for path in (CONFIGS / "supervision").glob("*.yaml")))
def test_supervisions_are_laid_over_the_demonstration_s_model(supervision, capsys):
    row, over = CONFIGS / "demo/cnn1d.yaml", CONFIGS / f"supervision/{supervision}.yaml"
    with pytest.raises(SystemExit) as ended:
        main(["fit", "-c", str(row), "-c", str(over), "--print_config"])
    assert ended.value.code == 0
    weights = yaml.safe_load(capsys.readouterr().out)["model"]["init_args"]
    assert {name for name in ("tag", "artist", "track") if weights[name]} == set(supervision.split("_"))
