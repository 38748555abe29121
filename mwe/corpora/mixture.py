"""One training file from several sources: general text, reviews, tags and IDs (section III-A, Table I)."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from mwe.core.errors import BadFileError, MissingDataError, expecting
from mwe.core.files import read_json, sha256, write_json, written_together
from mwe.core.manifest import fits, manifest
from mwe.corpora.corpus_parts import (
    CorpusStatistics,
    Part,
    finished_part,
    kind_of,
    part_folder,
    statistics_of,
    write_part,
)
from mwe.corpora.heldout import held_out_path, hold_out, write_held_out
from mwe.corpora.paragraphs import CORPUS, FILES, CorpusSettings, Paragraphs, general_lines, kinds_path
from mwe.corpora.reviews import ReviewSource
from mwe.corpora.source import TextSource
from mwe.tracks import TrackTags

SMALLEST_BLOCK, LARGEST_BLOCK = 4096, 1 << 20  # bytes read from a part at once
MADE = "made"


class _Planned(NamedTuple):
    """A part to be made.

    Attributes:
        name: Name of the source in statistics.
        identity: Everything that its text depends on.
        documents: Returns the documents.
        tags: Tokens that are tags; filled while the documents are read.
    """

    name: str
    identity: dict[str, Any]
    documents: Callable[[], Iterable[Iterable[list[str]]]]
    tags: set[str]


def write_corpus(
    tracks: TrackTags | None,
    path: Path,
    settings: CorpusSettings | None = None,
    texts: Sequence[TextSource] = (),
    reviews: Sequence[ReviewSource] = (),
    parts: Path | None = None,
) -> CorpusStatistics:
    """Write a training file (one paragraph per line), and ``<name>.vocabulary.json`` with kinds of tokens and counts.

    Does nothing if the file exists, complete and from the same sources and settings. Every source is first written as
    a separate part; finished parts are reused. The file mixes the lines of the parts evenly, because the learning rate
    of a trainer falls along the file and no source should only get its low end.

    Args:
        tracks: The collection, whose tracks get a paragraph each; None for general text and reviews alone.
        path: The training file.
        settings: Settings of the paragraphs.
        texts: General text.
        reviews: Texts about tracks and artists.
        parts: Folder of the parts, which several corpora may share. By default a folder beside the file, removed at
            the end.

    Raises:
        MissingDataError: There is no source, or a file of a source is missing.
    """
    settings = settings or CorpusSettings()
    if tracks is None and not texts and not reviews:
        raise MissingDataError("a corpus needs a source: a collection, text or reviews")
    held = None
    if tracks is not None and settings.hold_out:
        tracks, held = hold_out(tracks, settings.hold_out, settings.seed)
    planned = list(_planned(tracks, settings, texts, reviews if settings.reviews else ()))
    made = manifest({"sources": [[part.name, part.identity] for part in planned]}, asdict(settings))
    folder = parts or path.with_suffix(".parts")
    if (statistics := _finished(path, made)) is None:
        ready = [_part(folder, part) for part in planned]
        with written_together(path.parent, kinds_path(path).name, [held_out_path(path).name]) as staging:
            if tracks is not None and held is not None:
                write_held_out(held_out_path(staging / path.name), tracks, held)
            statistics = _mix(ready, staging / path.name, made)
    if parts is None:
        shutil.rmtree(folder, ignore_errors=True)
    return statistics


def _finished(path: Path, made: dict[str, Any]) -> CorpusStatistics | None:
    """Return the counts of an existing corpus if it is complete and up to date, else None."""
    if not path.is_file() or not kinds_path(path).is_file():
        return None
    try:
        saved = read_json(kinds_path(path))
    except BadFileError:
        return None
    if not isinstance(saved, dict) or not fits(saved.get(MADE), made) or saved.get(FILES) != _hashes(path):
        return None
    return CorpusStatistics(**saved["statistics"])


def _hashes(path: Path) -> dict[str, str]:
    """Hash the training file and, if it exists, the list of held-out tags."""
    files = {CORPUS: path, "held_out": held_out_path(path)}
    return {name: sha256(file) for name, file in files.items() if file.is_file()}


def source_statistics(corpus: Path) -> list[tuple[str, str, CorpusStatistics]]:
    """Read the name, class and counts of every source of a corpus.

    Raises:
        MissingDataError: There is no such corpus.
        BadFileError: Its vocabulary file is not valid.
    """
    path = kinds_path(corpus)
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Write the corpus with `mwe words corpus --out {corpus}`.")
    with expecting(path, "no counts of sources", "Write the corpus again."):
        sources = read_json(path)["sources"]
        return [(source["name"], source["source"], CorpusStatistics(**source["statistics"])) for source in sources]


def _planned(
    tracks: TrackTags | None,
    settings: CorpusSettings,
    texts: Sequence[TextSource],
    reviews: Sequence[ReviewSource],
) -> Iterator[_Planned]:
    """Yield the planned part of every source."""
    for text in texts:
        yield _Planned(text.name, text.identity(), lambda text=text: general_lines(text.documents()), set())  # type: ignore[misc]
    about = {"settings": asdict(settings), "collection": None if tracks is None else fingerprint(tracks)}
    for source in reviews:
        made = Paragraphs(settings, tracks, set())
        identity = {"review": source.identity(), **about, "source": type(source).__name__}
        yield _Planned(source.name, identity, lambda m=made, s=source: m.of_reviews(s), made.tags)  # type: ignore[misc]
    if tracks is not None:
        made = Paragraphs(settings, tracks, set())
        yield _Planned(tracks.name, {"source": "collection", **about}, made.of_collection, made.tags)


def _part(parts: Path, planned: _Planned) -> Part:
    """Return a part; make it if it is not finished."""
    name, identity, documents, tags = planned
    folder = part_folder(parts, name, identity)
    return finished_part(folder) or write_part(folder, name, identity["source"], documents(), tags)


def _mix(parts: Sequence[Part], path: Path, made: dict[str, Any]) -> CorpusStatistics:
    with open(path, "wb") as file:
        for block in interleaved([part.text for part in parts]):
            file.write(block)
    counts: Counter[str] = Counter()
    for part in parts:
        for token, count in part.counts():
            counts[token] += count
    tags = {tag for part in parts for tag in part.tags}
    entities = sum(part.statistics.entities for part in parts)
    statistics = statistics_of(counts, tags, entities, sum(part.statistics.lines for part in parts))
    kinds = {token: kind for token in counts if (kind := kind_of(token, tags)) != "word"}
    sources = [{"name": part.name, "source": part.source, "statistics": asdict(part.statistics)} for part in parts]
    content = {"kinds": kinds, "statistics": asdict(statistics), "sources": sources, MADE: made, FILES: _hashes(path)}
    write_json(kinds_path(path), content)
    return statistics


def interleaved(paths: Sequence[Path]) -> Iterator[bytes]:
    """Yield blocks of whole lines from several files in proportion to their sizes, so that all end together."""
    with ExitStack() as stack:
        files = [stack.enter_context(open(path, "rb")) for path in paths]
        sizes = [path.stat().st_size for path in paths]
        block = min(max(sum(sizes) // 1000, SMALLEST_BLOCK), LARGEST_BLOCK)
        taken = [0] * len(files)
        left = {index for index, size in enumerate(sizes) if size}
        while left:
            index = min(left, key=lambda file: (taken[file] / sizes[file], file))
            lines = b"".join(files[index].readlines(block))
            taken[index] += len(lines)
            if taken[index] >= sizes[index]:
                left.remove(index)
            yield lines


def fingerprint(tracks: TrackTags) -> str:
    """Hash everything that paragraphs depend on: IDs, artists, tags, the tags of each track, and reviews."""
    digest = hashlib.sha256()
    for names in (tracks.track_ids, tracks.artist_ids, tracks.tags):
        digest.update(json.dumps(names).encode())
    digest.update(tracks.matrix.indptr.tobytes() + tracks.matrix.indices.tobytes())
    digest.update(json.dumps({name: list(texts) for name, texts in tracks.reviews.items()}, sort_keys=True).encode())
    return digest.hexdigest()
