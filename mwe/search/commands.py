"""Commands on libraries: index, search, tag, approximate index, export; and export of a model."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from mwe.core.errors import BadFileError
from mwe.core.extras import require_extra
from mwe.core.numbers import NonNegativeInt, PositiveInt, Share
from mwe.search.ann import build_ann
from mwe.search.answers import Answer, Tagged, TagScore
from mwe.search.embed import Hardware
from mwe.search.export import QDRANT, export_file, export_qdrant
from mwe.search.index import index_library
from mwe.search.layout import Declaration
from mwe.search.library import Library
from mwe.search.lock import only_writer
from mwe.search.onnx_tower import TOWER, export_tower
from mwe.search.sharing import export_run
from mwe.search.stored import Filters
from mwe.tracks import TrackReader

LIBRARY = Path("outputs/library")  # where a library is looked for unless told
Form = Literal["table", "json"]


def index(
    sources: Sequence[Path] = (),
    model: Path | None = None,
    collection: TrackReader | None = None,
    out: Path = LIBRARY,
    workers: NonNegativeInt = 2,
    devices: int | str = "auto",
    nodes: PositiveInt = 1,
    accelerator: str = "auto",
    strategy: str = "auto",
    dtype: Literal["float32", "float16"] = "float32",
    max_failed: Share = 0.5,
) -> None:
    """Index audio files into a library to search: `mwe index FOLDER --model RUN`.

    Only new and changed files are embedded, and a command that was stopped goes on. Files that cannot be used are
    skipped and listed with their reason in ``skipped.tsv``.

    Args:
        sources: Folders of audio, tables of tracks (``tracks.tsv``) or audio files; they may stand without the name of
            the option, before the other options. A folder's own ``tracks.tsv`` gives names, artists and tags.
        model: Run folder of a joint embedding, such as ``outputs/demo/joint/seed0``, or what ``mwe export`` made of
            one: a folder, or a name on the Hugging Face Hub; by default that which the library was made with.
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
    k: PositiveInt = 10,
    tags: Sequence[str] = (),
    without_tags: Sequence[str] = (),
    artists: Sequence[str] = (),
    without_artists: Sequence[str] = (),
    per_artist: PositiveInt | None = None,
    approximate: bool = False,
    format: Form = "table",
    context: str = "",
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
        context: Tags in whose company the query is meant, with commas between them: `--context "acoustic,folk" guitar`
            finds other tracks than `--context "metal,live" guitar`. Words and tags of the query are then tags, and
            the model must have learnt from tags in context.
    """
    among = [name.strip() for name in context.split(",") if name.strip()]
    filters = Filters(tuple(tags), tuple(without_tags), tuple(artists), tuple(without_artists))
    answer = Library(library, approximate).search(query, k, filters, per_artist, among)
    if format == "json":
        print(json.dumps({"query": query, **answer.to_dict()}, ensure_ascii=False, indent=2))
    else:
        _show_answer(answer)


def tag(files: list[Path], library: Path = LIBRARY, k: PositiveInt = 5, format: Form = "table") -> None:
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


def index_ann(library: Path = LIBRARY, recall: Share = 0.95, cells: PositiveInt | None = None) -> None:
    """Make the approximate index of a large library by FAISS, and print its measured recall.

    Args:
        library: Folder of the library.
        recall: Recall@10 against exact search that must be reached, on tracks and on tags as queries.
        cells: Cells that the space is cut into; by default 4 times the square root of the number of tracks.
    """
    Declaration.read(library)  # where there is no library there is nothing to lock
    with only_writer(library):
        opened = Library(library)
        prototype_TD, known_T = opened.prototypes
        report = build_ann(library, prototype_TD[known_T], recall, cells)
    print(f"{len(opened):,} tracks in {report}")
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


def export(run: Path, out: Path, licence: str | None = None, onnx: bool = False) -> None:
    """Write a trained model to share: safetensors, configuration, words, tags and a model card.

    What is written runs no code when it is loaded. ``mwe index --model OUT`` and ``JointEmbedding.from_pretrained``
    take it in place of the run.

    Args:
        run: Run folder of a joint embedding, such as ``outputs/demo/joint/seed0``.
        out: The folder to write, to be put on the Hugging Face Hub as it is.
        licence: Licence of the weights, such as ``cc-by-4.0``; without one the card says that it is not stated.
        onnx: Whether to write the audio tower as an ONNX graph too, compared with the model before it is kept.
    """
    trained = export_run(run, out, licence)
    print(f"{trained.model.row_width()} dimensions, embedding space {trained.space} in {out}")
    if licence is None:
        print(f"licence of the weights: not stated. Set it with --licence, or in {out / 'README.md'}.")
    if onnx:
        difference = export_tower(trained, out / TOWER)
        print(f"{out / TOWER}: at most {difference:.1e} from the model")


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
