"""Through the front door: the context encoder, the simple rules and the table."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from mwe.reproduce.experiments.experiment import load
from mwe.reproduce.experiments.recipes import RunSettings
from siamese_tags.cli import main
from siamese_tags.reproduce.masked_rows import COLLECTIONS, ROWS, SIMPLE

CONFIGS = Path(__file__).parents[3] / "lightning_configs" / "siamese_tags"
RUN = Path("outputs/siamese-masked/cal500/context_encoder/fold0")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def quiet(miniature):
    root = f"--data.init_args.collection.init_args.root={miniature}"
    return [root, "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.init_args.batch_size=5"]


@pytest.fixture
def row(quiet):
    small = ["--model.init_args.members=2", "--model.init_args.width=128"]
    return ["-c", f"{CONFIGS}/stages/context_encoder.yaml", *quiet, *small]


def figures(run=RUN):
    return json.loads(Path(run, "metrics.json").read_text(encoding="utf-8"))["metrics"]


def test_learns_and_a_test_repeats_what_fit_measured(row):
    main(["fit", *row, "--trainer.max_epochs=40"])
    measured = figures()
    outputs = {"p@1", "p@2", "p@5", "p@10", "map", "ap"}
    assert set(measured) == outputs | {f"distance_{name}" for name in outputs}
    # naive Bayes reaches 47, popularity 10
    assert measured["map"] > 35
    assert measured["distance_map"] > 35
    (RUN / "metrics.json").unlink()
    main(["test", *row, f"--ckpt_path={RUN}/checkpoints/last.ckpt"])
    assert figures() == measured


def test_a_resumed_fit_ends_where_an_unbroken_one_does(row):
    short = [*row, "--trainer.max_epochs=4"]
    main(["fit", *short])
    whole = figures()
    # every epoch keeps its checkpoint, and the second fit goes on from the middle one
    every = ["save_top_k=-1", "every_n_epochs=1", "filename=null"]
    kept = [*(f"--trainer.callbacks.{option}" for option in every), "--trainer.logger.version=broken"]
    main(["fit", *short, *kept])
    broken = RUN.with_name("broken")
    (broken / "metrics.json").unlink()
    [middle] = (broken / "checkpoints").glob("epoch=1-*.ckpt")
    main(["fit", *short, *kept, f"--ckpt_path={middle}"])
    assert figures(broken) == whole


def test_weights_of_another_fold_are_refused(row):
    main(["fit", *row, "--trainer.max_epochs=1"])
    with pytest.raises(SystemExit, match="trained on other data: tags and training documents"):
        main(["test", *row, "--data.init_args.fold=1", f"--ckpt_path={RUN}/checkpoints/last.ckpt"])


def rule(name, miniature, row=None):
    collection = ["--collection=Cal500", f"--collection.root={miniature}", "--folds=[0]"]
    main(["masked", "rule", f"--name={name}", *collection, f"--out={RUN.parents[1]}/{row or name}"])


def test_rows_and_their_tables(row, quiet, miniature, capsys):
    main(["fit", *row, "--trainer.max_epochs=1"])
    stage = f"{CONFIGS}/stages/masked_single_ce.yaml"
    main(["fit", "-c", stage, *quiet, "--data.init_args.topic_iterations=5", "--trainer.max_epochs=1"])
    for copy in ("siamese_ce", "single_ce_masked", "siamese_ce_masked"):
        shutil.copytree(RUN.parents[1] / "single_ce", RUN.parents[1] / copy)
    for simple in SIMPLE[:-1]:
        # the topics of so small a collection are slow to choose and beside the point here
        rule("ease" if simple.folder == "context_lda" else simple.folder, miniature, simple.folder)
    with pytest.raises(SystemExit, match="siamese-masked --only siamese-masked/cal500/ease_dropout/foldK"):
        main(["masked", "table", "--folds=[0]"])
    rule("ease_dropout", miniature)
    main(["masked", "table", "--folds=[0]"])
    assert "| Context encoder |" in capsys.readouterr().out
    with open("outputs/tables/siamese-masked.csv", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert lines[0]["metric"] == "cal500_map"
    assert {line["row"] for line in lines} >= {one.label for one in ROWS if one.prefix != "distance_"}
    for label, folder, name in (
        ("Context encoder", "context_encoder", "map"),
        ("Single prediction (masked training)", "single_ce", "prediction_map"),
    ):
        [measured] = [line for line in lines if (line["row"], line["metric"]) == (label, "cal500_map")]
        assert float(measured["reproduced"]) == pytest.approx(
            figures(RUN.parents[1] / folder / "fold0")[name], abs=1e-5
        )
    main(["masked", "differences", "--folds=[0]"])
    assert "| Siamese CE - Single CE | +0.00 | +0.0 | +0.00 to +0.00 | 1.0000 |" in capsys.readouterr().out
    assert Path("outputs/tables/siamese-masked-differences.csv").is_file()


def test_commands_of_rows_name_runs_of_the_experiment():
    """What the table tells to type can be made: the experiment declares it."""
    experiment = load(CONFIGS.parent / "experiments/siamese-masked.yaml", RunSettings())
    declared = {str(path.parent.relative_to("outputs")) for task in experiment.tasks for path in task.makes}
    for one in ROWS:
        for collection in COLLECTIONS:
            *_, option, run = one.command(collection).split()
            assert option == "--only"
            assert {run.replace("foldK", f"fold{fold}") for fold in range(3)} <= declared


def test_no_runs_is_one_clear_message():
    told = r"siamese-tags masked table: no metrics\.json in .*--only siamese-masked/cal500/popularity/foldK"
    with pytest.raises(SystemExit, match=told):
        main(["masked", "table"])
