"""The part of a corpus that one source makes: written whole or not at all, so that a killed run goes on behind it."""

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
from mwe.corpora.tokens import kind_of_id

COUNTED_AT_ONCE = 20_000  # tokens; counting line by line is slower
REMEDY = "Delete the folder of the part; it is made anew."
FORMAT = 1  # to be raised when the same source and settings make another text


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
    """Table I's counts of tokens."""
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
    """``word``, ``tag``, ``artist`` or ``track``; a word that is a tag too counts as the tag."""
    return kind_of_id(token) or ("tag" if token in tags else "word")


@dataclass(frozen=True)
class Part:
    """A finished part in its folder: ``corpus.txt``, ``counts.tsv`` (token, count) and ``part.json``.

    Args:
        folder: The folder.
        name: What statistics call the source.
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
        """The lines."""
        return self.folder / "corpus.txt"

    def counts(self) -> Iterator[tuple[str, int]]:
        """Every distinct token with its count.

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
    """Folder of the part that a source with an identity makes."""
    told = json.dumps({"format": FORMAT, **identity}, sort_keys=True)
    safe = "".join(sign if sign.isalnum() else "-" for sign in name)[:40]
    return parts / f"{safe}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def finished_part(folder: Path) -> Part | None:
    """The part in a folder, where it has been finished.

    Raises:
        BadFileError: Its ``part.json`` is damaged.
    """
    path = folder / "part.json"
    if not path.is_file():
        return None
    told = read_json(path)
    with expecting(path, "not as `mwe corpus` writes it", REMEDY):
        statistics = CorpusStatistics(**told["statistics"])
        return Part(folder, str(told["name"]), str(told["source"]), tuple(map(str, told["tags"])), statistics)


def write_part(folder: Path, name: str, source: str, documents: Iterable[Iterable[list[str]]], tags: set[str]) -> Part:
    """Write the part of a source; ``part.json`` comes last, so that a folder with one is whole.

    Args:
        folder: Its folder.
        name: What statistics call the source.
        source: Class of the source.
        documents: Entities, each an iterable of lines of tokens.
        tags: Tokens that are tags; may grow while documents are read.
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
    told = {"name": name, "source": source, "tags": sorted(tags), "statistics": asdict(statistics)}
    write_json(folder / "part.json", told)
    return Part(folder, name, source, tuple(sorted(tags)), statistics)
