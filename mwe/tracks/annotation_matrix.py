"""Annotation matrices: a header of tag names, then one line per item with a number for each tag."""

import csv
from collections.abc import Iterator
from itertools import chain, compress
from pathlib import Path

from mwe.core.errors import BadFileError
from mwe.core.lines import numbered_lines

MARKS = {"0": False, "1": True, "0.0": False, "1.0": True}


def read_matrix(path: Path, remedy: str) -> Iterator[tuple[int, str, list[str]]]:
    r"""Yield the line number, name and tags of every item, in the order of the file.

    Args:
        path: A UTF-8 file of values separated by commas or tabs; the header decides which. The header's first field is
            ignored, the others are tag names.
        remedy: What to do about a damaged file, for error messages.

    Raises:
        MissingDataError: The file is missing.
        BadFileError: The header names no tag or repeats one; a line has a wrong number of fields, no name, or a value
            other than 0 and 1; a name occurs twice; or the file is empty or not UTF-8.

    Examples:
        >>> _ = Path("tags.csv").write_text("song,calm,piano\nt1,1,0\nt2,1,1\n")
        >>> list(read_matrix(Path("tags.csv"), "Fetch it again."))
        [(2, 't1', ['calm']), (3, 't2', ['calm', 'piano'])]
    """
    texts = (line for _, line in numbered_lines(path, remedy, ends=True))
    first = next(texts, "")
    lines = csv.reader(chain([first], texts), delimiter="\t" if "\t" in first else ",", strict=True)
    try:
        tags = [tag.strip() for tag in next(lines, [])[1:]]
        if not tags or not all(tags) or len(set(tags)) != len(tags):
            raise BadFileError(path, f"expected a header of different tag names, found {first[:80]!r}", remedy, 1)
        seen: set[str] = set()
        for fields in lines:
            name, tags_of_item = _item(path, lines.line_num, fields, tags, remedy)
            if name in seen:
                raise BadFileError(path, f"item {name!r} occurs twice", remedy, lines.line_num)
            seen.add(name)
            yield lines.line_num, name, tags_of_item
    except csv.Error as error:
        raise BadFileError(path, f"not a table of separated values ({error})", remedy, lines.line_num) from error


def _item(path: Path, number: int, fields: list[str], tags: list[str], remedy: str) -> tuple[str, list[str]]:
    if len(fields) != len(tags) + 1 or not fields[0]:
        message = f"expected a name and {len(tags)} values, found {len(fields)} fields"
        raise BadFileError(path, message, remedy, number)
    try:  # itertools for speed: MSD has 406,409 lines of 1,126 values
        return fields[0], list(compress(tags, map(MARKS.__getitem__, fields[1:])))
    except KeyError:
        tag, field = next(pair for pair in zip(tags, fields[1:], strict=True) if pair[1] not in MARKS)
        raise BadFileError(path, f"expected 0 or 1 for tag {tag!r}, found {field!r}", remedy, number) from None
