"""A job of SLURM that is stopped ends with its checkpoint and the code by which its script puts it back to wait."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from pytorch_lightning import Trainer
from pytorch_lightning.demos.boring_classes import BoringModel

from mwe.cli import main
from mwe.core.preempt import AGAIN, TERMINATED, StopBetweenSteps

ROOT = Path(__file__).parents[3]


def variables(tasks=1, rank=0):
    """What srun tells a task."""
    told = {"JOB_ID": 4077, "JOB_NAME": "mwe", "NNODES": 1, "NODEID": 0, "NODELIST": "127.0.0.1"}
    told |= {"NTASKS": tasks, "NTASKS_PER_NODE": tasks, "PROCID": rank, "LOCALID": rank}
    return {f"SLURM_{name}": str(value) for name, value in told.items()}


def arguments(prepared, out, *more):
    return [
        "fit", *prepared.arguments("--trainer.logger.save_dir", str(out), "--data.repeats", "6", *more)
    ]  # fmt: skip


def last(out):
    return Path(out) / "demo/joint/seed0/checkpoints/last.ckpt"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Programs of SLURM that only note how they were called; srun of a fit ends with the next of the given codes."""
    folder, noted = tmp_path / "bin", tmp_path / "noted.txt"
    folder.mkdir()

    def write(codes=()):
        (folder / "codes").write_text("".join(f"{code}\n" for code in codes))
        (folder / "scontrol").write_text(f'#!/bin/bash\necho "scontrol $*" >> {noted}\n')
        (folder / "srun").write_text(
            f'#!/bin/bash\necho "srun $*" >> {noted}\ntest "$2" = fit || exit 0\n'
            f"code=$(head -1 {folder}/codes); sed -i 1d {folder}/codes; exit $code\n"
        )
        for name in ("scontrol", "srun"):
            (folder / name).chmod(0o755)
        noted.write_text("")
        return noted

    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return write


def script(folder):
    """The job of the page, as a file."""
    [job] = re.findall(
        r"^```bash\n(.*?^srun mwe fit.*?)^```", (ROOT / "docs/how-to/cluster.md").read_text(), re.M | re.S
    )
    path = folder / "job.sh"
    path.write_text(job)
    return path


def ran(folder):
    environment = {**os.environ, "SLURM_JOB_ID": "4077"}
    return subprocess.run(["bash", script(folder)], cwd=folder, env=environment, check=False).returncode


def test_the_script_of_the_page_puts_a_job_back_and_goes_on_from_the_checkpoint(programs, tmp_path):
    checkpoint = "outputs/joint/zeroshot/transformer_mwe_aug_tag_artist_track/seed0/checkpoints/last.ckpt"
    noted = programs([AGAIN, 0])
    assert ran(tmp_path) == 0
    first, requeued = noted.read_text().splitlines()
    assert first.startswith("srun mwe fit --trainer lightning_configs/mwe/trainer/paper.yaml --data lightning_configs/")
    assert "--ckpt_path" not in first
    assert requeued == "scontrol requeue 4077"
    (tmp_path / checkpoint).parent.mkdir(parents=True)
    (tmp_path / checkpoint).touch()
    assert ran(tmp_path) == 0
    resumed, tested = noted.read_text().splitlines()[2:]
    assert resumed == f"{first} --ckpt_path {checkpoint}"
    assert tested.startswith("srun mwe test ")
    assert tested.endswith(f"--ckpt_path {checkpoint}")


@pytest.mark.parametrize("code", [1, TERMINATED])
def test_the_script_neither_puts_back_nor_tests_what_failed_or_was_cancelled(code, programs, tmp_path):
    noted = programs([code])
    assert ran(tmp_path) == 1
    assert noted.read_text().startswith("srun mwe fit")
    assert noted.read_text().count("\n") == 1


def test_lightning_leaves_the_queue_alone(prepared, tmp_path, monkeypatch, programs):
    noted = programs()
    monkeypatch.chdir(tmp_path)
    for name, value in variables().items():
        monkeypatch.setenv(name, value)
    ordinary, handlers = StopBetweenSteps.on_train_start, []

    def signalled(self, trainer, pl_module):
        assert isinstance(trainer._accelerator_connector.cluster_environment, SLURMEnvironment)
        handlers.append(signal.getsignal(signal.SIGUSR1))
        ordinary(self, trainer, pl_module)
        os.kill(os.getpid(), signal.SIGUSR1)

    monkeypatch.setattr(StopBetweenSteps, "on_train_start", signalled)
    with pytest.raises(SystemExit) as ended:
        main(arguments(prepared, tmp_path))
    assert ended.value.code == AGAIN
    assert handlers == [signal.SIG_DFL]
    assert torch.load(last(tmp_path), weights_only=True)["global_step"] == 1
    assert noted.read_text() == ""
    assert not list(tmp_path.glob("hpc_ckpt*"))


def test_a_signal_that_lightning_took_is_no_success(tmp_path):
    class Signalled(BoringModel):
        def test_step(self, batch, batch_idx):
            os.kill(os.getpid(), signal.SIGTERM)

    plain = {"logger": False, "enable_progress_bar": False, "default_root_dir": tmp_path}
    trainer = Trainer(accelerator="cpu", callbacks=[StopBetweenSteps()], **plain)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            trainer.test(Signalled(), verbose=False)
    finally:
        signal.signal(signal.SIGTERM, before)  # the process would have ended with Lightning's
    assert ended.value.code == TERMINATED


def started(prepared, out, tasks):
    """The tasks of a job, as srun starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    given = arguments(
        prepared, out, "--trainer.devices", str(tasks), "--trainer.strategy", "ddp", "--trainer.max_epochs", "100000",
        "--data.repeats", "60", "--data.workers", "1",
    )  # fmt: skip
    common = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "MASTER_PORT": port}
    return [
        subprocess.Popen(
            [sys.executable, "-m", "mwe", *given], env=common | variables(tasks, rank), start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for rank in range(tasks)
    ]  # fmt: skip


@pytest.mark.trial
@pytest.mark.parametrize(("number", "code"), [(signal.SIGUSR1, AGAIN), (signal.SIGTERM, TERMINATED)])
def test_a_signal_to_everything_a_job_started_ends_it_with_a_checkpoint(number, code, prepared, tmp_path):
    tasks = started(prepared, tmp_path, 2)
    try:
        rows, until = tmp_path / "demo/joint/seed0/metrics.csv", time.monotonic() + 180
        while not rows.is_file() and all(task.poll() is None for task in tasks) and time.monotonic() < until:
            time.sleep(0.1)
        for task in tasks:  # the workers of the loaders too
            os.killpg(task.pid, number)
        told = [task.communicate(timeout=60)[0] for task in tasks]
    finally:
        for task in tasks:
            if task.poll() is None:
                os.killpg(task.pid, signal.SIGKILL)
                task.communicate()
    assert [task.returncode for task in tasks] == [code] * 2, told
    assert torch.load(last(tmp_path), weights_only=True)["global_step"] >= 10
