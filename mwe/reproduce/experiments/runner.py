"""Runner of tasks in the order of their needs, in parallel, each on only one machine of a shared file system."""

import fcntl
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from mwe.reproduce.experiments.recipes import Task

PROGRAMS = {"mwe": ["-m", "mwe"], "siamese-tags": ["-m", "siamese_tags"], "python": []}
LOCKS = ".locks"
PAUSE = 0.05  # seconds between checks of running tasks
ELSEWHERE = 2.0  # seconds between checks of tasks of other processes


class FailedRunError(RuntimeError):
    """A command of a run ended with an error.

    Args:
        task: The run.
        command: Its command.
        code: Its exit code.
    """

    def __init__(self, task: str, command: Sequence[str], code: int) -> None:
        super().__init__(f"{task}: ended with code {code}: {shlex.join(command)}")
        self.code = code


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Return unfinished tasks and those that they need, without repeats, each after its needs."""
    ordered: dict[object, Task] = {}

    def add(task: Task) -> None:
        if not task.done and task.key not in ordered:
            for need in task.needs:
                add(need)
            ordered[task.key] = task

    for task in tasks:
        add(task)
    return list(ordered.values())


def shown(command: Sequence[str], threads: int | None = None) -> str:
    """Return a command as the user would type it."""
    return f"OMP_NUM_THREADS={threads} {shlex.join(command)}" if threads else shlex.join(command)


def run_command(
    command: Sequence[str], threads: int | None = None, lock: IO[str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start a command. The lock is held until it ends, even if this process is killed before."""
    program = PROGRAMS.get(command[0])
    words = [*command] if program is None else [sys.executable, *program, *command[1:]]
    scripts = str(Path(sys.executable).parent)  # contains torchrun of the same environment
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
    if threads:
        environment["OMP_NUM_THREADS"] = str(threads)
    return subprocess.Popen(words, env=environment, pass_fds=[lock.fileno()] if lock else [])


class Running:
    """A running task, which executes its commands one after another.

    Args:
        task: The task.
        lock: Its lock.
    """

    def __init__(self, task: Task, lock: IO[str]) -> None:
        self.task, self.lock = task, lock
        self._left = iter(range(len(task.templates)))
        self._command: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._next()

    def over(self) -> bool:
        """Return whether its last command has ended.

        Raises:
            FailedRunError: A command ended with an error.
        """
        if self._process is None:
            return True
        code = self._process.poll()
        if code is None:
            return False
        if code:
            raise FailedRunError(self.task.name, self._command, code)
        return not self._next()

    def send(self, number: int) -> None:
        """Send a signal to the running command."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self) -> int:
        """Wait until the running command ends, and return its exit code."""
        return self._process.wait() if self._process is not None else 0

    def close(self) -> None:
        """Release the lock."""
        self.lock.close()

    def _next(self) -> bool:
        index = next(self._left, None)
        if index is None:
            self._process = None
            return False
        self._command = self.task.commands()[index]
        self._process = run_command(self._command, self.task.threads, self.lock)
        return True


class Runner:
    """Runs tasks.

    Args:
        out: Folder of the outputs, which contains the locks.
        jobs: Maximum number of parallel tasks.
    """

    def __init__(self, out: Path, jobs: int = 1) -> None:
        self.out, self.jobs = out, max(1, jobs)
        self._running: list[Running] = []
        self._stopped = 0

    def run(self, tasks: Iterable[Task]) -> None:
        """Run the unfinished tasks, and wait for those that other processes run.

        Raises:
            FailedRunError: A command ended with an error. No other tasks were started, and running tasks have ended.
            SystemExit: A signal was received, and passed on to the running commands.
        """
        waiting = in_order(tasks)
        over: set[object] = set()
        with self._signals():
            try:
                while waiting or self._running:
                    self._collect(over)
                    started = self._start(waiting, over)
                    idle = waiting and not self._running and not started
                    time.sleep(ELSEWHERE if idle else PAUSE)
            except BaseException:
                codes = [running.wait() for running in self._running]
                if self._stopped:
                    sys.exit(next((code for code in codes if code > 0), 128 + self._stopped))
                raise
            finally:
                for running in self._running:
                    running.close()
                self._running.clear()

    def _collect(self, over: set[object]) -> None:
        for running in list(self._running):
            try:
                if not running.over():
                    continue
            except FailedRunError as error:
                running.close()
                self._running.remove(running)
                if self._stopped:
                    for other in self._running:
                        other.wait()
                    sys.exit(error.code if error.code > 0 else 128 - error.code)
                raise
            over.add(running.task.key)
            running.close()
            self._running.remove(running)
        if self._stopped and not self._running:
            sys.exit(128 + self._stopped)

    def _start(self, waiting: list[Task], over: set[object]) -> bool:
        """Start tasks, and return whether any was started or turned out to be finished."""
        began = False
        for task in list(waiting):
            if self._stopped or len(self._running) >= self.jobs:
                break
            if not all(need.done or need.key in over for need in task.needs):
                continue
            lock = self._lock(task)
            if lock is None:
                continue
            waiting.remove(task)
            began = True
            if task.done:  # finished by another process in the meantime
                lock.close()
                continue
            print(f"== {task.says}", flush=True)
            self._running.append(Running(task, lock))
        return began

    def _lock(self, task: Task) -> IO[str] | None:
        """Return the lock of a task, or None if another task or process has it."""
        folder = self.out / LOCKS
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / task.lock.strip("/").replace("/", "%"), "a", encoding="utf-8")  # noqa: SIM115 - closed when the task is over
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Pass on the signals with which clusters and users stop a training between two steps."""

        def pass_on(number: int, _: FrameType | None) -> None:
            self._stopped = number
            for running in self._running:
                running.send(number)

        before: Mapping[int, object] = {
            number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGUSR1)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)  # type: ignore[arg-type]
