"""What is to be indexed: a folder of audio, or a table of tracks."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mwe.audio.clips import readable_name
from mwe.core.errors import BadFileError, MissingDataError
from mwe.tracks import FolderTracks, TrackReader, TrackTags

# also what libsndfile cannot read, so that such files are reported and not passed over in silence
AUDIO = frozenset(
    {
        *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"),
        *(".w64", ".rf64", ".m4a", ".aac", ".wma", ".ape", ".wv", ".mpc"),
    }
)
TABLE = "tracks.tsv"


class Item(NamedTuple):
    """A track to be indexed.

    Attributes:
        track_id: Its name in the library.
        artist_id: Its artist; empty where unknown.
        path: Audio file.
        tags: Names of its tags.
    """

    track_id: str
    artist_id: str
    path: Path
    tags: tuple[str, ...]


class Listing(NamedTuple):
    """The tracks of all sources.

    Attributes:
        items: Every track once.
        groups: Group of each tag that a ``tags.tsv`` lists.
    """

    items: list[Item]
    groups: dict[str, str]


def list_sources(sources: Sequence[Path], collection: TrackReader | None = None) -> Listing:
    """Tracks of a collection, of folders and of tables, in order.

    A table is a ``tracks.tsv`` as ``mwe data --help`` describes it. Of a folder every audio file below it is taken,
    under its path in the folder; where a ``tracks.tsv`` stands in the folder, it gives names, artists and tags.

    Raises:
        MissingDataError: There is no source, or one is not there or has no audio files.
        BadFileError: A track is listed twice.
    """
    if not sources and collection is None:
        raise MissingDataError("nothing to index. Name folders of audio, tables of tracks or audio files.")
    items: dict[str, Item] = {}
    groups: dict[str, str] = {}
    listed = [(source, _items(Path(os.path.abspath(source)), groups)) for source in sources]
    if collection is not None:
        tracks = collection.read()
        listed.insert(0, (Path(tracks.name), _of_tracks(tracks, groups)))
    for source, found in listed:
        for item in found:
            if item.track_id in items:
                what = f"track {item.track_id!r} is listed twice ({items[item.track_id].path} and {item.path})"
                raise BadFileError(source, what, "Give every track its own name, or make another library of it.")
            items[item.track_id] = item
    return Listing(list(items.values()), groups)


def _items(source: Path, groups: dict[str, str]) -> Iterator[Item]:
    if source.is_dir():
        listed = list(_of_table(source / TABLE, groups)) if (source / TABLE).is_file() else []
        known = {item.path.resolve() for item in listed}
        found = [item for item in _of_folder(source) if item.path.resolve() not in known]
        if not listed and not found:
            raise MissingDataError(f"no audio files below {source} (looked for {' '.join(sorted(AUDIO))})")
        yield from [*listed, *found]
    elif source.is_file() and source.suffix.lower() in (".tsv", ".csv"):
        yield from _of_table(source, groups)
    elif source.is_file():
        yield Item(readable_name(source.name), "", source, ())
    else:
        raise MissingDataError(f"{source} not found. Name a folder of audio files, a tracks.tsv or an audio file.")


def _of_table(path: Path, groups: dict[str, str]) -> Iterator[Item]:
    yield from _of_tracks(FolderTracks(str(path.parent), path.name).read(), groups)


def _of_tracks(tracks: TrackTags, groups: dict[str, str]) -> Iterator[Item]:
    if not tracks.audio:
        raise MissingDataError(f"{tracks.name} has no audio files to index")
    groups.update(zip(tracks.tags, tracks.groups, strict=True))
    named = zip(tracks.track_ids, tracks.artist_ids, tracks.audio, strict=True)
    for row, (track_id, artist_id, audio) in enumerate(named):
        yield Item(track_id, artist_id, Path(os.path.abspath(audio)), tuple(tracks.of_track(row)))


def _of_folder(folder: Path) -> Iterator[Item]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in AUDIO and not hidden and path.is_file():
            # a name that is no Unicode text is kept readable, and the file is opened by its real name
            name = readable_name(path.relative_to(folder).as_posix())
            yield Item(name, "", path, ())
