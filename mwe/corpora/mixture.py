"""One training file from several sources: general text, reviews, tags and IDs (section III-A, Table I)."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mwe.core.errors import MissingDataError, expecting
from mwe.core.files import atomic_write, read_json, write_json
from mwe.corpora.heldout import held_out_path, hold_out, write_held_out
from mwe.corpora.paragraphs import CorpusSettings, Paragraphs, general_lines, kinds_path
from mwe.corpora.parts import CorpusStatistics, Part, finished_part, kind_of, part_folder, statistics_of, write_part
from mwe.corpora.reviews import ReviewSource
from mwe.corpora.source import TextSource
from mwe.tracks import TrackTags

SMALLEST_BLOCK, LARGEST_BLOCK = 4096, 1 << 20  # bytes taken from a part at a time


def write_corpus(
    tracks: TrackTags | None,
    path: Path,
    settings: CorpusSettings | None = None,
    texts: Sequence[TextSource] = (),
    reviews: Sequence[ReviewSource] = (),
    parts: Path | None = None,
) -> CorpusStatistics:
    """Write one training file (a paragraph a line) and beside it ``<name>.vocabulary.json``: kinds of tokens, counts.

    Every source is first written as a part of its own; parts that are finished are not made again. The file mixes
    their lines evenly: a trainer's learning rate falls along the file, and no source is to have the low end of it.

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
    if tracks is not None and settings.hold_out:
        tracks, held = hold_out(tracks, settings.hold_out, settings.seed)
        write_held_out(held_out_path(path), tracks, held)
    else:
        held_out_path(path).unlink(missing_ok=True)
    folder = parts or path.with_suffix(".parts")
    made = list(_parts(tracks, settings, texts, reviews if settings.reviews else (), folder))
    statistics = _mix(made, path, settings)
    if parts is None:
        shutil.rmtree(folder)
    return statistics


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


def _parts(
    tracks: TrackTags | None,
    settings: CorpusSettings,
    texts: Sequence[TextSource],
    reviews: Sequence[ReviewSource],
    folder: Path,
) -> Iterator[Part]:
    """The part of every source, made where it is not there yet."""
    for text in texts:
        tags: set[str] = set()
        yield _part(folder, text.name, text.identity(), lambda text=text: general_lines(text.documents()), tags)  # type: ignore[misc]
    about = {"settings": asdict(settings), "collection": None if tracks is None else _fingerprint(tracks)}
    for source in reviews:
        made = Paragraphs(settings, tracks, set())
        identity = {"review": source.identity(), **about, "source": type(source).__name__}
        yield _part(folder, source.name, identity, lambda m=made, s=source: m.of_reviews(s), made.tags)  # type: ignore[misc]
    if tracks is not None:
        made = Paragraphs(settings, tracks, set())
        yield _part(folder, tracks.name, {"source": "collection", **about}, made.of_collection, made.tags)


def _part(
    parts: Path,
    name: str,
    identity: dict[str, Any],
    documents: Callable[[], Iterable[Iterable[list[str]]]],
    tags: set[str],
) -> Part:
    folder = part_folder(parts, name, identity)
    return finished_part(folder) or write_part(folder, name, identity["source"], documents(), tags)


def _mix(parts: Sequence[Part], path: Path, settings: CorpusSettings) -> CorpusStatistics:
    with atomic_write(path) as temporary, open(temporary, "wb") as file:
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
    told = {"kinds": kinds, "statistics": asdict(statistics), "sources": sources, "settings": asdict(settings)}
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
