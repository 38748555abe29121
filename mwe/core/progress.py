"""Progress of long work: a bar with the speed and the time left on a terminal, a line now and then elsewhere."""

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

Item = TypeVar("Item")

LINE_SECONDS = 30.0
"""Seconds between two lines where there is no terminal."""


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Yield ``items`` one by one and show the progress.

    Args:
        items: Items to process.
        description: Short description of the work.
        total: Number of items; by default ``len(items)`` if it has a length.
    """
    if total is None:
        total = len(items) if isinstance(items, Sized) else None
    with advancing(description, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def advancing(
    description: str, total: int | None = None, line_seconds: float = LINE_SECONDS
) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of finished pieces, for work that is not a loop.

    Args:
        description: Short description of the work.
        total: Number of pieces; None if unknown.
        line_seconds: Seconds between two lines where there is no terminal.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), _Speed(), TimeRemainingColumn())
    started = last_line = monotonic()
    count = 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=total)

        def advance(pieces: int) -> None:
            nonlocal count, last_line
            count += pieces
            progress.advance(task, pieces)
            now = monotonic()
            if not console.is_terminal and now - last_line >= line_seconds and count != total:
                last_line = now
                _print(console, _line(description, count, total, now - started))

        yield advance
    if not console.is_terminal:
        _print(console, f"{description}: {count:,} in {monotonic() - started:.1f} s")


def _line(description: str, count: int, total: int | None, seconds: float) -> str:
    """Return a line on unfinished work."""
    speed = count / seconds if seconds > 0 else 0.0
    if total is None or not speed:
        return f"{description}: {count:,}, {speed:.1f} a second"
    left = (total - count) / speed
    return f"{description}: {count:,} of {total:,}, {speed:.1f} a second, {_duration(left)} left"


def _duration(seconds: float) -> str:
    """Return a duration to read."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _print(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)


class _Speed(ProgressColumn):
    """Pieces a second."""

    def render(self, task: Task) -> Text:
        """Return the speed, or as many blanks before it is known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", style="progress.data.speed", justify="right")
