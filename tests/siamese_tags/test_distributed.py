"""Two processes, uneven shards: training runs, and a test gives the figures of one process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
