"""The plan of the tables on CAL500, without running anything."""

import pytest

from mwe.core.runs import RunMetrics
from siamese_tags.reproduce.priming_rows import TABLES


@pytest.fixture
def plan(planned):
    """Commands that an experiment would run, outputs in an empty folder."""
    return lambda target, *words: planned(target, *words, present=["cal500/jams/x"])


def rows_made(commands):
    fits = {command.split("logger.name siamese-quick/")[1].split()[0] for command in commands if " fit " in command}
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
    finished = {"pca", "random"}
    assert rows_made(plan("siamese-tableE1")) == {row.folder for row in TABLES["siamese-tableE1"].rows} - finished


def test_seeds_have_runs_of_their_own(plan):
    commands = plan("siamese-table1", "--seeds", "0,3")
    assert len(commands) == len(set(commands)) == 2 * (3 * 3 + len(TABLES["siamese-table1"].rows) - 3) + 1
    [second] = [
        command for command in commands if "siamese-quick/siamese_ce " in command and "version fold1_seed3" in command
    ]
    assert "--data.init_args.fold 1 --seed_everything 3" in second
    assert "/single_ce/fold1_seed3" in second
    [table] = [command for command in commands if " table " in command]
    assert "--seeds '[0,3]'" in table
    assert sum("--name pca " in command and "--seed 3" in command for command in commands) == 1
