"""Making a library of audio files, or completing one: only new and changed files are embedded."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pytorch_lightning.utilities import rank_zero_only

from mwe.audio.shards import OK
from mwe.core.errors import MissingDataError
from mwe.core.outcomes import outcome_text, require_few_failed
from mwe.search.ann import AnnReport, build_ann
from mwe.search.assemble import Known, assemble, read_skipped, skipped_file
from mwe.search.embed import Hardware, predict_files
from mwe.search.layout import DECLARATION
from mwe.search.lock import only_writer
from mwe.search.model import TrainedModel
from mwe.search.parts import Parts, PartSettings
from mwe.search.sources import Item, list_sources
from mwe.search.stored import Stored
from mwe.tracks import TrackReader

PARTS = "parts"


class IndexReport(NamedTuple):
    """Outcome for the tracks of the sources.

    Attributes:
        ok: Tracks in the library.
        skipped: Tracks that could not be embedded, by reason.
        reused: Tracks whose files have not changed since an earlier run.
        removed: Tracks of the former library that the sources no longer have.
        table: Every skipped track with its reason.
        note: What the tag scores rest on, and what became of an approximate index.
    """

    ok: int
    skipped: dict[str, int]
    reused: int
    removed: int
    table: Path
    note: str

    def __str__(self) -> str:
        text = outcome_text(self.ok, self.skipped, self.table)
        more = [f"{self.reused:,} unchanged since an earlier run"] if self.reused else []
        more += [f"{self.removed:,} no longer there"] if self.removed else []
        return text + (f" ({', '.join(more)})" if more else "")


def index_library(
    sources: Sequence[Path],
    run: Path,
    out: Path,
    *,
    collection: TrackReader | None = None,
    hardware: Hardware = Hardware(),  # noqa: B008 - immutable
    dtype: Literal["float32", "float16"] = "float32",
    part_files: int = 256,
    max_failed: float = 0.5,
) -> IndexReport | None:
    """Embed the audio files of several sources into a library.

    Files whose size and time of change are known to the library are not read again, whether they could be read or not.
    A stopped job loses at most the parts it was collecting. The library in force stays whole until the new edition is.

    Args:
        sources: Folders, tables of tracks or single files; the library then holds these and nothing else.
        run: Run folder of the model.
        out: Folder of the library.
        collection: A collection to index beside the sources.
        hardware: Where to embed.
        dtype: Of the matrix; half the size and about three digits of a cosine are the price of ``float16``.
        part_files: What is embedded is kept on disk every so many files.
        max_failed: Share of files that cannot be embedded from which on the sources are taken for wrong.

    Returns:
        What became of the tracks; none on processes other than the first.

    Raises:
        BadFileError: Too many files cannot be embedded (the others are in the library), a track is listed twice, or
            another job is writing into the library.
        MissingDataError: A source is not there or has no audio, or the run is not whole.
        StaleArtefactError: The library is of another embedding space.
    """
    listing = list_sources(sources, collection)
    trained = TrainedModel(run)
    trained.require_means()
    with only_writer(out):
        known = _known(out, trained)
        pending = [(item.track_id, item.path) for item in listing.items if not known.current(item.track_id, item.path)]
        if pending:
            settings = PartSettings(out / PARTS, trained.space, trained.dim, known.parts.next_number, part_files)
            predict_files(trained, pending, hardware, settings)
        if rank_zero_only.rank != 0:  # type: ignore[attr-defined]
            return None
        known = _known(out, trained)
        approximate = None if known.library is None else AnnReport.read(out, known.library.declared)
        note = assemble(out, listing, trained, known, dtype)
        known.parts.remove()
        if approximate is not None:
            note = f"{note}{_renewed(out, approximate)}"
    return _report(out, listing.items, known, len(listing.items) - len(pending), note, max_failed)


def _renewed(out: Path, former: AnnReport) -> str:
    """Make the approximate index anew as the former one was asked for, if the edition is another, and tell."""
    library = Stored(out)
    if not len(library) or AnnReport.read(out, library.declared) is not None:
        return ""
    prototype_TD, known_T = library.prototypes
    try:
        report = build_ann(out, prototype_TD[known_T], former.wanted, former.cells_wanted)
    except MissingDataError as error:
        return f"\nthe approximate index was of the former edition and is gone: {error}"
    return f"\napproximate index made anew: {report}"


def _known(out: Path, trained: TrainedModel) -> Known:
    """What a library and its unfinished parts hold."""
    library = Stored(out) if (out / DECLARATION).is_file() else None
    if library is not None:
        library.require_space(trained)
    return Known(library, Parts(out / PARTS, trained.space), read_skipped(out))


def _report(out: Path, items: Sequence[Item], known: Known, reused: int, note: str, max_failed: float) -> IndexReport:
    """Count, and judge."""
    counts = Counter(str(known.status(item.track_id)) for item in items)
    removed = len(known.rows.keys() - {item.track_id for item in items})
    report = IndexReport(counts.pop(OK, 0), dict(counts), reused, removed, skipped_file(out), note)
    require_few_failed(report.skipped, len(items), max_failed, report.table, "files cannot be embedded")
    return report
