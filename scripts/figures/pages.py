"""Figures of a page: where they stand, what is code and no figure, and the tables that name their source."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

NUMBER = re.compile(
    r"(?<![\w@:/.,])[+\-\u2212]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:e-?\d+)?(?![\w/@]|[.,]\d)",
)
# an integer in a sentence is a figure if one of these follows; others count something or name a table
UNIT = re.compile(r" ?(?:%|s|ms|MB|MiB|GB|minutes|hours|times|seconds)(?!\w)")
NO_FIGURES = re.compile(
    r"^ *```.*?^ *```[^\n]*$|<!--.*?-->|`(?:[^`\n]|\n(?!\n))*`|(?<=\])\([^)\n]*\)", re.MULTILINE | re.DOTALL
)
MARK = re.compile(r"<!-- figures: (.+?) -->")
HEADING = re.compile(r"^(#+) +(.*)$")


@dataclass(frozen=True)
class Figure:
    """A number on a page.

    Args:
        start: Where it starts in the text of the page.
        text: As printed.
        line: Number of its line, from 1.
        before: Up to four words before it in its line.
    """

    start: int
    text: str
    line: int
    before: str

    @property
    def spread(self) -> bool:
        """Whether it is given with a spread, or is one."""
        return self.before.endswith("±")


@dataclass(frozen=True)
class Cell:
    """A cell of a marked table: its row and column, and its figures."""

    row: str
    column: str
    figures: tuple[Figure, ...]
    text: str


@dataclass(frozen=True)
class MarkedTable:
    """A table below ``<!-- figures: NAME -->``."""

    source: str
    line: int
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[Cell, ...]


def value(text: str) -> Decimal:
    """Return the number that is printed.

    >>> value("-1,429.5"), value("+.032")
    (Decimal('-1429.5'), Decimal('0.032'))
    """
    return Decimal(text.replace(",", "").replace("\u2212", "-"))


def decimals(text: str) -> int:
    """Return how many decimals are printed."""
    return len(text.partition(".")[2].partition("e")[0])


def same(printed: str, held: str) -> bool:
    """Return whether a number, rounded as printed, is another one.

    >>> same(".961", "0.9606"), same("0.961", "0.9616"), same("0.40", "0.4")
    (True, False, True)
    """
    near = Decimal(5).scaleb(-decimals(printed) - 1) if decimals(held) > decimals(printed) else Decimal(0)
    return abs(value(printed) - value(held)) <= near


def as_printed(held: str, model: str) -> str:
    """Return a number in the style of another: its decimals, sign, leading zero and commas.

    >>> as_printed("0.9606", ".874"), as_printed("1234.6", "+1,000")
    ('.961', '+1,235')
    """
    if "e" in model:
        return held
    text = f"{value(held):{'+' if model[0] == '+' else ''},.{decimals(model)}f}"
    if "," not in model and value(model) > 999:
        text = text.replace(",", "")
    return re.sub(r"^([+-]?)0\.", r"\1.", text) if re.match(r"[+\-\u2212]?\.", model) else text


def masked(text: str) -> str:
    """Return a page with blanks in the place of code, comments and targets of links."""
    return NO_FIGURES.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def plain(label: str) -> str:
    """Return a label without emphasis and links."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", label).replace("**", "").strip()


def _numbers(text: str, start: int, end: int, line: int) -> Iterator[Figure]:
    for found in NUMBER.finditer(text, start, end):
        before = " ".join(text[start : found.start()].replace("|", " | ").split()[-4:])
        yield Figure(found.start(), found.group(), line, before)


def _told_apart(names: Iterable[str]) -> list[str]:
    """Return names, with a number behind those that were there before."""
    told: list[str] = []
    for name in names:
        again = sum(other.partition(" #")[0] == name for other in told)
        told.append(f"{name} #{again + 1}" if again else name)
    return told


