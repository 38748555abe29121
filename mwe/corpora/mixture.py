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
from mwe.corpora.heldout import held_out_path, hold_out, write_held_out
from mwe.corpora.paragraphs import CORPUS, FILES, CorpusSettings, Paragraphs, general_lines, kinds_path
from mwe.corpora.parts import CorpusStatistics, Part, finished_part, kind_of, part_folder, statistics_of, write_part
from mwe.corpora.reviews import ReviewSource
from mwe.corpora.source import TextSource
from mwe.tracks import TrackTags

SMALLEST_BLOCK, LARGEST_BLOCK = 4096, 1 << 20  # bytes taken from a part at a time
MADE = "made"


class _Planned(NamedTuple):
    """A part to be made.

    Args:
        name: What statistics call the source.
        identity: What its text depends on.
        documents: Gives the documents.
        tags: Tokens that are tags; grows while the documents are read.
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
    """Write one training file (a paragraph a line) and beside it ``<name>.vocabulary.json``: kinds of tokens, counts.

    Nothing is done where the file is there already, whole, of the same sources and settings. Every source is first
    written as a part of its own; parts that are finished are not made again. The file mixes their lines evenly: a
    trainer's learning rate falls along the file, and no source is to have the low end of it.

    Args:
        tracks: The collection, whose tracks get a paragraph each; None for general text and reviews alone.
        path: The training file.
        settings: How paragraphs are made.
        texts: General text.
        reviews: Texts about tracks and artists.
        parts: Folder of the parts, to be shared by several corpora; by default one beside the file that is removed
            at the end.

    Raises:
        MissingDataError: There is no source, or a file of one is not there.
    """
    settings = settings or CorpusSettings()
    if tracks is None and not texts and not reviews:
        raise MissingDataError("a corpus needs a source: a collection, text or reviews")
    held = None
    if tracks is not None and settings.hold_out:
        tracks, held = hold_out(tracks, settings.hold_out, settings.seed)
    planned = list(_planned(tracks, settings, texts, reviews if settings.reviews else ()))
    made = manifest({"sources": [[one.name, one.identity] for one in planned]}, asdict(settings))
    folder = parts or path.with_suffix(".parts")
    if (statistics := _finished(path, made)) is None:
        ready = [_part(folder, one) for one in planned]
        with written_together(path.parent, kinds_path(path).name, [held_out_path(path).name]) as staging:
            if tracks is not None and held is not None:
                write_held_out(held_out_path(staging / path.name), tracks, held)
            statistics = _mix(ready, staging / path.name, made)
    if parts is None:
        shutil.rmtree(folder, ignore_errors=True)
    return statistics


def _finished(path: Path, made: dict[str, Any]) -> CorpusStatistics | None:
    """Counts of a corpus that is there, whole, as it would be made now; nothing where there is none."""
    if not path.is_file() or not kinds_path(path).is_file():
        return None
    try:
        told = read_json(kinds_path(path))
    except BadFileError:
        return None
    if not isinstance(told, dict) or not fits(told.get(MADE), made) or told.get(FILES) != _hashes(path):
        return None
    return CorpusStatistics(**told["statistics"])


def _hashes(path: Path) -> dict[str, str]:
    """Of the training file and of the list of tags kept out, where there is one."""
    files = {CORPUS: path, "held_out": held_out_path(path)}
    return {name: sha256(file) for name, file in files.items() if file.is_file()}


def source_statistics(corpus: Path) -> list[tuple[str, str, CorpusStatistics]]:
    """Name, class and counts of every source of a corpus.

    Raises:
        MissingDataError: There is no such corpus.
        BadFileError: Its vocabulary was written by something else.
    """
    path = kinds_path(corpus)
    if not path.is_file():
        raise MissingDataError(f"{path} not found. Write the corpus with `mwe corpus --out {corpus}`.")
    with expecting(path, "no counts of sources", "Write the corpus anew."):
        told = read_json(path)["sources"]
        return [(one["name"], one["source"], CorpusStatistics(**one["statistics"])) for one in told]


def _planned(
    tracks: TrackTags | None,
    settings: CorpusSettings,
    texts: Sequence[TextSource],
    reviews: Sequence[ReviewSource],
) -> Iterator[_Planned]:
    """The part of every source."""
    for text in texts:
        yield _Planned(text.name, text.identity(), lambda text=text: general_lines(text.documents()), set())  # type: ignore[misc]
    about = {"settings": asdict(settings), "collection": None if tracks is None else _fingerprint(tracks)}
    for source in reviews:
        made = Paragraphs(settings, tracks, set())
        identity = {"review": source.identity(), **about, "source": type(source).__name__}
        yield _Planned(source.name, identity, lambda m=made, s=source: m.of_reviews(s), made.tags)  # type: ignore[misc]
    if tracks is not None:
        made = Paragraphs(settings, tracks, set())
        yield _Planned(tracks.name, {"source": "collection", **about}, made.of_collection, made.tags)


def _part(parts: Path, planned: _Planned) -> Part:
    """The part, made where it is not there yet."""
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
    sources = [{"name": one.name, "source": one.source, "statistics": asdict(one.statistics)} for one in parts]
    told = {"kinds": kinds, "statistics": asdict(statistics), "sources": sources, MADE: made, FILES: _hashes(path)}
    write_json(kinds_path(path), told)
    return statistics


def interleaved(paths: Sequence[Path]) -> Iterator[bytes]:
    """Blocks of whole lines from several files, so that all of them end at about the same time."""
    with ExitStack() as stack:
        files = [stack.enter_context(open(path, "rb")) for path in paths]
        sizes = [path.stat().st_size for path in paths]
        block = min(max(sum(sizes) // 1000, SMALLEST_BLOCK), LARGEST_BLOCK)
        taken = [0] * len(files)
        left = {place for place, size in enumerate(sizes) if size}
        while left:
            place = min(left, key=lambda one: (taken[one] / sizes[one], one))
            lines = b"".join(files[place].readlines(block))
            taken[place] += len(lines)
            if taken[place] >= sizes[place]:
                left.remove(place)
            yield lines


def _fingerprint(tracks: TrackTags) -> str:
    """What paragraphs depend on: IDs, artists, tags, who has which, and reviews."""
    digest = hashlib.sha256()
    for names in (tracks.track_ids, tracks.artist_ids, tracks.tags):
        digest.update(json.dumps(names).encode())
    digest.update(tracks.matrix.indptr.tobytes() + tracks.matrix.indices.tobytes())
    digest.update(json.dumps({name: list(texts) for name, texts in tracks.reviews.items()}, sort_keys=True).encode())
    return digest.hexdigest()
