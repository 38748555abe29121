"""Commands on libraries: index, search, tag, approximate index, export."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from mwe.core.errors import BadFileError
from mwe.core.extras import require_extra
from mwe.search.ann import build_ann
from mwe.search.answers import Answer, Tagged, TagScore
from mwe.search.embed import Hardware
from mwe.search.export import QDRANT, export_file, export_qdrant
from mwe.search.index import index_library
from mwe.search.layout import Declaration
from mwe.search.library import Library
from mwe.search.stored import Filters
from mwe.tracks import TrackReader

LIBRARY = Path("outputs/library")  # where a library is looked for unless told
Form = Literal["table", "json"]


def index(
    sources: Sequence[Path] = (),
    model: Path | None = None,
    collection: TrackReader | None = None,
    out: Path = LIBRARY,
    workers: int = 2,
    devices: int | str = "auto",
    nodes: int = 1,
    accelerator: str = "auto",
    strategy: str = "auto",
    dtype: Literal["float32", "float16"] = "float32",
    max_failed: float = 0.5,
) -> None:
    """Index audio files into a library to search: `mwe index FOLDER --model RUN`.

    Only new and changed files are embedded, and a command that was stopped goes on. Files that cannot be used are
    skipped and listed with their reason in ``skipped.tsv``.

    Args:
        sources: Folders of audio, tables of tracks (``tracks.tsv``) or audio files; they may stand without the name of
            the option, before the other options. A folder's own ``tracks.tsv`` gives names, artists and tags.
        model: Run folder of a joint embedding, such as ``outputs/demo/joint/seed0``; by default that which the library
            was made with.
        collection: Reader of a collection to index, such as ``DemoTracks`` or ``JamendoTracks``.
        out: Folder of the library.
        workers: Processes that decode, for each device.
        devices: Devices to compute on, as Lightning's Trainer takes them.
        nodes: Nodes to compute on.
        accelerator: ``auto``, ``cpu`` or ``gpu``.
        strategy: How several devices work together, as Lightning's Trainer takes it.
        dtype: Numbers of the matrix: ``float16`` halves it at the price of about three digits of a cosine.
        max_failed: Largest share of files that may fail before the command does.
    """
    hardware = Hardware(workers, devices, nodes, accelerator, strategy)
    run = model or Path(Declaration.read(out).run)
    report = index_library(
        sources, run, out, collection=collection, hardware=hardware, dtype=dtype, max_failed=max_failed
    )
    if report is not None:
        print(f"{report} in {out}\n{report.note}")


def search_library(
    query: str,
    library: Path = LIBRARY,
    k: int = 10,
    tags: Sequence[str] = (),
    without_tags: Sequence[str] = (),
    artists: Sequence[str] = (),
    without_artists: Sequence[str] = (),
    per_artist: int | None = None,
    approximate: bool = False,
    format: Form = "table",
) -> None:
    """Find tracks in a library: `mwe search "calm + piano - drums"`.

    Terms are plain words, or ``tag:``, ``artist:``, ``track:`` and ``file:`` with a name; ``2*piano`` counts twice.
    Signs stand between spaces. Words without a sign between them are one term, the mean of their vectors, stop words
    left out.

    Args:
        query: The query.
        library: Folder of the library.
        k: How many tracks.
        tags: Tags that a track must have (``--tags '[rock, live]'``).
        without_tags: Tags that it must not have.
        artists: Artists one of whom it must be by.
        without_artists: Artists it must not be by.
        per_artist: At most so many tracks of one artist.
        approximate: Whether to use the approximate index of ``mwe index-ann``.
        format: A table, or JSON.
    """
    filters = Filters(tuple(tags), tuple(without_tags), tuple(artists), tuple(without_artists))
    answer = Library(library, approximate).search(query, k, filters, per_artist)
    if format == "json":
        print(json.dumps({"query": query, **answer.to_dict()}, ensure_ascii=False, indent=2))
    else:
        _show_answer(answer)


def tag(files: list[Path], library: Path = LIBRARY, k: int = 5, format: Form = "table") -> None:
    """Say which tags fit audio files: `mwe tag FILE...`.

    Scores are probabilities calibrated on the validation tracks of the model's run; where those could not be had, plain
    cosines, and the output says so. Exits with 1 if a file cannot be used.

    Args:
        files: Audio files; they may stand without the name of the option, before the other options.
        library: Folder of a library, whose model and tags are used.
        k: How many tags of each group.
        format: A table, or JSON.
    """
    found = Library(library).tag_files(files, k)
    if format == "json":
        print(json.dumps([one.to_dict() for one in found], ensure_ascii=False, indent=2))
    else:
        for one in found:
            _show_tags(one)
    failed = [one for one in found if one.status != "ok"]
    if failed:
        raise BadFileError(failed[0].path, f"{failed[0].status}: {failed[0].detail}", _remedy(len(failed), len(found)))


def index_ann(library: Path = LIBRARY, recall: float = 0.95, cells: int | None = None) -> None:
    """Make the approximate index of a large library by FAISS, and print its measured recall.

    Args:
        library: Folder of the library.
        recall: Recall@10 against exact search that must be reached, on tracks and on tags as queries.
        cells: Cells that the space is cut into; by default 4 times the square root of the number of tracks.
    """
    opened = Library(library)
    prototype_TD, known_T = opened.prototypes
    report = build_ann(library, prototype_TD[known_T], recall, cells)
    print(
        f"{len(opened):,} tracks in {report.cells:,} cells, {report.probes:,} looked into: recall@10 "
        f"{report.recall_tracks:.3f} on {report.track_queries} tracks, {report.recall_words:.3f} on "
        f"{report.word_queries} tags as queries"
    )
    if min(report.recall_tracks, report.recall_words) < recall:
        sys.exit(f"mwe index-ann: the recall of {recall} was not reached")


def library_export(
    out: str,
    library: Path = LIBRARY,
    to: Literal["parquet", "arrow", "qdrant"] = "parquet",
    collection: str = "tracks",
) -> None:
    """Hand a library to other programs: as a Parquet or Arrow file, or to the vector database Qdrant.

    Args:
        out: The file; for Qdrant the address of a server or a folder for its local mode.
        library: Folder of the library.
        to: ``parquet``, ``arrow`` or ``qdrant``.
        collection: Name of Qdrant's collection; one of that name is replaced.
    """
    opened = Library(library)
    if to == "qdrant":
        clients = require_extra(*QDRANT)
        client = clients.QdrantClient(url=out) if "://" in out else clients.QdrantClient(path=out)
        export_qdrant(opened, client, collection)
        client.close()
    else:
        export_file(opened, Path(out), to)
    print(f"{len(opened):,} tracks of embedding space {opened.space} in {out}")


def _show_answer(answer: Answer) -> None:
    console = Console(markup=False, emoji=False, highlight=False)
    for weight, understood in answer.terms:
        console.print(f"{weight:+g} {understood}")
    for note in answer.notes:
        console.print(note)
    if not answer.hits:
        console.print("no track answers this")
        return
    shown = Table("", "track", "artist", "score", "tags", "file")
    for rank, hit in enumerate(answer.hits, 1):
        shown.add_row(
            str(rank), hit.track_id, hit.artist_id, f"{hit.score:.3f}", ", ".join(hit.tags), hit.path, style=None
        )
    console.print(shown)


def _show_tags(tagged: Tagged) -> None:
    console = Console(markup=False, emoji=False, highlight=False)
    if not tagged.tags:
        console.print(f"{tagged.path}: {tagged.detail or 'the model has no tags'}")
        return
    calibrated = any(one.probability is not None for one in tagged.tags)
    shown = Table("group", "tag", "probability" if calibrated else "cosine", "in training", title=tagged.path)
    for one in tagged.tags:
        shown.add_row(one.group, one.tag, f"{one.score:.3f}", _heard(one))
    console.print(shown)
    if not calibrated:
        console.print("cosines, not probabilities: the library has no calibration (`mwe index` said why)")


def _heard(one: TagScore) -> str:
    return "not known" if one.seen is None else "seen" if one.seen else "unseen"


def _remedy(failed: int, files: int) -> str:
    return f"{failed} of {files} files could not be tagged; the others were."
