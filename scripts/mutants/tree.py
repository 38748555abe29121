"""A copy of the working tree with a worker in it; faults are put into the copy only."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PASSED, NO_TESTS = 0, 5
# of a run of tests: so many times what they took without a fault, and so many seconds more
PATIENCE, ALLOWANCE = 4.0, 30.0


@dataclass(frozen=True)
class Verdict:
    """How a run of tests ended.

    Args:
        outcome: ``passed``, ``failed``, ``timeout``, or ``none`` if there were no tests.
        first: The first test that failed.
        seconds: What it took.
    """

    outcome: str
    first: str
    seconds: float


class Tree:
    """A copy of the working tree, without what git ignores.

    Args:
        root: Folder of the copy.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.logs = root.parent
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.split("\0")  # fmt: skip
        for name in names:
            if name and (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        self.environment = {**os.environ, "PYTHONPATH": str(root)}
        self.environment.setdefault("OMP_NUM_THREADS", "1")
        self._worker: subprocess.Popen[str] | None = None
        self._moment = time.time()

    def test(self, tests: Sequence[str], seconds: float, *options: str) -> Verdict:
        """Run some tests in a fork of the worker until the first failure.

        Args:
            tests: Node IDs, in order.
            seconds: What they take without a fault.
            options: Further options of pytest.
        """
        if not tests:
            return Verdict("none", "", 0.0)
        if self._worker is None:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "scripts.mutants.worker"], cwd=self.root, env=self.environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        request = {
            "arguments": [
                "-x",
                "-q",
                "-W",
                "ignore::pytest.PytestAssertRewriteWarning",
                f"--basetemp={self.logs}/tests",
                *options,
                *tests,
            ],
            "log": str(self.logs / "log.txt"),
            "verdict": str(self.logs / "verdict.json"),
            "limit": PATIENCE * seconds + ALLOWANCE,
        }
        self._worker.stdin.write(json.dumps(request) + "\n")
        self._worker.stdin.flush()
        answer: dict[str, Any] = json.loads(self._worker.stdout.readline())
        outcome = {PASSED: "passed", NO_TESTS: "none", "timeout": "timeout"}.get(answer["code"], "failed")
        return Verdict(outcome, answer["first"], answer["seconds"])

    def log(self) -> str:
        """Return what the last run printed."""
        return (self.logs / "log.txt").read_text(encoding="utf-8", errors="replace")

    @contextmanager
    def changed(self, path: str, source: bytes) -> Iterator[None]:
        """Put another source into the place of a file for a while."""
        ordinary = (self.root / path).read_bytes()
        self._write(path, source)
        try:
            yield
        finally:
            self._write(path, ordinary)

    def _write(self, path: str, source: bytes) -> None:
        (self.root / path).write_bytes(source)
        # a compiled file of another source of the same length and second must not stand for this one
        self._moment += 2
        os.utime(self.root / path, (self._moment, self._moment))

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.communicate()


@contextmanager
def copied_tree() -> Iterator[Tree]:
    """Make a copy of the working tree in a temporary folder, for a while."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Tree(Path(folder) / "tree")
        try:
            yield tree
        finally:
            tree.close()
