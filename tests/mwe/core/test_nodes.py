"""Two nodes as torchrun starts them, each an agent and a process of its own, which talk over the loopback device."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mwe.cli import main
from mwe.core.runs import RunMetrics

RUN = Path("demo/joint/seed0")
ONE_NODE = ["--trainer.num_nodes", "1", "--trainer.devices", "1"]
TWO_NODES = ["--trainer.num_nodes", "2", "--trainer.devices", "1", "--trainer.strategy", "ddp"]


class Nodes:
    """Both nodes of one job.

    Args:
        given: Arguments of ``mwe`` on each of them.
        folder: Where each writes what it says.
    """

    def __init__(self, given: list[str], folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        torchrun = [
            sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc_per_node", "1",
            "--rdzv_backend", "c10d", "--rdzv_endpoint", f"127.0.0.1:{port}", "--local_addr", "127.0.0.1", "-m", "mwe",
        ]  # fmt: skip
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
        folder.mkdir(exist_ok=True)
        self.files = [folder / f"node{node}.txt" for node in range(2)]
        self.agents = []
        for path in self.files:
            with open(path, "wb") as told:
                self.agents.append(
                    subprocess.Popen([*torchrun, *given], stdout=told, stderr=subprocess.STDOUT, env=environment)
                )

    def told(self) -> str:
        """What both have said."""
        return "\n".join(path.read_text(errors="replace") for path in self.files)

    def processes(self, node: int) -> list[int]:
        """A node's agent and the process that works for it."""
        agent = self.agents[node].pid
        found = subprocess.run(["pgrep", "-P", str(agent)], capture_output=True, text=True, check=False).stdout
        return [agent, *map(int, found.split())]

    def kill(self, node: int) -> None:
        """A node is gone from one moment to the next."""
        for process in self.processes(node):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.agents[node].wait(10)

    def wait(self, seconds: float) -> list[int]:
        """How the agents ended."""
        until = time.monotonic() + seconds
        return [agent.wait(max(0.1, until - time.monotonic())) for agent in self.agents]

    def end(self) -> None:
        """Nothing is left over, whatever happened."""
        for node, agent in enumerate(self.agents):
            if agent.poll() is None:
                self.kill(node)


@pytest.fixture
def on_two_nodes(tmp_path):
    jobs = []

    def start(given):
        jobs.append(Nodes(given, tmp_path / f"job{len(jobs)}"))
        return jobs[-1]

    yield start
    for job in jobs:
        job.end()


def arguments(command, prepared, out, *more):
    return [command, *prepared.arguments("--trainer.logger.save_dir", str(out), *more)]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_nodes_train_and_measure_what_one_process_measures(prepared, tmp_path, on_two_nodes):
    job = on_two_nodes(arguments("fit", prepared, tmp_path, "--trainer.max_epochs", "2", *TWO_NODES))
    assert job.wait(200) == [0, 0], job.told()
    trained = tmp_path / RUN / "checkpoints/last.ckpt"
    state = torch.load(trained, weights_only=True)
    assert state["global_step"] > 0
    assert len(state["draws"]) == 2  # both took part
    tested = ["--ckpt_path", str(trained)]
    job = on_two_nodes(arguments("test", prepared, tmp_path / "two", *tested, *TWO_NODES))
    assert job.wait(200) == [0, 0], job.told()
    main(arguments("test", prepared, tmp_path, *tested, *ONE_NODE))  # where the training was, or Lightning warns
    one, two = (RunMetrics.read(root / RUN / "metrics.json").metrics for root in (tmp_path, tmp_path / "two"))
    assert two == pytest.approx(one, abs=1e-6)
    assert "rocauc_tag_seen" in one


@pytest.mark.trial
@pytest.mark.timeout(600)
@pytest.mark.parametrize("node", [0, 1])
def test_the_other_node_ends_by_itself_when_one_dies(prepared, tmp_path, on_two_nodes, node):
    endless = ["--trainer.max_epochs", "100000", "--data.repeats", "60"]
    job = on_two_nodes(arguments("fit", prepared, tmp_path, *endless, *TWO_NODES))
    rows, until = tmp_path / RUN / "metrics.csv", time.monotonic() + 200
    while not rows.is_file() and all(agent.poll() is None for agent in job.agents) and time.monotonic() < until:
        time.sleep(0.05)
    assert rows.is_file(), job.told()
    other = 1 - node
    began, left = time.monotonic(), job.processes(other)
    job.kill(node)
    assert job.agents[other].wait(100) != 0
    print(f"node {node} died, the other ended after {time.monotonic() - began:.1f} s")
    assert not any(Path(f"/proc/{process}").exists() for process in left), job.told()