class Page:
    """The figures of a page.

    Args:
        text: The page in Markdown.

    Attributes:
        tables: Tables that name their source.
        loose: All other figures, in their order: numbers with decimals, with commas or with a unit, and every number
            in a table.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines()
        self._masked = masked(text)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.tables: list[MarkedTable] = []
        inside: set[int] = set()
        for number, line in enumerate(self.lines):
            if (mark := MARK.match(line)) and number not in inside:
                table, below = self._table(mark.group(1), number)
                self.tables.append(table)
                inside |= below
        self.loose = [
            figure for number in range(len(self.lines)) if number not in inside for figure in self._of(number)
        ]

    def _of(self, number: int) -> Iterator[Figure]:
        start, end = self._starts[number], self._starts[number] + len(self.lines[number])
        in_table = self.lines[number].startswith("|")
        for figure in _numbers(self._masked, start, end, number + 1):
            after = self._masked[figure.start + len(figure.text) :]
            if in_table or "." in figure.text or "," in figure.text or UNIT.match(after):
                yield figure

    def _table(self, source: str, mark: int) -> tuple[MarkedTable, set[int]]:
        """Return the table below a mark, and the numbers of its lines."""
        first = next((n for n in range(mark + 1, len(self.lines)) if self.lines[n].strip()), len(self.lines))
        last = first
        while last < len(self.lines) and self.lines[last].startswith("|"):
            last += 1
        if last - first < 3:
            raise ValueError(f"line {mark + 1}: no table below the mark of {source}")
        body = [self._cells(number) for number in range(first + 2, last)]
        header = [plain(text) for _, text in self._cells(first)]
        figures = [
            [tuple(_numbers(self._masked, at, at + len(text), number)) for at, text in row]
            for number, row in enumerate(body, first + 3)
        ]
        # the first column tells what a row is, and so do others that have no figures
        labels = [c for c in range(len(header)) if c == 0 or not any(row[c] for row in figures)]
        names = _told_apart(" / ".join(plain(row[c][1]) for c in labels if plain(row[c][1])) for row in body)
        columns = [c for c in range(len(header)) if c not in labels]
        header = _told_apart(header)
        cells = [
            Cell(names[r], header[c], figures[r][c], self._masked[body[r][c][0] : body[r][c][0] + len(body[r][c][1])])
            for r in range(len(body))
            for c in columns
        ]
        table = MarkedTable(source, mark + 1, tuple(header[c] for c in columns), tuple(names), tuple(cells))
        return table, {*range(mark, last)}

    def _cells(self, number: int) -> list[tuple[int, str]]:
        """Return where the cells of a line start, and their texts."""
        line, start = self.lines[number].rstrip().removesuffix("|"), self._starts[number]
        cells, at = [], 1
        for text in line[1:].split("|"):
            cells.append((start + at, text))
            at += len(text) + 1
        return cells

    def around(self, line: int) -> str:
        """Return what tells about a line: itself, the header of its table, its section, and what is above in the page.

        Of sections above, only those that hold this one are told, without what is below their own headings.
        """
        number = line - 1
        told = [self.lines[number]]
        if self.lines[number].startswith("|"):
            top = number
            while self.lines[top - 1].startswith("|"):
                top -= 1
            told.append(self.lines[top])
        sections = self._sections()
        own = max(start for start in sections if start <= number)
        depth = 99
        for start in sorted(sections, reverse=True):
            level, end = sections[start]
            if start == own or (start < own and level < depth):
                told += [text for text in self.lines[start:end] if not text.startswith("|")]
                depth = level
        return " ".join(" ".join(told).split())

    def _sections(self) -> dict[int, tuple[int, int]]:
        """Return level and end of every section by its first line; what is above all headings has level 0."""
        starts: dict[int, int] = {0: 0}
        fenced = False
        for number, line in enumerate(self.lines):
            fenced ^= line.startswith("```")
            if not fenced and (found := HEADING.match(line)):
                starts[number] = len(found.group(1))
        ends = [*sorted(starts)[1:], len(self.lines)]
        return {start: (starts[start], end) for start, end in zip(sorted(starts), ends, strict=True)}


def replaced(text: str, changes: Sequence[tuple[Figure, str]]) -> str:
    """Return a page with other numbers in the place of some of its figures."""
    for figure, new in sorted(changes, key=lambda change: -change[0].start):
        text = text[: figure.start] + new + text[figure.start + len(figure.text) :]
    return text
