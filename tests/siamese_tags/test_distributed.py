"""Two processes, uneven shards: training runs, and a test gives the figures of one process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from pytorch_lightning import Trainer, seed_everything

from siamese_tags.documents import Cal500
from siamese_tags.fold_data import PrimingData
from siamese_tags.stage2 import SiameseNetwork

REPOSITORY = Path(__file__).parents[2]
ROW = REPOSITORY / "lightning_configs" / "siamese_tags" / "stages" / "single_ce.yaml"
SMALL = [
    "--trainer.accelerator=cpu",
    "--trainer.enable_progress_bar=false",
    "--data.init_args.n_topics=4",
    "--data.init_args.batch_size=64",
    "--data.init_args.eval_batch_size=5",
]


@pytest.fixture
def run(miniature, tmp_path):
    def call(command, devices, name, *arguments):
        strategy = [f"--trainer.devices={devices}", *(["--trainer.strategy=ddp"] if devices > 1 else [])]
        collection = f"--data.init_args.collection.init_args.root={miniature}"
        where = [collection, f"--trainer.logger.name={name}"]
        subprocess.run(
            [sys.executable, "-m", "siamese_tags", command, "-c", str(ROW), *SMALL, *strategy, *where, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
            check=True,
            capture_output=True,
            timeout=200,
        )
        return json.loads((tmp_path / "outputs" / name / "fold0" / "metrics.json").read_text())["metrics"]

    return call


@pytest.mark.slow
def test_two_processes_measure_what_one_does(run, tmp_path):
    short = ["--trainer.max_epochs=2", "--model.init_args.pretraining.steps=3"]
    fitted = run("fit", 2, "both", *short)
    checkpoint = f"--ckpt_path={tmp_path}/outputs/both/fold0/checkpoints/last.ckpt"
    one = run("test", 1, "one", checkpoint)
    two = run("test", 2, "two", checkpoint)
    assert len(one) == 4 * (6 + 11)
    assert two == pytest.approx(one, abs=1e-4)
    assert {name: fitted[name] for name in one} == pytest.approx(one, abs=1e-4)


class Noted(SiameseNetwork):
    """Notes the mean of each loss on this process."""

    def on_train_epoch_end(self):
        self.own = {name: torch.stack(values).mean().item() for name, values in self.losses.items()}
        super().on_train_epoch_end()


def fit_one_epoch(rank, world, miniature, out):
    seed_everything(0, verbose=False)
    model, data = Noted(22, 4), PrimingData(Cal500(miniature), n_topics=4, topic_iterations=5, batch_size=32)
    trainer = Trainer(
        max_epochs=1, accelerator="cpu", devices=world, strategy="ddp", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=out,
    )  # fmt: skip
    trainer.fit(model, data)
    logged = {name: trainer.callback_metrics[f"loss/{name}"].item() for name in model.own}
    Path(out, f"{rank}.json").write_text(json.dumps([model.own, logged]), encoding="utf-8")


def test_losses_that_are_logged_are_those_of_both_processes(miniature, tmp_path, in_processes):
    in_processes(fit_one_epoch, 2, str(miniature), str(tmp_path))
    own, logged = zip(*(json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)), strict=True)
    assert logged[0] == logged[1]
    for name, value in logged[0].items():
        assert own[0][name] != own[1][name]
        assert value == pytest.approx((own[0][name] + own[1][name]) / 2, rel=1e-5)
