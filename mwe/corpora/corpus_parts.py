"""The part of a corpus from one source, written completely or not at all, so that a killed run resumes after it."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mwe.core.errors import BadFileError, expecting
from mwe.core.files import atomic_write, read_json, write_json
from mwe.core.lines import LONGEST_COUNT, numbered_lines
from mwe.core.progress import track
from mwe.core.tokens import kind_of_id

COUNTED_AT_ONCE = 20_000  # tokens; counting line by line is slower
REMEDY = "Delete the folder of the part; it is made again."
FORMAT = 1  # raise it when the same source and settings produce another text


@dataclass(frozen=True)
class CorpusStatistics:
    """Counts of a corpus as in Table I.

    Args:
        entities: Documents, reviews or track paragraphs, before augmentation.
        tracks: Distinct track IDs.
        artists: Distinct artist IDs.
        tags: Distinct tags.
        words: Distinct words that are not tags.
        vocabulary: Distinct tokens.
        tokens: Tokens in the file.
        lines: Lines in the file.
    """

    entities: int
    tracks: int
    artists: int
    tags: int
    words: int
    vocabulary: int
    tokens: int
    lines: int


def statistics_of(counts: Counter[str], tags: set[str], entities: int, lines: int) -> CorpusStatistics:
    """Compute the counts of Table I."""
    kinds = Counter(kind_of(token, tags) for token in counts)
    return CorpusStatistics(
        entities=entities,
        tracks=kinds["track"],
        artists=kinds["artist"],
        tags=kinds["tag"],
        words=kinds["word"],
        vocabulary=len(counts),
        tokens=counts.total(),
        lines=lines,
    )


def kind_of(token: str, tags: set[str]) -> str:
    """Return ``word``, ``tag``, ``artist`` or ``track``; a word that is also a tag counts as a tag."""
    return kind_of_id(token) or ("tag" if token in tags else "word")


@dataclass(frozen=True)
class Part:
    """A finished part in its folder: ``corpus.txt``, ``counts.tsv`` (token, count) and ``part.json``.

    Args:
        folder: The folder.
        name: Name of the source in statistics.
        source: Class of the source.
        tags: Tokens that are tags.
        statistics: Counts.
    """

    folder: Path
    name: str
    source: str
    tags: tuple[str, ...]
    statistics: CorpusStatistics

    @property
    def text(self) -> Path:
        """Path of the lines."""
        return self.folder / "corpus.txt"

    def counts(self) -> Iterator[tuple[str, int]]:
        """Yield every distinct token with its count.

        Raises:
            BadFileError: The file is damaged.
        """
        path = self.folder / "counts.tsv"
        for number, line in numbered_lines(path, REMEDY):
            token, _, count = line.rpartition("\t")
            if not token or not count.isdecimal() or len(count) > LONGEST_COUNT:
                raise BadFileError(path, f"expected a token and its count, found {line[:80]!r}", REMEDY, number)
            yield token, int(count)


def part_folder(parts: Path, name: str, identity: dict[str, Any]) -> Path:
    """Return the folder of the part of a source with this identity."""
    text = json.dumps({"format": FORMAT, **identity}, sort_keys=True)
    safe = "".join(sign if sign.isalnum() else "-" for sign in name)[:40]
    return parts / f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def finished_part(folder: Path) -> Part | None:
    """Return the part in a folder, or None if it is not finished.

    Raises:
        BadFileError: Its ``part.json`` is damaged.
    """
    path = folder / "part.json"
    if not path.is_file():
        return None
    content = read_json(path)
    with expecting(path, "not in the format of `mwe words corpus`", REMEDY):
        statistics = CorpusStatistics(**content["statistics"])
        return Part(folder, str(content["name"]), str(content["source"]), tuple(map(str, content["tags"])), statistics)


def write_part(folder: Path, name: str, source: str, documents: Iterable[Iterable[list[str]]], tags: set[str]) -> Part:
    """Write the part of a source. ``part.json`` is written last, so that a folder with one is complete.

    Args:
        folder: Its folder.
        name: Name of the source in statistics.
        source: Class of the source.
        documents: Entities, each an iterable of lines of tokens.
        tags: Tokens that are tags; may grow while the documents are read.
    """
    counts: Counter[str] = Counter()
    pending: list[str] = []
    entities = lines = 0
    with atomic_write(folder / "corpus.txt") as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as text:
        for document in track(documents, f"writing {name}"):
            before = lines
            for tokens in document:
                if tokens:
                    text.write(" ".join(tokens) + "\n")
                    pending += tokens
                    lines += 1
                    if len(pending) > COUNTED_AT_ONCE:
                        counts.update(pending)
                        pending.clear()
            entities += lines > before
    counts.update(pending)
    with atomic_write(folder / "counts.tsv") as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{token}\t{count}\n" for token, count in counts.items())
    statistics = statistics_of(counts, tags, entities, lines)
    content = {"name": name, "source": source, "tags": sorted(tags), "statistics": asdict(statistics)}
    write_json(folder / "part.json", content)
    return Part(folder, name, source, tuple(sorted(tags)), statistics)
