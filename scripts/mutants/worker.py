"""A process that runs tests in forks of itself, so that each run starts with PyTorch and the like already imported.

python -m scripts.mutants.worker reads a line of JSON per run and answers with one. It imports nothing of the packages
under test, so a fork reads them anew from the current folder.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

# what the packages import, in the order of their size
PRELOADED = (
    *("torch", "pytorch_lightning", "pytorch_lightning.cli", "jsonargparse", "torchmetrics", "scipy.sparse"),
    *("sklearn.decomposition", "sklearn.model_selection", "librosa", "soundfile", "soxr", "pyarrow.parquet", "gensim"),
    *("matplotlib.pyplot", "pytest", "torch.distributed", "safetensors", "yaml"),
)


class Failures:
    """A plugin of pytest that notes the first test that fails."""

    def __init__(self) -> None:
        self.first = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note a failure of the test, its fixtures included."""
        if report.failed and not self.first:
            self.first = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        """Note a file that cannot be imported."""
        if report.failed and not self.first:
            self.first = report.nodeid


def _run(arguments: list[str], log: str, verdict: str) -> None:
    """Run pytest in this process, then end it; the first failure goes to a file."""
    import pytest

    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    failures = Failures()
    code = int(pytest.main(arguments, plugins=[failures]))
    Path(verdict).write_text(json.dumps({"code": code, "first": failures.first}), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)


def _forked(arguments: list[str], log: str, verdict: str, limit: float) -> dict[str, Any]:
    Path(verdict).unlink(missing_ok=True)
    began, child = time.monotonic(), os.fork()
    if child == 0:
        try:
            _run(arguments, log, verdict)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    ended = False
    while not ended and time.monotonic() - began < limit:
        ended = os.waitpid(child, os.WNOHANG)[0] != 0
        time.sleep(0 if ended else 0.02)
    # also what the tests started and left running
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not ended:
        os.waitpid(child, 0)
    seconds = time.monotonic() - began
    if not ended:
        return {"code": "timeout", "first": "", "seconds": seconds}
    if not Path(verdict).is_file():
        return {"code": "crash", "first": "", "seconds": seconds}
    return {**json.loads(Path(verdict).read_text(encoding="utf-8")), "seconds": seconds}


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # pytest collects garbage several times, which would look at all of PyTorch in every fork
    gc.freeze()
    for line in sys.stdin:
        answers.write(json.dumps(_forked(**json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
