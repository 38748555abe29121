"""A training that is killed and goes on equals one that was never stopped; each item is read once an epoch."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from mwe.cli import main
from mwe.core.preempt import AGAIN, TERMINATED, StopBetweenSteps
from mwe.core.resume import KeepDraws, ResumableLoader, SeededOrder
from mwe.core.sampler import as_read


class Numbers(Dataset[torch.Tensor]):
    """Its own places, and a number that depends on the epoch."""

    def __init__(self, size: int) -> None:
        self.size, self.epoch = size, -1

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.size

    def __getitems__(self, items: list[int]) -> torch.Tensor:
        return torch.tensor([[item, self.epoch] for item in items])


def loader(size=11, batch_size=3, replicas=1, rank=0, **more):
    items = Numbers(size)
    order = SeededOrder(items, replicas, rank, shuffle=True, seed=5)
    return ResumableLoader(items, order, batch_size, collate_fn=as_read, **more)


def epoch_of(given, epoch):
    given.sampler.set_epoch(epoch)
    return [batch.tolist() for batch in given]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", range(1, 4))
def test_a_loader_goes_on_behind_the_batches_it_gave(stop, workers):
    whole = epoch_of(loader(), 4)
    assert {epoch for batch in whole for _, epoch in batch} == {4}
    first = loader(num_workers=workers)
    first.sampler.set_epoch(4)
    given = iter(first)
    began = [next(given).tolist() for _ in range(stop)]
    second = loader(num_workers=workers)
    second.load_state_dict(first.state_dict())
    assert began + epoch_of(second, 4) == whole
    assert epoch_of(second, 5) == epoch_of(loader(), 5) != whole


class SlowNumbers(Numbers):
    """Numbers that take their time, so that most are still to be read when a signal comes."""

    def __getitems__(self, items: list[int]) -> torch.Tensor:
        time.sleep(0.02)
        return super().__getitems__(items)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_workers_of_a_loader_outlive_a_signal_to_all_processes(number):
    items = SlowNumbers(40)
    slow = ResumableLoader(items, SeededOrder(items, 1, 0), 2, collate_fn=as_read, num_workers=2)
    read = []
    for batch in slow:
        read += batch[:, 0].tolist()
        if len(read) == 4:
            workers = multiprocessing.active_children()
            assert len(workers) == 2
            for worker in workers:
                os.kill(worker.pid, number)
    assert sorted(read) == list(range(40))


def test_a_state_at_the_end_of_an_epoch_begins_the_next():
    ended = loader()
    epoch_of(ended, 0)
    assert ended.state_dict() == {"batches": 0}
    following = loader()
    following.load_state_dict(ended.state_dict())
    assert epoch_of(following, 1) == epoch_of(loader(), 1)


def test_two_processes_share_an_epoch_out_whole_also_behind_a_stop():
    items = []
    for rank in range(2):
        began = loader(12, 2, 2, rank)
        began.sampler.set_epoch(3)
        given = iter(began)
        items += [next(given).tolist() for _ in range(2)]
        rest = loader(12, 2, 2, rank)
        rest.load_state_dict(began.state_dict())
        items += epoch_of(rest, 3)
    assert sorted(item for batch in items for item, _ in batch) == list(range(12))


def test_each_process_gets_its_own_state_of_draws_back_once():
    states = [torch.Generator().manual_seed(seed).get_state() for seed in (1, 2)]
    model = SimpleNamespace(device=torch.device("cpu"))
    for rank in range(2):
        trainer, keeper = SimpleNamespace(world_size=2, global_rank=rank), KeepDraws()
        keeper.on_load_checkpoint(trainer, model, {"draws": [{"cpu": state} for state in states]})
        keeper.on_train_batch_start(trainer, model, None, 0)
        assert torch.equal(torch.get_rng_state(), states[rank])
        torch.manual_seed(7)
        keeper.on_train_batch_start(trainer, model, None, 1)
        assert torch.initial_seed() == 7
        # a run with another number of processes
        keeper.on_load_checkpoint(trainer, model, {"draws": [{"cpu": states[0]}]})
        keeper.on_train_batch_start(trainer, model, None, 0)
        assert torch.initial_seed() == 7


def test_several_processes_agree_every_few_steps_and_after_the_last():
    asked = []

    def decision(received, all):
        asked.append(step)
        return False

    trainer = SimpleNamespace(
        world_size=2, num_training_batches=8, strategy=SimpleNamespace(reduce_boolean_decision=decision)
    )
    stop = StopBetweenSteps(every=3)
    stop.received = set()
    for step in range(8):
        stop.on_train_batch_end(trainer, None, None, None, step)
    assert asked == [2, 5, 7]


def arguments(prepared, out, *more, before=()):
    return [
        "fit", *prepared.arguments(
            *before, "--trainer.logger.save_dir", str(out), "--trainer.max_epochs", "3", "--data.repeats", "6",
            "--trainer.check_val_every_n_epoch", "1", "--model.track", "0.5", *more,
        )
    ]  # fmt: skip


def last(out):
    return Path(out) / "demo/joint/seed0/checkpoints/last.ckpt"


def stopped_at(monkeypatch, steps):
    """Let a real signal reach the process in the middle of the given steps."""
    ordinary = StopBetweenSteps.on_train_batch_end

    def with_signal(self, trainer, *given):
        if trainer.global_step in steps:
            steps.remove(trainer.global_step)
            os.kill(os.getpid(), signal.SIGUSR1 if steps else signal.SIGTERM)
        ordinary(self, trainer, *given)

    monkeypatch.setattr(StopBetweenSteps, "on_train_batch_end", with_signal)


def test_a_training_stopped_by_signals_in_mid_epoch_ends_as_if_it_had_not_been(prepared, tmp_path, monkeypatch):
    main(arguments(prepared, tmp_path / "whole"))
    expected = torch.load(last(tmp_path / "whole"), weights_only=True)
    steps = expected["global_step"]
    stops = [steps // 3 + 2, steps // 3 * 2 + 1]
    stopped_at(monkeypatch, list(stops))
    resume = []
    for step in stops:
        with pytest.raises(SystemExit) as ended:
            main(arguments(prepared, tmp_path / "part", *resume))
        assert ended.value.code == (TERMINATED if step == stops[-1] else AGAIN)
        resume = ["--ckpt_path", str(last(tmp_path / "part"))]
        assert torch.load(resume[1], weights_only=True)["global_step"] == step
        torch.rand(7)  # what else the process draws makes no difference
    main(arguments(prepared, tmp_path / "part", *resume))
    found = torch.load(last(tmp_path / "part"), weights_only=True)
    assert found["global_step"] == steps
    for name, value in expected["state_dict"].items():
        assert torch.equal(found["state_dict"][name], value), name


@pytest.mark.parametrize("trainer", ["demo", "paper", "released"])
def test_every_epoch_leaves_a_checkpoint_to_go_on_from(trainer, prepared, tmp_path, monkeypatch):
    reached = []

    def look(self, trainer, pl_module):
        kept = torch.load(last(tmp_path), weights_only=True)["global_step"] if trainer.current_epoch else 0
        reached.append((trainer.global_step, kept))

    monkeypatch.setattr(StopBetweenSteps, "on_train_epoch_start", look)
    settings = Path(__file__).parents[3] / f"lightning_configs/mwe/trainer/{trainer}.yaml"
    more = [
        "--trainer.logger.name", "demo/joint", "--trainer.devices", "1", "--trainer.accelerator", "cpu",
        "--trainer.enable_progress_bar", "false", "--data.repeats", "2", "--data.test_excerpts", "1",
    ]  # fmt: skip
    main(arguments(prepared, tmp_path, *more, before=("--trainer", str(settings))))
    assert reached == [(0, 0), (1, 1), (2, 2)]


def as_a_program(prepared, out, *more):
    """A training on two gloo processes, as people start it."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    given = arguments(
        prepared, out, "--trainer.devices", "2", "--trainer.max_epochs", "100000", "--data.repeats", "60", *more
    )
    return subprocess.Popen(
        [sys.executable, "-m", "mwe", *given], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip


def processes_of(process):
    """The process and those it started."""
    found = subprocess.run(["pgrep", "-g", str(process.pid)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in found.split()]


def stopped_at_random(process, rows, rng):
    """Send the signal to one of the processes, at random, some time after the training began; seconds until the end."""
    rows.unlink(missing_ok=True)  # of the training before
    until = time.monotonic() + 180
    while not rows.is_file() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(rng.uniform(0, 2))
    among = processes_of(process)
    began = time.monotonic()
    os.kill(among[rng.integers(len(among))], signal.SIGTERM)
    try:
        told, _ = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return time.monotonic() - began, told


@pytest.mark.trial
@pytest.mark.timeout(3600)
def test_twenty_trainings_on_two_processes_stop_within_half_a_minute_and_lose_nothing(prepared, tmp_path):
    rng = np.random.default_rng(0)
    slowest, stopped, reached = 0.0, 0, 0
    for trial in range(20):
        resume = ["--ckpt_path", str(last(tmp_path))] if last(tmp_path).is_file() else []
        process = as_a_program(prepared, tmp_path, *resume)
        seconds, told = stopped_at_random(process, tmp_path / "demo/joint/seed0/metrics.csv", rng)
        assert process.returncode != 0, told
        step = torch.load(last(tmp_path), weights_only=True)["global_step"]
        assert step >= reached, f"trial {trial} went back from step {reached} to {step}: {told}"
        slowest, stopped, reached = max(slowest, seconds), stopped + 1, step
    print(f"{stopped} trials, 0 lost, slowest stop {slowest:.1f} s, step {reached}")
    assert slowest < 30
