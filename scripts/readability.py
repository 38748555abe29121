"""How long the sentences of Markdown pages are: the median and the 90th percentile, in words, page by page.

Only prose counts. Code, tables, headings, pictures and captions are left out. A list item ends its sentence.

Usage: python scripts/readability.py [PAGE ...], by default README.md and the tutorials and how-to pages
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("tutorials/*.md")),
    *sorted((ROOT / "docs").glob("how-to/*.md")),
]
FENCE = re.compile(r"^ *```.*?^ *```[^\n]*$", re.MULTILINE | re.DOTALL)
NO_PROSE = re.compile(r"^\s*(#|\||!\[|<|:::|--8<--|---)")
ITEM = re.compile(r"^\s*([-*+]|\d+\.)\s+")
# a point, question mark or exclamation mark that ends a sentence: a capital, a quotation or code follows, or nothing
END = re.compile(r"(?<=[.!?])[\"')*_]*\s+(?=[\"'(*_`\[]*[A-Z`0-9])")
ABBREVIATIONS = ("e.g.", "i.e.", "vs.", "et al.", "etc.", "No.", "eq.")


def paragraphs(text: str) -> Iterator[str]:
    """Prose of a page, one paragraph or list item each, on one line."""
    lines: list[str] = []
    for line in [*FENCE.sub("", text).splitlines(), ""]:
        starts = ITEM.match(line)
        if not line.strip() or starts or NO_PROSE.match(line):
            if lines:
                yield " ".join(lines)
            lines = []
        if line.strip() and not NO_PROSE.match(line):
            lines.append(ITEM.sub("", line).strip())


def sentences(text: str) -> list[str]:
    """Sentences of a page. Links count by their text, code between backticks as one word."""
    found = []
    for paragraph in paragraphs(text):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", paragraph)
        plain = re.sub(r"`[^`]*`", "Code", plain)
        for short in ABBREVIATIONS:
            plain = plain.replace(short, short.replace(".", ""))
        found += [one for one in END.split(plain) if words(one)]
    return found


def words(sentence: str) -> int:
    """Words of a sentence: runs that hold a letter or a digit."""
    return sum(bool(re.search(r"\w", piece)) for piece in sentence.split())


def lengths(pages: Iterable[Path]) -> list[int]:
    """Words of every sentence of some pages."""
    return [words(one) for page in pages for one in sentences(page.read_text(encoding="utf-8"))]


def main(pages: list[Path]) -> None:
    """Print a line a page, and one for all."""
    print(f"{'median':>6} {'p90':>5} {'most':>5} {'sentences':>9}  page")
    for name, own in [*((str(page), [page]) for page in pages), ("all", pages)]:
        counts = lengths(own)
        if counts:
            median, high = np.percentile(counts, [50, 90])
            print(f"{median:6.1f} {high:5.1f} {max(counts):5} {len(counts):9}  {name}")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or PAGES)
