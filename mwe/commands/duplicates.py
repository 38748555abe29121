"""Commands that tell recordings apart: duplicates of a library, and the likeness of two files."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mwe.commands import LIBRARY
from mwe.core.numbers import NonNegativeInt, PositiveInt

if TYPE_CHECKING:
    from mwe.search.compare import Comparison
    from mwe.search.duplicates import Copy, Duplicates

_MEGABYTE = 1e6


def duplicates(
    library: Path = LIBRARY,
    /,
    neighbours: PositiveInt = 20,
    workers: NonNegativeInt = 2,
    format: Literal["text", "json", "csv"] = "text",
) -> None:
    """Find copies of the same recording in a library.

    Copies may differ in format, level, master, name and length, and begin later. Another performance of the song is no
    copy. The best copy stands first: whole before shortened, lossless, then the highest bit rate. Nothing is deleted.

    Near vectors tell which files to compare; those are decoded whole, and their fingerprints decide. A file much
    shorter than another is taken for a part of it. Less than 2 seconds are not told apart.

    Args:
        library: Folder of the library.
        neighbours: Nearest tracks of each track that are compared by sound; more find more, and take longer.
        workers: Decoding processes.
        format: Text, JSON, or CSV with a line per copy.

    Examples:
        mwe duplicates
        mwe duplicates outputs/music --workers 8
        mwe duplicates outputs/music --format csv > duplicates.csv
    """
    from mwe.search import Library
    from mwe.search.duplicates import find_duplicates

    report = find_duplicates(Library(library), neighbours, workers)
    if format == "json":
        print(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    elif format == "csv":
        _write_csv(report)
    else:
        print("\n".join(_duplicate_lines(report)))


def compare(
    first: Path,
    second: Path,
    /,
    library: Path = LIBRARY,
    k: PositiveInt = 5,
    format: Literal["text", "json"] = "text",
) -> None:
    """Say how alike two audio files are, and in which tags.

    The likeness is the cosine of their vectors: 1 for the same sound. Fingerprints tell whether they are copies of one
    recording. Tags are those that the model of the library hears in them.

    Args:
        first: An audio file.
        second: Another audio file.
        library: Folder of a library, whose model and tags are used.
        k: Number of tags in common, and of tags in which they differ.
        format: Text or JSON.

    Examples:
        mwe compare song.mp3 song.flac
        mwe compare a.mp3 b.mp3 --library outputs/music --format json
    """
    from mwe.search import Library
    from mwe.search.compare import compare_files

    likeness = compare_files(Library(library), first, second, k)
    if format == "json":
        print(json.dumps(likeness.to_dict(), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_comparison_lines(likeness)))


def _duplicate_lines(report: "Duplicates") -> Iterator[str]:
    for number, group in enumerate(report.groups, 1):
        yield f"{number}. {len(group)} copies"
        yield from (_copy_line(copy, "best" if copy is group[0] else "    ") for copy in group)
    yield from (f"not compared: {file.path}: {file.reason}" for file in report.unread)
    others = [copy for group in report.groups for copy in group[1:]]
    size = sum(copy.size for copy in others) / _MEGABYTE
    yield (
        f"{report.tracks:,} tracks, {report.pairs:,} pairs compared: {len(report.groups):,} recordings have copies, "
        f"{len(others):,} beside the best ({size:,.1f} MB)"
    )


def _copy_line(copy: "Copy", mark: str) -> str:
    length = f"{int(copy.seconds) // 60}:{int(copy.seconds) % 60:02}"
    common = "" if mark == "best" else f"  {copy.share:.0%} in common"
    begins = f", begins {copy.offset:+.1f} s" if abs(copy.offset) >= 0.1 else ""
    quality = "lossless" if copy.lossless else f"{copy.kbit_per_s} kbit/s"
    condition = "" if copy.condition == "ok" else f", {copy.condition}"
    return f"  {mark}  {length}  {copy.kind}, {quality}{condition}{common}{begins}  {copy.path}"


def _write_csv(report: "Duplicates") -> None:
    from mwe.search.duplicates import Copy

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["group", "best", *Copy._fields])
    for number, group in enumerate(report.groups, 1):
        writer.writerows([number, int(copy is group[0]), *copy] for copy in group)


def _comparison_lines(likeness: "Comparison") -> Iterator[str]:
    common = likeness.match
    yield from (f"{path}: {verdict}" for path, verdict in likeness.partly_read.items())
    if common.same:
        yield f"the same recording: {common.share:.0%} of the shorter in common, {common.seconds:.1f} s"
    else:
        yield "two different recordings" if likeness.comparable else "too short to tell whether they are one recording"
    yield f"cosine {likeness.cosine:.3f}"
    what = "probability" if likeness.calibrated else "cosine"
    for title, tags in (("alike in", likeness.alike), ("different in", likeness.different)):
        if tags:
            yield f"{title} ({what} in the first, in the second):"
        yield from (f"  {tag.tag}  {tag.first:.2f}  {tag.second:.2f}" for tag in tags)
    for name, (first, second) in likeness.file_tags.items():
        sign = "=" if first == second else "/"
        yield f"{name} in the files: {first or '-'} {sign} {second or '-'}" if sign == "/" else f"{name}: {first}"
