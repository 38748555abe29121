"""Tables of the sparse collections: their rows, their titles, their experiments, and through the front door."""

import csv
import json
from pathlib import Path

import pytest
import yaml

from mwe.core.runs import RunMetrics
from mwe.reproduce.experiments.experiment import load
from mwe.reproduce.experiments.recipes import RunSettings
from siamese_tags.baselines import BASELINES
from siamese_tags.cli import main
from siamese_tags.reproduce.priming_rows import TABLES
from siamese_tags.reproduce.priming_table import build_table
from siamese_tags.reproduce.published import published
from siamese_tags.reproduce.sparse_rows import OOV_METRICS, SPARSE_TABLES, TOPICS_OF, WITH_TOPICS
from siamese_tags.stages import SiameseCLI

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "lightning_configs" / "siamese_tags"
EXPERIMENTS = ROOT / "lightning_configs" / "experiments"
TARGETS = {"siamese-table3-cal10k": "siamese-table3"}


def runs_of(target):
    return "siamese-cal10k" if target.endswith("cal10k") else "siamese-sparse"


class Composed(SiameseCLI):
    """Stops once the configuration is read."""

    def instantiate_classes(self) -> None:
        """Build nothing."""

    def _run_subcommand(self, subcommand: str) -> None:
        """Run nothing."""


@pytest.fixture
def plan(planned):
    """Commands of an experiment, outputs in an empty folder."""
    return lambda target: planned(target, present=["magnatagatune/x", "cal10k/cal10k_tags.tsv"])


@pytest.mark.parametrize("target", SPARSE_TABLES)
def test_target_makes_each_row_with_its_collection_and_topics(target, plan):
    runs = runs_of(target)
    commands = [one for one in plan(TARGETS.get(target, target)) if runs in one]
    made = {}
    for command in commands:
        if " baseline " in command:
            made[command.split("--name ")[1].split()[0]] = command
        elif " fit " in command:
            made[command.split(f"logger.name {runs}/")[1].split()[0]] = command
    assert set(made) == {row.folder for row in SPARSE_TABLES[target].rows}
    for name in set(made) & set(BASELINES):
        assert (f"n_topics: {TOPICS_OF[runs]}" in made[name]) == (name in WITH_TOPICS)
        [row] = {row.command for row in SPARSE_TABLES[target].rows if row.folder == name}
        part = next(word for word in row.split() if "/collection/" in word)
        assert part in made[name]
        assert (ROOT / part).is_file()
    [table] = [one for one in commands if " table " in one and f"--target {target} " in one]
    assert f"--runs {table.split('--runs ')[1].split('/out/')[0]}/out/{runs}" in table


def test_rows_that_are_there_are_not_run_again(plan, tmp_path):
    before = len(plan("siamese-tableE2"))
    for fold in range(3):
        RunMetrics({}, "x", 0).write(tmp_path / "out" / "siamese-sparse" / "pca" / f"fold{fold}")
    assert len(plan("siamese-tableE2")) == before - 1


@pytest.mark.parametrize("target", SPARSE_TABLES)
def test_published_rows_are_all_there(target):
    table = SPARSE_TABLES[target]
    named = [row.published for row in table.rows if row.published]
    assert set(named) == set(published(table.published))
    assert len({row.label for row in table.rows}) == len(table.rows)
    assert table.reference in {row.label for row in table.rows}


@pytest.mark.parametrize("runs", TOPICS_OF)
def test_topics_and_collection_of_baselines_are_those_of_the_networks(runs, monkeypatch):
    monkeypatch.chdir(ROOT)
    tasks = [
        task
        for task in load(EXPERIMENTS / "siamese-table3.yaml", RunSettings()).tasks
        if task.name.startswith(f"{runs}/")
    ]
    [[part]] = {tuple(word for word in task.commands()[0] if "/collection/" in word) for task in tasks}
    fits = [task.commands()[0][1:] for task in tasks if task.commands()[0][1] == "fit"]
    assert len(fits) == 2 * 3
    for command in fits:
        data = Composed(command).config["fit"]["data.init_args"]
        assert data["n_topics"] == TOPICS_OF[runs]
        assert data["collection"].init_args.n_tags == yaml.safe_load(Path(part).read_text())["init_args"]["n_tags"]


