"""Decoding in a separate process: if a decoder crashes or hangs, a single file is lost, not the run.

The process ends with the process that started it. Output of decoders is discarded.
"""

import atexit
import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from mwe.audio.verdict import UnreadableAudio

MAX_WAIT_SECONDS = 120.0
"""Time limit for a file, to which a second per megabyte is added."""

_CODE = "from mwe.audio.decoder_process import serve; serve()"

_T = TypeVar("_T")


class _NoAnswerError(Exception):
    """The process ended before it answered."""


class DecoderProcess:
    """Calls functions on audio files in another process, one at a time; needs a POSIX system.

    Args:
        max_wait: Time limit for a file in seconds, to which a second per megabyte is added.

    Examples:
        >>> from mwe.audio.decode import decode
        >>> with DecoderProcess() as process:
        ...     process.call(decode, "none.wav")
        Traceback (most recent call last):
            ...
        mwe.audio.verdict.UnreadableAudio: missing: no such file
    """

    def __init__(self, max_wait: float = MAX_WAIT_SECONDS) -> None:
        self._max_wait = max_wait
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._stopped = False

    def __enter__(self) -> "DecoderProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, read: Callable[..., _T], path: str | Path, **how: Any) -> _T:
        """Return the result of a function for a file.

        Args:
            read: The function; the other process imports it by its name.
            path: The file.
            how: Further arguments.

        Raises:
            UnreadableAudio: The function raises it; or reading the file crashed twice, the second time in a fresh
                process; or it took too long.
            RuntimeError: The function fails with another error, or the process cannot be started.
        """
        path = Path(os.path.abspath(path))  # the other process may be in another folder
        with self._lock:
            try:
                try:
                    answer = self._ask(read, path, how)
                except _NoAnswerError:  # the previous file may have caused it
                    if self._stopped:
                        raise
                    answer = self._ask(read, path, how)
            except _NoAnswerError as error:
                raise UnreadableAudio("crashed", f"reading it crashes the decoder ({error})") from error
        if isinstance(answer, Exception):
            raise answer
        result: _T = answer[0]
        return result

    def _ask(self, *request: Any) -> Any:
        """Send a request to the process, and start it if necessary."""
        pipe = self._pipe or self._start()
        wait = self._max_wait + _bytes_of(request[1]) / 1e6
        try:
            pipe.send(request)
            if pipe.poll(wait):
                return pipe.recv()
        except (EOFError, OSError) as error:
            raise _NoAnswerError(self._end()) from error
        except BaseException:  # a late answer would be taken for that of the next request
            self._end()
            raise
        self._end()
        raise UnreadableAudio("crashed", f"the decoder gave nothing in {wait:.0f} s")

    def _start(self) -> Connection:
        """Start the process, and wait until it is ready."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(folder) for folder in sys.path)}
        self._pipe, far_end = multiprocessing.Pipe()
        with far_end:
            number = far_end.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CODE, str(number)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[number],
                env=environment,
            )
        try:
            self._pipe.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError(f"the process that decodes does not start ({self._end()})") from error
        except BaseException:
            self._end()
            raise
        return self._pipe

    def _end(self) -> str:
        """End the process and return how it ended."""
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if process is None or pipe is None:
            return ""
        pipe.close()
        try:
            code = process.wait(1)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def stop(self) -> None:
        """End the process even if another thread waits for it; to that thread it appears as a crash."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()


def _bytes_of(path: Path) -> int:
    """Return the size of a file, or 0 if it does not exist."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


_processes: dict[int, DecoderProcess] = {}


def guarded(read: Callable[..., _T], path: str | Path, **how: Any) -> _T:
    """Return the result of a function for a file, by the decoding process of this process, or on Windows by itself.

    Args:
        read: The function, such as ``decode``.
        path: The file.
        how: Further arguments.

    Raises:
        UnreadableAudio: As for ``DecoderProcess.call``.
        RuntimeError: Likewise.
    """
    if os.name != "posix":
        return read(path, **how)
    process = _processes.get(os.getpid())  # a forked child starts another
    if process is None:
        process = _processes[os.getpid()] = DecoderProcess()
    return process.call(read, path, **how)


@atexit.register
def close_processes() -> None:
    """End the decoding process of this process; the next file starts another."""
    process = _processes.pop(os.getpid(), None)
    if process is not None:
        process.close()


def serve() -> None:
    """Answer requests from a pipe, whose number is the argument of the process, until the other side closes it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process receives it, and ends this one
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with Connection(int(sys.argv[1])) as pipe, contextlib.suppress(EOFError, OSError):
        pipe.send("ready")
        while True:
            read, path, how = pipe.recv()
            pipe.send(_answer(read, path, how))


def _answer(read: Callable[..., Any], path: str | Path, how: dict[str, Any]) -> tuple[Any] | Exception:
    """Return the result of a function, or its error."""
    try:
        return (read(path, **how),)
    except UnreadableAudio as outcome:
        return outcome
    except Exception as error:  # of any kind; not every error can be pickled
        return RuntimeError(f"{type(error).__name__}: {error}")
