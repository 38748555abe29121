"""Training of the context encoder, through the front door."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from siamese_tags.checkpoint_tags import EMBEDDING_DATA
from siamese_tags.cli import main
from siamese_tags.documents import Cal500
from siamese_tags.masked.document_figures import load_documents
from siamese_tags.masked.encoder import ContextEncoder
from siamese_tags.masked.masked_data import unseen_tags
from siamese_tags.masked.metrics import MaskedPrimingMetric
from siamese_tags.masked.rules import RULES
from siamese_tags.masked.split import masked_split
from siamese_tags.reproduce.unseen_rows import fit_unseen

REPOSITORY = Path(__file__).parents[3]
ROW = REPOSITORY / "lightning_configs" / "siamese_tags" / "stages" / "context_encoder.yaml"
UNSEEN = "--data.init_args.unseen_share=0.2"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def row(miniature):
    root = f"--data.init_args.collection.init_args.root={miniature}"
    quiet = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.init_args.batch_size=5"]
    small = ["--model.init_args.members=2", "--model.init_args.width=16"]
    return ["-c", str(ROW), root, *quiet, *small, "--data.init_args.eval_batch_size=4"]


def figures(run):
    return json.loads((run / "metrics.json").read_text(encoding="utf-8"))["metrics"]


def test_unseen_tags_are_ranked_by_what_they_occur_with(row, miniature):
    """Tags of two kinds that never meet: an unseen one belongs where its kind is."""
    main(["fit", *row, UNSEEN, "--trainer.max_epochs=40", "--trainer.logger.name=unseen"])
    run = Path("outputs/unseen/fold0")
    measured = figures(run)
    assert measured["unseen_auc"] > 60
    assert measured["map"] > 30
    # a test of the checkpoint puts the unseen tags in again
    (run / "metrics.json").unlink()
    main(["test", *row, UNSEEN, "--trainer.logger.name=unseen", f"--ckpt_path={run}/checkpoints/last.ckpt"])
    assert figures(run) == measured
    for name in ("naive_bayes", "popularity"):
        where = ["--collection=Cal500", f"--collection.root={miniature}", "--unseen_share=0.2", "--folds=[0]"]
        main(["masked", "unseen", f"--name={name}", *where, f"--out=outputs/{name}"])
    bayes = figures(Path("outputs/naive_bayes/fold0"))
    assert bayes["unseen_auc"] > figures(Path("outputs/popularity/fold0"))["unseen_auc"]
    assert bayes["unseen_documents"] == measured["unseen_documents"]
    with pytest.raises(SystemExit, match="masked unseen --name popularity --collection Cal500"):
        main(["masked", "unseen-table"])
    for source, row_name in (("unseen", "context_encoder"), ("naive_bayes", "naive_bayes"), ("popularity",) * 2):
        shutil.copytree(f"outputs/{source}", f"outputs/siamese-masked-unseen/cal500/{row_name}")
    main(["masked", "unseen-table", "--folds=[0]"])
    with open("outputs/tables/siamese-masked-unseen.csv", encoding="utf-8") as file:
        reproduced = {(line["row"], line["metric"]): float(line["reproduced"]) for line in csv.DictReader(file)}
    assert reproduced["Context encoder", "cal500_unseen_auc"] == pytest.approx(measured["unseen_auc"], abs=1e-5)
    assert reproduced["Context encoder, embedding distance", "cal500_map"] == pytest.approx(
        measured["distance_map"], abs=1e-5
    )
    # the same queries, so that the rows can be paired
    ours, theirs = load_documents(run), load_documents(Path("outputs/naive_bayes/fold0"))
    assert ours.ids == theirs.ids
    np.testing.assert_array_equal(ours.queries_D, theirs.queries_D)


def test_naive_bayes_does_not_look_at_pairs_of_unseen_tags(miniature):
    split = masked_split(Cal500(str(miniature)).read(), 0)
    unseen = unseen_tags(len(split.documents.tags), 0.2, 0, 0)
    rule = fit_unseen(RULES["naive_bayes"].build(pseudo_count=1.0, temper=0.4), split, unseen)
    revealed = np.zeros((1, len(split.documents.tags)), np.bool_)
    revealed[0, unseen[0]] = True
    np.testing.assert_array_equal(rule.score(revealed)[0, unseen], rule.score(np.zeros_like(revealed))[0, unseen])


def test_documents_of_a_run_have_both_rankings(row):
    main(["fit", *row, "--trainer.max_epochs=2", "--trainer.logger.name=kept"])
    run = Path("outputs/kept/fold0")
    kept = load_documents(run)
    for name, value in figures(run).items():
        assert np.average(kept.figures[name], weights=kept.queries_D) == pytest.approx(value, abs=1e-3)


def test_the_figures_are_those_of_hidden_tags_given_the_revealed_ones(row, miniature):
    main(["fit", *row, "--trainer.max_epochs=3", "--trainer.logger.name=plain"])
    run = Path("outputs/plain/fold0")
    split = masked_split(Cal500(str(miniature)).read(), 0)
    membership = torch.tensor(split.documents.matrix_DT[split.test])
    revealed = torch.tensor(split.revealed_DT[split.test])
    metric = MaskedPrimingMetric()
    metric.add_documents(torch.tensor(split.test), rebuilt(run)(revealed), revealed, membership & ~revealed)
    for name, value in metric.compute().items():
        assert figures(run)[name] == pytest.approx(value.item(), abs=1e-3)


def rebuilt(run):
    """The encoder that the checkpoint of a run describes."""
    checkpoint = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    encoder = ContextEncoder(**checkpoint[EMBEDDING_DATA]["encoder"])
    prefix = "encoder."
    encoder.load_state_dict(
        {name.removeprefix(prefix): v for name, v in checkpoint["state_dict"].items() if name.startswith(prefix)}
    )
    assert len(checkpoint[EMBEDDING_DATA]["tags"]) == encoder.settings["n_tags"]
    return encoder.eval()


def test_an_encoder_is_rebuilt_from_its_checkpoint(row):
    main(["fit", *row, UNSEEN, "--trainer.max_epochs=1", "--trainer.logger.name=kept"])
    assert rebuilt(Path("outputs/kept/fold0")).settings["n_tags"] == 18


@pytest.mark.slow
def test_two_processes_measure_what_one_does(row, tmp_path):
    def run(command, devices, name, *arguments):
        strategy = [f"--trainer.devices={devices}", *(["--trainer.strategy=ddp"] if devices > 1 else [])]
        subprocess.run(
            [
                sys.executable,
                "-m",
                "siamese_tags",
                command,
                *row,
                UNSEEN,
                *strategy,
                f"--trainer.logger.name={name}",
                *arguments,
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
            check=True,
            capture_output=True,
            timeout=300,
        )
        return tmp_path / "outputs" / name / "fold0"

    both = run("fit", 2, "both", "--trainer.max_epochs=2")
    checkpoint = f"--ckpt_path={both}/checkpoints/last.ckpt"
    one, two = run("test", 1, "one", checkpoint), run("test", 2, "two", checkpoint)
    assert figures(two) == pytest.approx(figures(one), abs=1e-4)
    assert figures(both) == pytest.approx(figures(one), abs=1e-4)
    assert (load_documents(one).queries_D == load_documents(two).queries_D).all()
