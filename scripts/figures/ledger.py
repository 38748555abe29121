"""The ledger: small snapshots of tables with the commands that made them, and what each figure of a page is tied to."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.figures.pages import NUMBER, Figure, Page, same, value

FOLDER = Path("docs/figures")
BENCHMARKS = "benchmarks/results.json"
# ties of figures that no run of ours made: what was chosen or given, how much data there is, what others published
NO_MEASURE = ("setting", "count", "paper")


@dataclass
class Source:
    """Figures that one command made.

    Args:
        command: The command.
        made: Where the figures come from, and when.
        runs: Over how many runs (seeds, folds, draws) each figure is a mean.
        over: What these runs are.
        spread: Where the spread is, if it does not stand beside the figures.
        runs_of_means: Runs of the figures that have a spread, where the others are one run.
        outputs: The table that the command writes: ``file`` below ``outputs/tables``; ``collection``, if it holds
            several; ``rows``, its names of rows by those of the page, empty for one that it lacks; ``columns``, by
            those of the page: its ``metric``, its ``row`` (``{row}`` is the name of the row), and the metric in
            ``brackets``.
        columns: Names of the columns.
        rows: By name, the text of each cell.
    """

    command: str
    made: str
    runs: int
    over: str
    spread: str = ""
    runs_of_means: int = 0
    outputs: dict[str, Any] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    rows: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Source":
        """Read a file of the ledger."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (TypeError, ValueError) as error:
            raise SystemExit(f"{path}: {error}") from error

    def write(self, path: Path) -> None:
        """Write it, a row a line."""
        always = ("command", "made", "runs", "over")
        shown = {name: content for name, content in vars(self).items() if content or name in always}
        shown.pop("rows", None)
        text = json.dumps(shown, ensure_ascii=False, indent=1)
        if self.rows:
            rows = ",\n".join(f"  {_line(name)}: {_line(cells)}" for name, cells in self.rows.items())
            text = text.removesuffix("\n}") + f',\n "rows": {{\n{rows}\n }}\n}}'
        path.write_text(text + "\n", encoding="utf-8")

    def numbers(self, row: str, column: str) -> list[str]:
        """Return the numbers of a cell; none where there is no such cell."""
        if row not in self.rows or column not in self.columns:
            return []
        return NUMBER.findall(self.rows[row][self.columns.index(column)])

    def runs_of(self, with_spread: bool) -> int:
        """Return over how many runs a figure is a mean."""
        return self.runs_of_means if with_spread and self.runs_of_means else self.runs


def _line(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


@dataclass
class Tie:
    """What a figure outside of marked tables is tied to.

    Args:
        figure: The figure as printed.
        before: The words before it.
        to: ``setting``, ``count``, ``paper``; ``SOURCE``, which said it beside its table;
            ``SOURCE: ROW | COLUMN``, and ``| 1`` for the second number of the cell; or a path in the benchmarks' file,
            ``benchmarks/results.json: a/b``, and `` * 100`` for percent.
    """

    figure: str
    before: str
    to: str

    @property
    def source(self) -> str:
        """Name of the source; empty if no run of ours made the figure."""
        return "" if self.to in (*NO_MEASURE, "?") else self.to.partition(": ")[0]


def ties_file(page: str) -> Path:
    """Return the file of a page's ties.

    >>> ties_file("docs/experiments/joint.md").as_posix()
    'docs/figures/ties/experiments-joint.tsv'
    """
    return FOLDER / "ties" / (page.removeprefix("docs/").removesuffix(".md").replace("/", "-") + ".tsv")


def read_ties(path: Path) -> list[Tie]:
    """Read the ties of a page; none without the file."""
    if not path.is_file():
        return []
    return [Tie(*line.split("\t")) for line in path.read_text(encoding="utf-8").splitlines()[1:]]


def write_ties(path: Path, ties: list[Tie]) -> None:
    """Write the ties of a page."""
    path.parent.mkdir(exist_ok=True)
    lines = ["figure\tbefore\ttied to", *("\t".join((tie.figure, tie.before, tie.to)) for tie in ties)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class Ledger:
    """All sources and ties.

    Args:
        root: Folder of the repository.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sources = {path.stem: Source.read(path) for path in sorted((root / FOLDER).glob("*.json"))}

    def page(self, name: str) -> Page:
        """Return a page."""
        return Page((self.root / name).read_text(encoding="utf-8"))

    def ties(self, page: str) -> list[Tie]:
        """Return the ties of a page."""
        return read_ties(self.root / ties_file(page))

    @cached_property
    def benchmarks(self) -> Any:
        """The figures of the benchmarks."""
        return json.loads((self.root / BENCHMARKS).read_text(encoding="utf-8"))

    def held(self, tie: Tie) -> str | None:
        """Return the figure that a tie leads to: its own if no cell has it; None if it leads nowhere."""
        name, _, place = tie.to.partition(": ")
        if tie.to in NO_MEASURE:
            return tie.figure
        if name == BENCHMARKS:
            return self._benchmark(place)
        if name not in self.sources:
            return None
        if not place:
            return tie.figure
        row, column, *which = place.split(" | ")
        numbers = self.sources[name].numbers(row, column)
        number = int(which[0]) if which else 0
        return numbers[number] if number < len(numbers) else None

    def cell(self, tie: Tie) -> str:
        """Return the text of the cell that a tie names; empty if it names none."""
        row, _, column = tie.to.partition(": ")[2].partition(" | ")
        source, column = self.sources[tie.source], column.partition(" | ")[0]
        known = row in source.rows and column in source.columns
        return source.rows[row][source.columns.index(column)] if known else ""

    def _benchmark(self, place: str) -> str | None:
        path, _, factor = place.partition(" * ")
        found = self.benchmarks
        for key in path.split("/"):
            if not isinstance(found, dict) or key not in found:
                return None
            found = found[key]
        return f"{float(found) * float(factor or 1):.9f}"


def close(figure: Figure, held: str) -> bool:
    """Return whether a figure of a page is that of the ledger, rounded as printed."""
    return value(figure.text) == value(held) or same(figure.text, held)
