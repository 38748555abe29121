"""Progress of long work: a bar on a terminal, one closing line elsewhere."""

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Item = TypeVar("Item")


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
            advance()


@contextmanager
def advancing(description: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Yield a function to call after each piece of work, for work that is not a loop."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    started, count = monotonic(), 0
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=total)

        def advance() -> None:
            nonlocal count
            count += 1
            progress.advance(task)

        yield advance
    if not console.is_terminal:
        console.print(f"{description}: {count:,} in {monotonic() - started:.1f} s", highlight=False)
