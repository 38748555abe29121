"""Indexing of audio files into a new or existing library; only new and changed files are embedded."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pytorch_lightning.utilities import rank_zero_only

from mwe.audio import ffmpeg
from mwe.audio.file_tags import FileTags
from mwe.audio.predict import Hardware, Track, telling_what_is_kept, unfinished
from mwe.audio.shards import OK
from mwe.audio.tag_reader import tags_if_readable
from mwe.core.errors import MissingDataError
from mwe.core.outcomes import outcome_text, require_few_failed
from mwe.core.progress import track
from mwe.joint.pretrained import OPEN
from mwe.search.ann import AnnReport, build_ann
from mwe.search.assemble import assemble, partly_read
from mwe.search.cue_tracks import broken_note
from mwe.search.embedding_job import predict_files
from mwe.search.embedding_parts import Parts, PartSettings
from mwe.search.known_sounds import KnownSounds
from mwe.search.known_tracks import Known
from mwe.search.layout import DECLARATION, Declaration
from mwe.search.library_model import LibraryModel, library_model
from mwe.search.lock import only_writer
from mwe.search.metadata import metadata_of
from mwe.search.model_texts import texts_of
from mwe.search.partly_read import PartlyRead, named, partly_read_file, read_partly_read
from mwe.search.skipped_tracks import read_skipped, skipped_file
from mwe.search.sources import Item, Listing, list_sources
from mwe.search.store import LibraryStore
from mwe.tower_pairs.names import require_consent
from mwe.tracks import TrackReader

PARTS = "parts"


class IndexReport(NamedTuple):
    """Outcomes of the tracks of the sources.

    Attributes:
        ok: Number of tracks in the library whose files are complete.
        partly_read: Number of tracks in the library whose files are damaged or truncated, by condition.
        skipped: Number of tracks that could not be embedded, by reason.
        reused: Number of tracks whose files have not changed since an earlier run.
        removed: Number of tracks of the former library that the sources no longer have.
        recognised: Number of new or changed files whose sound the library had, under this name or another.
        table: Path of the table of skipped tracks and reasons.
        note: Note about the tag scores, and about an approximate index.
    """

    ok: int
    partly_read: dict[str, int]
    skipped: dict[str, int]
    reused: int
    removed: int
    recognised: int
    table: Path
    note: str

    def __str__(self) -> str:
        text = outcome_text(self.ok, self.skipped, self.table)
        if self.partly_read:
            conditions = ", ".join(f"{condition} x {count:,}" for condition, count in sorted(self.partly_read.items()))
            total = sum(self.partly_read.values())
            text += f"; {total:,} read in part: {conditions} -> {partly_read_file(self.table.parent)}"
        more = [f"{self.reused:,} unchanged since an earlier run"] if self.reused else []
        more += [f"{self.removed:,} removed"] if self.removed else []
        more += [f"{self.recognised:,} with the sound of an earlier run"] if self.recognised else []
        return text + (f" ({', '.join(more)})" if more else "")


class IndexSettings(NamedTuple):
    """How a library is indexed.

    Attributes:
        hardware: Hardware of the job.
        dtype: Type of the matrix.
        part_files: Number of files after which embeddings are written to disk.
        max_failed: Largest share of files that cannot be embedded.
        thorough: Whether to decode whole files.
    """

    hardware: Hardware = Hardware()
    dtype: Literal["float32", "float16"] = "float32"
    part_files: int = 256
    max_failed: float = 0.5
    thorough: bool = False


def model_of(library: Path) -> str:
    """Return the model of a library; for a new library the one that comes with the package.

    Raises:
        BadFileError: It is a class of somebody's own that the user has not allowed.
    """
    if not (library / DECLARATION).is_file():
        return OPEN
    name = Declaration.read(library).run
    require_consent(name, library / DECLARATION)
    return name


def index_library(
    sources: Sequence[Path],
    model: str | Path,
    out: Path,
    *,
    collection: TrackReader | None = None,
    hardware: Hardware = Hardware(),  # noqa: B008 - immutable
    dtype: Literal["float32", "float16"] = "float32",
    part_files: int = 256,
    max_failed: float = 0.5,
    thorough: bool = False,
) -> IndexReport | None:
    """Embed the audio files of several sources into a library.

    Files with a size and modification time known to the library are not read again, whether readable or not. Of
    changed, moved and renamed files with a known sound only the tags are renewed; their excerpts are read to recognise
    it. A stopped job loses at most the files since its last part. The current edition stays complete until the new one
    is.

    Args:
        sources: Folders, tables of tracks or single files; the library will contain only these.
        model: The model; see ``library_model``.
        out: Folder of the library.
        collection: A collection to index in addition to the sources.
        hardware: Hardware of the job.
        dtype: Type of the matrix; ``float16`` has half the size and about three digits of a cosine.
        part_files: Number of files after which embeddings are written to disk.
        max_failed: Largest share of files that cannot be embedded; more suggests wrong sources.
        thorough: Whether to decode whole files instead of only the packets of their excerpts: several times slower,
            but finds damage anywhere in a file.

    Returns:
        Outcomes of the tracks; None on processes other than the first.

    Raises:
        BadFileError: Too many files cannot be embedded (the others are in the library), a track is listed twice, or
            another job is writing into the library.
        MissingDataError: A source is missing or has no audio, or the run is incomplete.
        StaleArtefactError: The library is of another embedding space.
    """
    settings = IndexSettings(hardware, dtype, part_files, max_failed, thorough)
    return index_listing(list_sources(sources, collection), model, out, settings)


def index_listing(listing: Listing, model: str | Path, out: Path, settings: IndexSettings) -> IndexReport | None:
    """Embed listed tracks into a library; see ``index_library``."""
    trained = library_model(model)
    texts = texts_of(trained)
    texts.require_usable(Declaration.read(out).words_from if (out / DECLARATION).is_file() else "")

    def kept() -> int:
        return len(listing.items) - len(_pending(listing.items, _known(out, trained)))

    with only_writer(out), telling_what_is_kept(kept):
        known = _known(out, trained)
        pending = _pending(listing.items, known)
        spans = {item.track_id: item.span for item in listing.items if item.part is not None}
        if pending:
            first, size = known.parts.next_number, settings.part_files
            parts = PartSettings(out / PARTS, trained.space, trained.dim, first, size)
            sounds, thorough = KnownSounds.of(known.library), settings.thorough
            predict_files(trained, pending, settings.hardware, parts, thorough=thorough, sounds=sounds, spans=spans)
        if rank_zero_only.rank != 0:  # type: ignore[attr-defined]
            return None
        known = _known(out, trained)
        retagged = _read_missing_tags(listing.items, known)
        approximate = None if known.library is None else AnnReport.read(out, known.library.declared)
        _name_tracks(listing.items, known)
        note = assemble(out, listing, trained, texts, known, settings.dtype) + retagged
        note += f"\n{broken}" if (broken := broken_note(listing.broken_sheets)) else ""
        in_part = partly_read(listing.items, known)
        note += f"\n{truncated}" if (truncated := named(in_part)) else ""
        known.parts.remove()
        if approximate is not None:
            note = f"{note}{_renewed(out, approximate)}"
    reused = len(listing.items) - len(pending)
    return _report(out, listing.items, known, in_part, reused, note, settings.max_failed)


def _renewed(out: Path, former: AnnReport) -> str:
    """Make the approximate index again with its former settings, if the edition is new; return a note about it."""
    library = LibraryStore(out)
    if not len(library) or AnnReport.read(out, library.declared) is not None:
        return ""
    prototype_TD, known_T = library.prototypes
    try:
        report = build_ann(out, prototype_TD[known_T], former.wanted, former.cells_wanted)
    except MissingDataError as error:
        return f"\nthe approximate index of the former edition was removed: {error}"
    return f"\napproximate index made again: {report}"


def _pending(items: Sequence[Item], known: Known) -> list[Track]:
    """Return the tracks to read: new and changed ones, and parts of files that begin or end elsewhere than before."""
    changed = {track_id for track_id, _ in unfinished([(item.track_id, item.path) for item in items], known.outcome)}
    moved = {
        item.track_id for item in items if known.status(item.track_id) == OK and known.span(item.track_id) != item.span
    }
    return [(item.track_id, item.path) for item in items if item.track_id in changed | moved]


def _name_tracks(items: Sequence[Item], known: Known) -> None:
    """Give tracks the tags of their cue sheets, or of another program, which may have changed."""
    elsewhere = [item for item in items if item.part or item.known_tags]
    embedded = {item.track_id: item for item in elsewhere if known.status(item.track_id) == OK}
    for (track_id, item), row in zip(embedded.items(), known.metadata(list(embedded)).to_pylist(), strict=True):
        tags = metadata_of(row).tags or FileTags()
        named = item.named(tags)
        if named != tags:
            known.read_since[track_id] = named


def _read_missing_tags(items: Sequence[Item], known: Known) -> str:
    """Read tags of files that were embedded by a version, or an installation, that did not; return a note."""
    embedded = [item for item in items if known.status(item.track_id) == OK]
    read = known.metadata([item.track_id for item in embedded])["read"].to_pylist()
    missing = [item for item, done in zip(embedded, read, strict=True) if not done]
    if not missing:
        return ""
    if not ffmpeg.is_installed():
        return "\nartists, titles and other tags of the files are not read: pip install 'mwe[formats]'"
    for item in track(missing, "reading tags", len(missing)):
        tags = tags_if_readable(item.path)
        assert tags is not None
        known.read_since[item.track_id] = tags
    return f"\ntags of {len(missing):,} files read, without embedding them anew"


def _known(out: Path, trained: LibraryModel) -> Known:
    """Return the known outcomes of a library and its unfinished parts."""
    library = LibraryStore(out) if (out / DECLARATION).is_file() else None
    if library is not None:
        library.require_space(trained)
    return Known(library, Parts(out / PARTS, trained.space), read_skipped(out), read_partly_read(out))


def _report(
    out: Path,
    items: Sequence[Item],
    known: Known,
    in_part: Sequence[PartlyRead],
    reused: int,
    note: str,
    max_failed: float,
) -> IndexReport:
    """Count the outcomes, and check the share of failures."""
    counts = Counter(str(known.status(item.track_id)) for item in items)
    sounds = KnownSounds.of(known.library).row_of
    recognised = sum(known.parts.columns["metadata"][index].sound in sounds for index in known.parts.index_of.values())
    removed = len(known.rows.keys() - {item.track_id for item in items})
    ok, conditions = counts.pop(OK, 0) - len(in_part), dict(Counter(track.condition for track in in_part))
    report = IndexReport(ok, conditions, dict(counts), reused, removed, recognised, skipped_file(out), note)
    require_few_failed(report.skipped, len(items), max_failed, report.table, "files cannot be embedded")
    return report
