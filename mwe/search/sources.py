"""Sources to index: folders of audio, tables of tracks, single files, collections."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mwe.audio.cue_sheet import WHOLE, Span
from mwe.audio.file_tags import FileTags
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import readable_name
from mwe.search.cue_tracks import CueSheets, tags_of_part
from mwe.tracks import FolderTracks, TrackReader, TrackTags

# includes videos, for their sound, and unreadable formats, so that such files are reported
AUDIO = frozenset(
    {
        *(".wav", ".wave", ".flac", ".ogg", ".oga", ".ogx", ".opus", ".spx", ".mp3", ".mp2", ".mp1", ".mpga", ".m4a"),
        *(".m4b", ".m4p", ".m4r", ".aac", ".adts", ".wma", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64"),
        *(".rf64", ".ape", ".wv", ".mpc", ".mp+", ".mpp", ".tta", ".tak", ".dsf", ".dff", ".mka", ".weba", ".ac3"),
        *(".eac3", ".ec3", ".dts", ".thd", ".mlp", ".amr", ".ra", ".rm", ".voc", ".ofr", ".3ga"),
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
        *(".vob", ".flv", ".f4v", ".3gp", ".3g2", ".ogv", ".rmvb"),
    }
)
TABLE = "tracks.tsv"


class Item(NamedTuple):
    """A track to index.

    Attributes:
        track_id: Its ID in the library.
        artist_id: Its artist; empty if unknown.
        path: Audio file.
        tags: Names of its tags.
        part: Part of the file that it is; None for the whole.
        known_tags: Its tags as another program has them, such as title and artist; None if those in its file count.
    """

    track_id: str
    artist_id: str
    path: Path
    tags: tuple[str, ...]
    part: Span | None = None
    known_tags: FileTags | None = None

    @property
    def span(self) -> tuple[float, float]:
        """Begin and end in the file in seconds."""
        return WHOLE if self.part is None else self.part.seconds

    def named(self, file_tags: FileTags) -> FileTags:
        """Return the tags that the library keeps: those of the file, of its cue sheet or of another program."""
        if self.known_tags is not None:
            return self.known_tags._replace(cover_bytes=file_tags.cover_bytes)
        return file_tags if self.part is None else tags_of_part(self.part, file_tags)


class Listing(NamedTuple):
    """The tracks of all sources.

    Attributes:
        items: All tracks, without repeats.
        groups: Group of each tag listed in a ``tags.tsv``.
        broken_sheets: Message about each cue sheet that cannot be used.
    """

    items: list[Item]
    groups: dict[str, str]
    broken_sheets: Sequence[str] = ()


def list_sources(sources: Sequence[Path], collection: TrackReader | None = None) -> Listing:
    """List the tracks of a collection, of folders and of tables, in order.

    A table is a ``tracks.tsv`` in the format that ``mwe data show --help`` describes. A folder gives every audio file
    below it, with its relative path as ID; a ``tracks.tsv`` in the folder gives IDs, artists and tags. An album
    in one file with a cue sheet beside or inside it gives its tracks, as a book in one file gives its chapters.

    Raises:
        MissingDataError: There is no source, or a source is missing or has no audio files.
        BadFileError: A track is listed twice.
    """
    if not sources and collection is None:
        raise MissingDataError("nothing to index. Name folders of audio, tables of tracks or audio files.")
    items: dict[str, Item] = {}
    groups: dict[str, str] = {}
    sheets = CueSheets()
    listed = [(source, _items(Path(os.path.abspath(source)), groups, sheets)) for source in sources]
    if collection is not None:
        tracks = collection.read()
        listed.insert(0, (Path(tracks.name), _of_tracks(tracks, groups)))
    for source, items_of_source in listed:
        for item in items_of_source:
            if item.track_id in items:
                message = f"track {item.track_id!r} is listed twice ({items[item.track_id].path} and {item.path})"
                raise BadFileError(source, message, "Give every track a unique ID, or index it into another library.")
            items[item.track_id] = item
    return Listing(list(items.values()), groups, sheets.broken)


def _items(source: Path, groups: dict[str, str], sheets: CueSheets) -> Iterator[Item]:
    if source.is_dir():
        listed = list(_of_table(source / TABLE, groups)) if (source / TABLE).is_file() else []
        known = {item.path.resolve() for item in listed}
        unlisted = [item for item in _of_folder(source, sheets) if item.path.resolve() not in known]
        if not listed and not unlisted:
            raise MissingDataError(f"no audio files below {source} (looked for {' '.join(sorted(AUDIO))})")
        yield from [*listed, *unlisted]
    elif source.is_file() and source.suffix.lower() in (".tsv", ".csv"):
        yield from _of_table(source, groups)
    elif source.is_file():
        yield from _of_file(source, source.name, sheets)
    else:
        raise MissingDataError(f"{source} not found. Name a folder of audio files, a tracks.tsv or an audio file.")


def _of_table(path: Path, groups: dict[str, str]) -> Iterator[Item]:
    yield from _of_tracks(FolderTracks(str(path.parent), path.name).read(), groups)


def _of_tracks(tracks: TrackTags, groups: dict[str, str]) -> Iterator[Item]:
    if not tracks.audio:
        raise MissingDataError(f"{tracks.name} has no audio files to index")
    groups.update(zip(tracks.tags, tracks.groups, strict=True))
    rows = zip(tracks.track_ids, tracks.artist_ids, tracks.audio, strict=True)
    for row, (track_id, artist_id, audio) in enumerate(rows):
        yield Item(track_id, artist_id, Path(os.path.abspath(audio)), tuple(tracks.of_track(row)))


def _of_folder(folder: Path, sheets: CueSheets) -> Iterator[Item]:
    for path in audio_files(folder):
        yield from _of_file(path, path.relative_to(folder).as_posix(), sheets)


def _of_file(path: Path, name: str, sheets: CueSheets) -> Iterator[Item]:
    """Yield a file, or its tracks if it is an album."""
    # a name that is not Unicode is made readable; the file is opened by its real name
    track_id, parts = readable_name(name), sheets.spans(path)
    if not parts:
        yield Item(track_id, "", path, ())
    for number, part in enumerate(parts, 1):
        yield Item(f"{track_id}#{number:02}", "", path, (), part)


def audio_files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder with an audio or video suffix, in order, except hidden files."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in AUDIO and not hidden and path.is_file():
            yield path
