"""Commands that make libraries and hand them on: index, approximate index, export; and export of a model."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mwe.core.extras import require_extra
from mwe.core.numbers import NonNegativeInt, PositiveInt, Share
from mwe.search.ann import build_ann
from mwe.search.embed import Hardware
from mwe.search.export import QDRANT, export_file, export_qdrant
from mwe.search.index import index_library
from mwe.search.layout import LIBRARY, Declaration
from mwe.search.library import Library
from mwe.search.lock import only_writer
from mwe.search.onnx_tower import TOWER, export_tower
from mwe.search.sharing import export_run
from mwe.tracks import TrackReader


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
