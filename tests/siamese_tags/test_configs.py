"""Every committed YAML parses against the real signatures."""

from pathlib import Path

import pytest

from mwe.reproduce.experiments.experiment import load
from mwe.reproduce.experiments.recipes import RunSettings
from siamese_tags.stages import SiameseCLI

CONFIGS = Path(__file__).parents[2] / "lightning_configs" / "siamese_tags"
ROW = CONFIGS / "stages" / "siamese_ce.yaml"


class ParseOnly(SiameseCLI):
    """Stops before anything is built."""

    def instantiate_classes(self) -> None:
        """Build nothing."""

    def _run_subcommand(self, subcommand: str) -> None:
        """Run nothing."""


def arguments(path: Path) -> list[str]:
    if path.parent.name == "data":
        return ["-c", str(ROW), "--data", str(path)]
    if path.parent.name == "collection":
        return ["-c", str(ROW), "--data.init_args.collection", str(path)]
    return ["-c", str(path)]


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: str(path.relative_to(CONFIGS)))
def test_parses_and_has_its_fold_filled_in(path):
    config = ParseOnly(["fit", *arguments(path), "--data.init_args.fold=2"]).config["fit"]
    assert config["trainer.logger"][0].init_args.version == "fold2"
    assert config["trainer.max_epochs"] > 0
    assert config["seed_everything"] == 0


def test_rows_are_the_chosen_settings(monkeypatch):
    monkeypatch.chdir(CONFIGS.parents[1])
    row = ParseOnly(["fit", "-c", str(ROW)]).config["fit"]
    model, data = row["model.init_args"], row["data.init_args"]
    assert (model["alpha"], model["beta"], model["rho"], model["sensitivity"]) == (2000, 3, 0.1, 0.5)
    assert (model["share_inside"], model["kappa"], row["trainer.max_epochs"]) == (0.8, "swapped", 80)
    tasks = load(CONFIGS.parent / "experiments/siamese-table1.yaml", RunSettings()).tasks
    [command] = [task.commands()[0] for task in tasks if task.name == "siamese-quick/siamese_ce_random/fold0"]
    random = ParseOnly(command[1:]).config["fit"]
    assert random["model.init_args.init_from"] is None
    assert {**vars(random["model.init_args"]), "init_from": ""} == {**vars(model), "init_from": ""}
    assert (random["trainer.max_epochs"], random["data.init_args.document_prior"]) == (140, 0.5)
    assert (data["document_prior"], data["n_topics"], data["batch_size"], data["n_folds"]) == (0.5, 25, 500, 3)


def test_nothing_here_names_a_tracker_in_code():
    for path in (CONFIGS.parents[1] / "siamese_tags").rglob("*.py"):
        assert "wandb" not in path.read_text(encoding="utf-8"), path
