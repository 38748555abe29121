"""Processes that have imported what takes seconds, so that a test with many of them does not wait for it each time."""

import multiprocessing.context
import multiprocessing.forkserver
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.forkserver import ForkServer
from pathlib import Path

import pytest

IMPORTED = [
    *("torch", "torch.distributed", "pytorch_lightning.cli", "torchmetrics", "scipy.sparse", "sklearn.decomposition"),
    *("librosa", "soundfile", "pyarrow.parquet", "gensim", "matplotlib.pyplot", "pytest", "hypothesis"),
]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def process_server() -> Iterator[ForkServer]:
    """A server of processes; that of the programs is another."""
    server = ForkServer()
    server.set_forkserver_preload(IMPORTED)
    yield server
    server._stop()


def _as_command(
    module: str, arguments: tuple[str, ...], root: str, environment: Mapping[str, str], outputs: tuple[str, str]
) -> None:
    for stream, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    sys.path.insert(0, root)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


@pytest.fixture(scope="session")
def command(process_server: ForkServer) -> Command:
    """Run ``python -m module arguments`` with an environment in a process of its own."""
    root = str(Path(__file__).parent.parent)

    def run(module: str, *arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(root)
            patch.setattr(multiprocessing.forkserver, "connect_to_new_process", process_server.connect_to_new_process)
            outputs = (f"{folder}/out", f"{folder}/err")
            given = (module, arguments, root, dict(env), outputs)
            process = multiprocessing.context.ForkServerContext().Process(target=_as_command, args=given)
            process.start()
            process.join()
            told = [Path(path).read_text(encoding="utf-8") for path in outputs]
        return subprocess.CompletedProcess([module, *arguments], process.exitcode or 0, *told)

    return run
