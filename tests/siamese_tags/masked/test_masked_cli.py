"""Through the front door: the context encoder, the simple rules and the table."""

import csv
import json
import math
from pathlib import Path

import pytest
import torch

from siamese_tags.cli import main
from siamese_tags.masked.encoder import ContextEncoder, hidden_tags_loss, warm_cosine
from siamese_tags.masked.tables import ENCODER, LABELS

CONFIGS = Path(__file__).parents[3] / "lightning_configs" / "siamese_tags"
RUN = Path("outputs/siamese-masked/cal500/context_encoder/fold0")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def row(miniature):
    root = f"--data.init_args.collection.init_args.root={miniature}"
    quiet = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.init_args.batch_size=5"]
    return ["-c", f"{CONFIGS}/masked/cal500.yaml", root, *quiet]


def figures(run=RUN):
    return json.loads(Path(run, "metrics.json").read_text(encoding="utf-8"))["metrics"]


def test_learns_and_a_test_repeats_what_fit_measured(row):
    main(["fit", *row, "--trainer.max_epochs=40"])
    measured = figures()
    assert set(measured) == {"p@1", "p@2", "p@5", "p@10", "map", "ap"}
    assert measured["map"] > 60
    (RUN / "metrics.json").unlink()
    main(["test", *row, f"--ckpt_path={RUN}/checkpoints/last.ckpt"])
    assert figures() == measured


def test_a_resumed_fit_ends_where_an_unbroken_one_does(row):
    short = [*row, "--trainer.max_epochs=4"]
    main(["fit", *short])
    whole = figures()
    # every epoch keeps its checkpoint, and the second fit goes on from the middle one
    kept = ["--trainer.callbacks.save_top_k=-1", "--trainer.logger.version=broken"]
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


def test_rules_and_table(row, miniature, capsys):
    main(["fit", *row, "--trainer.max_epochs=1"])
    for name in set(LABELS) - {ENCODER, "context_lda"}:
        out = f"--out=outputs/siamese-masked/cal500/{name}"
        main(
            [
                "masked",
                "rule",
                f"--name={name}",
                "--collection=Cal500",
                f"--collection.root={miniature}",
                "--folds=[0]",
                out,
            ]
        )
    with pytest.raises(SystemExit, match="masked rule --name context_lda --collection Cal500"):
        main(["masked", "table", "--folds=[0]"])
    (Path("outputs/siamese-masked/cal500") / "ease").rename("outputs/siamese-masked/cal500/context_lda")
    main(["masked", "rule", "--name=ease", "--collection=Cal500", f"--collection.root={miniature}", "--folds=[0]",
          "--out=outputs/siamese-masked/cal500/ease"])  # fmt: skip
    main(["masked", "table", "--folds=[0]"])
    assert "| Context encoder |" in capsys.readouterr().out
    with open("outputs/tables/siamese-masked.csv", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert lines[0]["metric"] == "cal500_map"
    assert {line["row"] for line in lines} == set(LABELS.values())
    [measured] = [line for line in lines if (line["row"], line["metric"]) == ("Context encoder", "cal500_map")]
    assert float(measured["reproduced"]) == pytest.approx(figures()["map"], abs=1e-5)


def test_no_runs_is_one_clear_message():
    with pytest.raises(SystemExit, match=r"siamese-tags: no metrics\.json in .*masked rule --name popularity"):
        main(["masked", "table"])


def test_revealed_tags_have_no_part_in_the_loss():
    logits = torch.zeros(2, 5, requires_grad=True)
    revealed = torch.tensor([[1, 0, 0, 0, 0], [1, 1, 0, 0, 0]], dtype=torch.bool)
    hidden = torch.tensor([[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], dtype=torch.bool)
    loss = hidden_tags_loss(logits, revealed, hidden)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert (logits.grad[revealed] == 0).all()
    assert (logits.grad[hidden] < 0).all()


def test_an_untrained_encoder_starts_at_the_log_odds_and_ignores_order():
    encoder = ContextEncoder(6, width=8, layers=2).eval()
    frequency = torch.tensor([0.1, 0.5, 0.9, 0.2, 0.0, 1.0])
    encoder.start_at(frequency)
    assert torch.isfinite(encoder.bias_T).all()
    assert encoder.bias_T[:4].sigmoid().tolist() == pytest.approx(frequency[:4].tolist())
    assert encoder(torch.eye(6, dtype=torch.bool)).shape == (6, 6)


def test_learning_rate_schedule():
    shares = [warm_cosine(step, 100, 10) for step in range(101)]
    assert shares[0] == 0.1
    assert max(shares) == shares[9] == 1
    assert shares[55] == pytest.approx(0.5)
    assert shares[100] == pytest.approx(0)
