"""The plan of the make targets, without running anything."""

import subprocess
from pathlib import Path

import pytest

from mwe.core.runs import RunMetrics
from siamese_tags.tables.rows import TABLES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def plan(tmp_path):
    """Commands that a target would run, outputs in an empty folder, the environment taken as made."""

    def of(target, *variables):
        ready = tmp_path / "ready"
        ready.touch()
        given = ["VENV=none", "PY=python", f"READY={ready}", f"OUT={tmp_path}/out", *variables]
        done = subprocess.run(["make", "-n", target, *given], cwd=ROOT, capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if "python -m siamese_tags" in line]

    return of


def rows_made(commands):
    fits = {command.split("table1/")[1].split(".yaml")[0] for command in commands if " fit " in command}
    return fits | {command.split("--name ")[1].split()[0] for command in commands if " baseline " in command}


@pytest.mark.parametrize("target", TABLES)
def test_target_makes_each_row_once_and_then_the_table(target, plan):
    commands = plan(target)
    assert rows_made(commands) == {row.folder for row in TABLES[target].rows}
    assert len(commands) == len(set(commands))
    assert f"--target {target}" in commands[-1]
    assert sum(" table " in command for command in commands) == 1


def test_rows_that_are_there_are_not_run_again(plan, tmp_path):
    for row in ("pca", "lsa", "random"):
        for fold in range(3):
            RunMetrics({}, "CAL500", 0).write(tmp_path / "out" / "siamese-quick" / row / f"fold{fold}")
    made = rows_made(plan("siamese-table1"))
    assert made == {row.folder for row in TABLES["siamese-table1"].rows} - {"pca", "lsa", "random"}
    assert rows_made(plan("siamese-tableE1")) == {row.folder for row in TABLES["siamese-tableE1"].rows} - made - {
        *("pca", "random"),
    } | {"cbow_s1_w1", "sg_s1_w2"}


def test_seeds_have_runs_of_their_own(plan):
    commands = plan("siamese-table1", "SIAMESE_SEEDS=0 3")
    assert len(commands) == len(set(commands)) == 2 * (3 * 3 + len(TABLES["siamese-table1"].rows) - 3) + 1
    [second] = [command for command in commands if "siamese_ce.yaml" in command and "version fold1_seed3" in command]
    assert "--data.init_args.fold 1 --seed_everything 3" in second
    assert "/single_ce/fold1_seed3" in second
    [table] = [command for command in commands if " table " in command]
    assert "--seeds '[0,3]'" in table
    assert sum("--name pca " in command and "--seed 3" in command for command in commands) == 1
