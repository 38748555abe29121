"""Progress of long work: a bar on a terminal, one closing line elsewhere."""

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Item = TypeVar("Item")


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Hand on ``items`` one by one while showing how far the work is.

    Args:
        items: What is worked through.
        description: A few words on the work.
        total: Number of items, where ``len(items)`` does not tell.
    """
    if total is None:
        total = len(items) if hasattr(items, "__len__") else None
    console = Console(stderr=True)
    if not console.is_terminal:
        started, count = monotonic(), 0
        for count, item in enumerate(items, 1):  # noqa: B007 - the last count is printed
            yield item
        console.print(f"{description}: {count:,} in {monotonic() - started:.1f} s", highlight=False)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        yield from progress.track(items, total=total, description=description)
