"""Hold every figure of README and docs against the ledger in docs/figures, and the ledger against outputs/tables.

python -m scripts.figures            # what differs, file by file; fails if anything does
python -m scripts.figures --write    # outputs/tables into the ledger, and the ledger into the pages

docs/figures/NAME.json is a snapshot of a table: its command, when it was made, over how many runs, and its cells. A
table of a page below ``<!-- figures: NAME -->`` is that table. Every other figure has a line in
docs/figures/ties/PAGE.tsv, in the order of the page. A figure that is one run must say so in its row or section.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

from scripts.figures.ledger import (
    FOLDER,
    Ledger,
    Source,
    Tie,
    ties_file,
    write_ties,
)
from scripts.figures.outputs import differing, made_from, of_outputs
from scripts.figures.pages import Figure, MarkedTable, Page, as_printed, replaced, same

ROOT = Path(__file__).parents[2]
ONE_RUN = "one run"
GUIDES = ("docs/how-to/duplicates.md", "docs/how-to/learn-tag.md", "docs/how-to/scale.md")


def covered(root: Path) -> list[str]:
    """Return the pages whose figures are held: README, the reports, and guides that measure."""
    reports = (root / "docs/experiments").glob("*.md")
    return ["README.md", *sorted(path.relative_to(root).as_posix() for path in reports), *GUIDES]


def uncovered(root: Path) -> dict[str, str]:
    """Return the pages whose figures are not held, with the reason."""
    declared = tomllib.loads((root / FOLDER / "not_covered.toml").read_text(encoding="utf-8"))["page"]
    return {entry["path"]: entry["because"] for entry in declared}


def check(root: Path = ROOT, tables: Path | None = None) -> list[str]:
    """Return what differs, a line each.

    Args:
        root: Folder of the repository.
        tables: Folder of the tables that were made, if the ledger is to be held against them too.
    """
    ledger, told = Ledger(root), []
    quoted: set[str] = set()
    for name in covered(root):
        page, ties = ledger.page(name), ledger.ties(name)
        for table in page.tables:
            quoted.add(table.source)
            told += [f"{name}, {line}" for line in _table(ledger, page, table)]
        told += [f"{name}, {line}" for line in _loose(ledger, page, ties)]
        quoted |= {tie.source for tie in ties}
    told += [f"{FOLDER}/{name}.json: no page quotes it" for name in sorted(ledger.sources.keys() - quoted)]
    declared = {*covered(root), *uncovered(root)}
    pages = {path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.md")}
    told += [f"{name}: not held, and not listed in not_covered.toml" for name in sorted(pages - declared)]
    if tables is not None:
        told += list(_outputs(ledger, tables))
    return told


def _table(ledger: Ledger, page: Page, table: MarkedTable) -> Iterator[str]:
    source = ledger.sources.get(table.source)
    if source is None:
        yield f"line {table.line}: the ledger has no {table.source}"
        return
    if source.command == "?":
        yield f"line {table.line}: docs/figures/{table.source}.json does not say what command made it"
    gone = {*source.rows, *source.columns} - {*table.rows, *table.columns}
    for name in sorted(gone):
        yield f"line {table.line}: {name!r} of {table.source} is in the ledger only"
    for cell in table.cells:
        place = f"{table.source}: {cell.row} | {cell.column}"
        numbers = source.numbers(cell.row, cell.column)
        for at, figure in enumerate(cell.figures):
            if at >= len(numbers):
                yield f"line {figure.line}: {figure.text} is tied to nothing ({place})"
            elif not same(figure.text, numbers[at]):
                yield f"line {figure.line}: {figure.text}, in the ledger {numbers[at]} ({place})"
        if len(numbers) > len(cell.figures):
            yield f"line {table.line}: a figure less than the ledger has ({place})"
        if cell.figures:
            yield from _said(source, table.source, page, cell.figures[0], "±" in cell.text)


def _said(source: Source, name: str, page: Page, figure: Figure, with_spread: bool) -> Iterator[str]:
    """Yield what a figure does not say: that it is one run, or its spread."""
    runs = source.runs_of(with_spread)
    if runs == 1 and ONE_RUN not in page.around(figure.line).lower():
        yield f"line {figure.line}: {figure.text} is one run and does not say so ({name})"
    if runs > 1 and not with_spread and not source.spread:
        yield f"line {figure.line}: {figure.text} is a mean over {runs} {source.over} without a spread ({name})"


def _loose(ledger: Ledger, page: Page, ties: list[Tie]) -> Iterator[str]:
    for figure, tie in aligned(page.loose, ties):
        if figure is None:
            assert tie is not None
            yield f"after {tie.before!r}: no figure, in the ledger {tie.figure} ({tie.to})"
        elif tie is None or tie.to == "?":
            yield f"line {figure.line}: {figure.text} is tied to nothing"
        elif figure.text != tie.figure:
            yield f"line {figure.line}: {figure.text}, in the ledger {tie.figure} ({tie.to})"
        elif (held := ledger.held(tie)) is None:
            yield f"line {figure.line}: {figure.text} is tied to {tie.to!r}, which is not there"
        elif not same(figure.text, held):
            yield f"line {figure.line}: {figure.text}, in the ledger {held} ({tie.to})"
        elif source := ledger.sources.get(tie.source):
            with_spread = source.runs > 1 or "±" in ledger.cell(tie)
            yield from _said(source, tie.source, page, figure, with_spread)


def aligned(figures: list[Figure], ties: list[Tie]) -> list[tuple[Figure | None, Tie | None]]:
    """Return figures of a page beside their ties, which stand in the same order."""
    matcher = SequenceMatcher(None, [figure.text for figure in figures], [tie.figure for tie in ties], autojunk=False)
    pairs: list[tuple[Figure | None, Tie | None]] = []
    for _, start, end, tie_start, tie_end in matcher.get_opcodes():
        on_page, held = figures[start:end], ties[tie_start:tie_end]
        for at in range(max(len(on_page), len(held))):
            pairs.append((on_page[at] if at < len(on_page) else None, held[at] if at < len(held) else None))
    return pairs


def _outputs(ledger: Ledger, tables: Path) -> Iterator[str]:
    for name, source in ledger.sources.items():
        for (row, column), made in of_outputs(source, tables).items():
            held = source.rows[row][source.columns.index(column)]
            if differing(held, made):
                file = tables / source.outputs["file"]
                yield f"{file}: {made}, in the ledger {held} ({name}: {row} | {column})"


def write(root: Path = ROOT, tables: Path | None = None) -> list[str]:
    """Take figures from the outputs into the ledger, and from the ledger into the pages.

    A marked table that the ledger lacks is taken from the page, and a figure without a tie gets a line with ``?``.

    Returns:
        What is left to be done by hand.
    """
    ledger, told = Ledger(root), []
    for name, source in ledger.sources.items():
        changed = [
            (row, column, made)
            for (row, column), made in (of_outputs(source, tables) if tables else {}).items()
            if source.rows[row][source.columns.index(column)] != made
        ]
        for row, column, made in changed:
            if differing(source.rows[row][source.columns.index(column)], made):
                told.append(f"{name} has changed: read what is said from it")
            source.rows[row][source.columns.index(column)] = made
        if changed:
            source.made = made_from(root, source.outputs["file"])
            source.write(root / FOLDER / f"{name}.json")
    for name in covered(root):
        page = ledger.page(name)
        changes = [change for table in page.tables for change in _into_table(ledger, root, name, table)]
        ties = []
        for figure, tie in aligned(page.loose, ledger.ties(name)):
            if figure is None:
                continue
            to = tie.to if tie else "?"
            held = ledger.held(tie) if tie and " | " in to else None
            new = as_printed(held, figure.text) if held and not same(figure.text, held) else figure.text
            changes.append((figure, new))
            ties.append(Tie(new, figure.before, to))
        write_ties(root / ties_file(name), ties)
        told += [
            f"{ties_file(name)}: {tie.figure} after {tie.before!r} waits for its source"
            for tie in ties
            if tie.to == "?"
        ]
        text = replaced(page.text, [(figure, new) for figure, new in changes if new != figure.text])
        if text != page.text:
            (root / name).write_text(text, encoding="utf-8")
    return list(dict.fromkeys(told))


def _into_table(ledger: Ledger, root: Path, page: str, table: MarkedTable) -> Iterator[tuple[Figure, str]]:
    if table.source not in ledger.sources:
        source = Source("?", f"taken from {page}, not regenerated", 0, "?", columns=list(table.columns))
        for cell in table.cells:
            source.rows.setdefault(cell.row, []).append(" ".join(cell.text.replace("**", "").split()))
        source.write(root / FOLDER / f"{table.source}.json")
        ledger.sources[table.source] = source
    for cell in table.cells:
        numbers = ledger.sources[table.source].numbers(cell.row, cell.column)
        if len(numbers) == len(cell.figures):
            for figure, held in zip(cell.figures, numbers, strict=True):
                yield figure, figure.text if same(figure.text, held) else as_printed(held, figure.text)


def main(args: list[str] | None = None) -> int:
    """Check or write; return the number of lines printed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="take new figures into the ledger and the pages")
    parser.add_argument("--tables", type=Path, default=ROOT / "outputs/tables", help="folder of the tables made")
    arguments = parser.parse_args(args)
    told = (write if arguments.write else check)(ROOT, arguments.tables)
    print("\n".join(told) or "every figure is that of the ledger")
    return len(told)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
