"""The plan of ``paper siamese-masked``, without running anything."""

from pathlib import Path

import pytest

from mwe.core.runs import RunMetrics
from siamese_tags.reproduce.masked_rows import COLLECTIONS, ROWS

MARKS = {"cal500": "cal500/jams/x", "cal10k": "cal10k/cal10k_tags.tsv", "jamendo": "mtg_jamendo/data/splits/x"}


@pytest.fixture
def plan(planned):
    """Commands of the experiment with some collections at hand, outputs in a folder."""
    return lambda *names: planned("siamese-masked", present=[MARKS[name] for name in names])


def runs_of(commands):
    """Folders of runs that commands make, below that of the outputs."""
    made = []
    for command in commands:
        words = command.split()
        if "fit" in words:
            fold = words[words.index("--data.init_args.fold") + 1]
            named = "--trainer.logger.name" in words
            config = Path(words[words.index("-c") + 1])
            name = words[words.index("--trainer.logger.name") + 1] if named else f"{config.stem}/context_encoder"
            made.append(f"{name.removeprefix('siamese-masked/')}/fold{fold}")
        elif "rule" in words:
            out = Path(words[words.index("--out") + 1])
            made += [f"{out.parent.name}/{out.name}/fold{fold}" for fold in range(3)]
    return made


def test_each_run_once_then_both_tables(plan):
    commands = plan(*COLLECTIONS)
    made = runs_of(commands)
    wanted = {f"{name}/{row.folder}/fold{fold}" for name in COLLECTIONS for row in ROWS for fold in range(3)}
    assert set(made) >= wanted
    assert len(made) == len(set(made))
    assert [" table " in command for command in commands].index(True) == len(commands) - 2
    assert " masked differences " in commands[-1]


def test_second_stages_start_from_their_first(plan):
    commands = plan("cal500")
    made = runs_of(commands)
    for training in ("", "_masked"):
        place = made.index(f"cal500/siamese_ce{training}/fold1")
        [command] = [
            one for one in commands if f"siamese-masked/cal500/siamese_ce{training} " in f"{one} " and "fold 1" in one
        ]
        assert f"siamese-masked/cal500/single_ce{training}/fold1 " in command
        assert f"masked_training {'true' if training else 'false'}" in command
        assert place > made.index(f"cal500/single_ce{training}/fold1")


def test_what_is_there_is_not_run_again(plan, tmp_path):
    for row in ROWS:
        for fold in range(3):
            RunMetrics({}, "CAL500", 0).write(
                tmp_path / "out" / "siamese-masked" / "cal500" / row.folder / f"fold{fold}"
            )
    (tmp_path / "out/siamese-masked/cal500/siamese_ce/fold2/metrics.json").unlink()
    assert runs_of(plan("cal500")) == ["cal500/siamese_ce/fold2"]
