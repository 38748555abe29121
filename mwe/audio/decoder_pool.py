"""Several decoding processes at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from mwe.audio.decoder_process import DecoderProcess

_F = TypeVar("_F")
_T = TypeVar("_T")

_AHEAD = 4  # files per worker that are requested in advance


def read_in_processes(read: Callable[[_F, DecoderProcess], _T], files: Sequence[_F], workers: int = 2) -> Iterator[_T]:
    """Read files, several at a time.

    Args:
        read: Reads a file with a given process; it handles the errors of files.
        files: The files, by path or otherwise.
        workers: Decoding processes.

    Yields:
        The result for each file, in order.
    """
    processes: list[DecoderProcess] = []
    of_thread = threading.local()

    def open_process() -> None:
        of_thread.process = DecoderProcess()
        processes.append(of_thread.process)

    def read_one(file: _F) -> _T:
        return read(file, of_thread.process)

    pool = ThreadPoolExecutor(max(1, workers), initializer=open_process)
    try:
        waiting: list[Future[_T]] = []
        for file in files:
            waiting.append(pool.submit(read_one, file))
            if len(waiting) > _AHEAD * max(1, workers):
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:  # also if the user stops it, which abandons the files in progress
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.stop()
        pool.shutdown()
        for process in processes:
            process.close()
