"""Commands that make libraries and hand them on: index, approximate index, export; and export of a model."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mwe.commands import LIBRARY
from mwe.core.extras import require_extra
from mwe.core.numbers import NonNegativeInt, PositiveInt, Share
from mwe.tracks import TrackReader


def index(
    sources: Sequence[Path] = (),
    /,
    model: str | None = None,
    collection: TrackReader | None = None,
    out: Path = LIBRARY,
    workers: NonNegativeInt = 2,
    devices: int | str = "auto",
    nodes: PositiveInt = 1,
    accelerator: str = "auto",
    strategy: str = "auto",
    dtype: Literal["float32", "float16"] = "float32",
    max_failed: Share = 0.5,
    thorough: bool = False,
) -> None:
    """Index audio files into a library to search.

    Embeds only new and changed files. A command that was stopped continues where it stopped. Files that cannot be used
    are skipped and listed with their reason in ``skipped.tsv``; cut or damaged ones are indexed as far as they go and
    listed in ``partly_read.tsv``.

    Artist, title, album and other tags in the files are kept. Where only they changed, or a file was moved, nothing is
    embedded anew. An album in one file with a cue sheet beside or inside it becomes its tracks; a book, its
    chapters. Ctrl+C says what is kept.

    Args:
        sources: Folders of audio, tables of tracks (``tracks.tsv``) or audio files. A folder's own ``tracks.tsv`` gives
            names, artists and tags.
        model: ``open``, the model that comes with the package; the run folder of a joint embedding, such as
            ``outputs/demo/joint/seed0``; a model that ``mwe export`` wrote, as a folder or by its name on the Hugging
            Face Hub; or a tower pair: ``clap:``, ``muq:`` or ``onnx:`` with a folder or a name on the Hub, or
            ``class:`` with the dotted path of a class of your own, whose code is run. By default the model of the
            library, and ``open`` for a new one.
        collection: Reader of a collection to index, such as ``DemoTracks`` or ``JamendoTracks``.
        out: Folder of the library.
        workers: Decoding processes per device.
        devices: Devices to compute on, as Lightning's Trainer takes them.
        nodes: Nodes to compute on.
        accelerator: ``auto``, ``cpu`` or ``gpu``.
        strategy: Strategy for several devices, as Lightning's Trainer takes it.
        dtype: Number format of the matrix. ``float16`` halves its size; cosines keep about three digits.
        max_failed: Largest share of files that may fail; beyond it the command fails.
        thorough: Decode every file whole. By default only the parts that are heard are decoded, which is several times
            faster.

    Examples:
        mwe index ~/Music
        mwe index ~/Music --model outputs/demo/joint/seed0
        mwe index ~/Music --model clap:laion/clap-htsat-unfused
        mwe index album/*.mp3 --out outputs/library --workers 8
    """
    from mwe.audio.predict import Hardware
    from mwe.search.index import index_library, model_of

    hardware = Hardware(workers, devices, nodes, accelerator, strategy)
    report = index_library(
        sources,
        model or model_of(out),
        out,
        collection=collection,
        hardware=hardware,
        dtype=dtype,
        max_failed=max_failed,
        thorough=thorough,
    )
    if report is not None:
        print(f"{report} in {out}\n{report.note}")


def library_ann(library: Path = LIBRARY, recall: Share = 0.95, cells: PositiveInt | None = None) -> None:
    """Build the approximate index of a large library.

    Uses FAISS, and prints the measured recall. Then `mwe search --approximate true` uses the index.

    Args:
        library: Folder of the library.
        recall: Recall@10 against exact search to reach, on tracks and on tags as queries.
        cells: Number of cells of the space; by default 4 times the square root of the number of tracks.

    Examples:
        mwe library ann --library outputs/library
        mwe library ann --library outputs/library --recall 0.99
    """
    from mwe.search.ann import build_ann
    from mwe.search.layout import Declaration
    from mwe.search.library import Library
    from mwe.search.lock import only_writer

    Declaration.read(library)  # where there is no library there is nothing to lock
    with only_writer(library):
        opened = Library(library)
        prototype_TD, known_T = opened.prototypes
        report = build_ann(library, prototype_TD[known_T], recall, cells)
    print(f"{len(opened):,} tracks in {report}")
    if min(report.recall_tracks, report.recall_words) < recall:
        sys.exit(f"mwe library ann: the recall of {recall} was not reached")


def library_export(
    out: str,
    /,
    library: Path = LIBRARY,
    to: Literal["parquet", "arrow", "qdrant"] = "parquet",
    collection: str = "tracks",
) -> None:
    """Export a library to Parquet, Arrow or Qdrant.

    Args:
        out: File to write; for Qdrant the address of a server, or a folder for its local mode.
        library: Folder of the library.
        to: ``parquet``, ``arrow`` or ``qdrant``.
        collection: Name of Qdrant's collection; an existing one is replaced.

    Examples:
        mwe library export tracks.parquet
        mwe library export http://localhost:6333 --to qdrant --collection music
    """
    from mwe.search.library import Library
    from mwe.search.library_export import QDRANT, export_file, export_qdrant

    opened = Library(library)
    if to == "qdrant":
        clients = require_extra(*QDRANT)
        client = clients.QdrantClient(url=out) if "://" in out else clients.QdrantClient(path=out)
        export_qdrant(opened, client, collection)
        client.close()
    else:
        export_file(opened, Path(out), to)
    print(f"{len(opened):,} tracks of embedding space {opened.space} in {out}")


def export(run: Path, out: Path, /, licence: str | None = None, onnx: bool = False) -> None:
    """Export a trained model to share.

    Writes safetensors, configuration, words, tags and a model card. Loading them runs no code. ``mwe index --model
    OUT`` and ``JointEmbedding.from_pretrained`` take the folder in place of the run.

    Args:
        run: Run folder of a joint embedding, such as ``outputs/demo/joint/seed0``.
        out: Folder to write; upload it to the Hugging Face Hub as it is.
        licence: Licence of the weights, such as ``cc-by-4.0``. Without one the card says that it is not stated.
        onnx: Whether to write the audio tower as an ONNX graph too. It is compared with the model first.

    Examples:
        mwe export outputs/demo/joint/seed0 outputs/shared
        mwe export outputs/demo/joint/seed0 outputs/shared --licence cc-by-4.0 --onnx true
    """
    from mwe.search.model_export import export_run
    from mwe.search.onnx_tower import TOWER, export_tower

    trained = export_run(run, out, licence)
    print(f"{trained.model.row_width()} dimensions, embedding space {trained.space} in {out}")
    if licence is None:
        print(f"licence of the weights: not stated. Set it with --licence, or in {out / 'README.md'}.")
    if onnx:
        difference = export_tower(trained, out / TOWER)
        print(f"{out / TOWER}: at most {difference:.1e} from the model")