@pytest.mark.parametrize("target", {**TABLES, **SPARSE_TABLES})
def test_commands_of_networks_name_runs_of_an_experiment(target):
    for row in {**TABLES, **SPARSE_TABLES}[target].rows:
        if " --only " in row.command:
            _, _, experiment, _, run = row.command.split()
            tasks = load(EXPERIMENTS / f"{experiment}.yaml", RunSettings()).tasks
            assert {run.replace("foldK", f"fold{fold}") for fold in range(3)} <= {task.name for task in tasks}


@pytest.fixture
def runs(tmp_path):
    """Made-up runs of Table 3, the same figures in every row."""

    def write(collection):
        figures = {f"{prefix}{name}": 10.0 for prefix in ("", "nearest_", "furthest_") for name in OOV_METRICS}
        for row in SPARSE_TABLES["siamese-table3"].rows:
            for fold in range(2):
                RunMetrics(figures, collection, 0).write(tmp_path / row.folder / f"fold{fold}")
        return tmp_path

    return write


def test_a_stand_in_is_named_and_the_paper_s_figures_stand_beside_it(runs):
    stand_in = build_table(runs("songs (stand-in for MagTag5K)"), (0, 1), "siamese-table3", runs("x") / "tables")
    title = stand_in.read_text().splitlines()[0]
    with open(stand_in.with_suffix(".csv"), encoding="utf-8") as file:
        lines = {(line["row"], line["metric"]): line for line in csv.DictReader(file)}
    assert "not comparable" in title
    assert lines["Siamese CE, negative category, furthest", "oov_p@1"]["published"] == "63.470000"
    assert lines["Siamese CE, own features, nearest", "oov_p@1"]["published"] == ""
    assert lines["PCA, nearest, chosen", "oov_p@10"]["reproduced"] == "10.000000"


def test_the_paper_s_own_collection_is_comparable(runs):
    path = build_table(runs("MagTag5K"), (0, 1), "siamese-table3", runs("MagTag5K") / "tables")
    assert path.read_text().startswith("# Priming accuracy (%) on MagTag5K (Table 3")


def test_through_the_front_door(miniature, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    part = {
        "class_path": "siamese_tags.documents.Reserved",
        "init_args": {
            "collection": {"class_path": "siamese_tags.documents.Cal500", "init_args": {"root": str(miniature)}},
            "n_tags": 2,
            "most_documents": 12,
        },
    }
    Path("part.yaml").write_text(yaml.safe_dump(part))
    main(["baseline", "--name=pca", "--settings={dimensions: 3}", "--collection=part.yaml", "--folds=[0]", "--out=pca"])
    assert "2 tags out of vocabulary" in capsys.readouterr().out
    assert "oov_p@1" in json.loads(Path("pca/fold0/metrics.json").read_text())["metrics"]
    small = [
        "--trainer.max_epochs=1",
        "--trainer.accelerator=cpu",
        "--trainer.enable_progress_bar=false",
        "--data.init_args.collection=part.yaml",
        "--data.init_args.n_topics=4",
    ]
    main(["fit", "-c", f"{CONFIGS}/stages/single_ce.yaml", *small, "--model.init_args.pretraining.steps=2"])
    main(["fit", "-c", f"{CONFIGS}/stages/siamese_ce.yaml", *small])
    for row in ("single_ce", "siamese_ce"):
        run = Path(f"outputs/siamese-quick/{row}/fold0")
        fitted = json.loads((run / "metrics.json").read_text())["metrics"]
        assert {f"{rule}_{name}" for rule in ("nearest", "furthest") for name in OOV_METRICS} <= set(fitted)
        checkpoint = f"--ckpt_path={run}/checkpoints/last.ckpt"
        main(["test", "-c", f"{CONFIGS}/stages/{row}.yaml", *small, checkpoint])
        assert json.loads((run / "metrics.json").read_text())["metrics"] == fitted


def test_a_reservation_that_cannot_be_made_is_one_clear_message(miniature):
    where = ["--collection=Reserved", "--collection.collection=Cal500", f"--collection.collection.root={miniature}"]
    with pytest.raises(SystemExit, match=r"siamese-tags baseline: CAL500: n_tags=99, but 22 of 22 tags"):
        main(["baseline", "--name=pca", *where, "--collection.n_tags=99"])
