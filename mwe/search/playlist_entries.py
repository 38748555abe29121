"""Playlists as seeds: the entries of M3U, M3U8 and XSPF files, and which tracks of a library they are.

Shape suffixes: D dimensions.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.files import readable_name
from mwe.search.meaning import Meaning
from mwe.search.metadata import metadata_of
from mwe.search.playlist_files import VLC, XSPF
from mwe.search.store import LibraryStore
from mwe.search.tag_table import unit_rows

READ = (".m3u", ".m3u8", ".xspf")
REMEDY = "Give a playlist in M3U, M3U8 or XSPF."
MAX_BYTES = 64 * 1024 * 1024
NAMED = 10  # unknown entries that a note names

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DRIVE = re.compile(r"/([A-Za-z]:/)")
_START = re.compile(r"(?:#EXTVLCOPT:)?start-time=(\d+(?:\.\d+)?)\s*")
_SAME_START = 1.0  # seconds between a part and its entry


class PlaylistEntry(NamedTuple):
    """An entry of a playlist.

    Attributes:
        name: What the playlist says.
        path: The file that it means; None for what is no file, such as a radio station.
        start: Where it begins in its file, in seconds; None if the playlist does not say.
    """

    name: str
    path: str | None
    start: float | None = None


class ListedTracks(NamedTuple):
    """The entries of a playlist in a library.

    Attributes:
        rows: Rows of the tracks, in the order of the playlist, without repeats.
        entries: Number of entries.
        unknown: Entries that the library does not have.
    """

    rows: tuple[int, ...]
    entries: int
    unknown: tuple[str, ...]

    def note(self, name: str) -> str:
        """Return a note on the unknown entries; empty if all are known.

        Examples:
            >>> ListedTracks((0,), 2, ("rain.mp3",)).note("old.m3u8")
            'old.m3u8: 1 of 2 entries not in the library: rain.mp3'
        """
        if not self.unknown:
            return ""
        named = ", ".join(self.unknown[:NAMED])
        more = f" and {len(self.unknown) - NAMED:,} more" if len(self.unknown) > NAMED else ""
        return f"{name}: {len(self.unknown):,} of {self.entries:,} entries not in the library: {named}{more}"


def meaning_of_playlist(store: LibraryStore, path: Path) -> Meaning:
    """Return the mean of the sound of a playlist's tracks.

    Raises:
        BadFileError: The playlist cannot be read, or the library has none of its tracks.
        MissingDataError: There is no such file.
    """
    listed = listed_tracks(store, path)
    if not listed.rows:
        problem = listed.note(path.name).partition(": ")[2] or "no entries"
        raise BadFileError(path, problem, "Index these files, or give another playlist.")
    vector_D = unit_rows(store.vectors(list(listed.rows)).mean(axis=0)[None])[0]
    count = len(listed.rows)
    understood = f"playlist {path.name} (the sound of {count:,} track{'s' if count > 1 else ''})"
    notes = (listed.note(path.name),) if listed.unknown else ()
    return Meaning(vector_D, listed.rows, understood, notes, sound=True)


def listed_tracks(store: LibraryStore, path: Path) -> ListedTracks:
    """Return which tracks of a library a playlist lists.

    An entry is a track by its path; else by the end of its path, if only one track of the library ends like it. So a
    playlist is understood that was written on another system, or before the files moved. An entry for a whole file
    that a cue sheet divides is all its tracks.

    Raises:
        BadFileError: The file is not a playlist in a known format.
        MissingDataError: There is no such file.
    """
    entries = read_entries(path)
    paths = store.column("path").to_pylist()
    rows_of_path, rows_of_name = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for row, known in enumerate(paths):
        rows_of_path[known].append(row)
        rows_of_name[_plain(known)[-1]].append(row)
    rows: dict[int, None] = {}
    unknown = []
    for entry in entries:
        matched = _rows_of_entry(store, entry, rows_of_path, rows_of_name, paths)
        rows.update(dict.fromkeys(matched))
        unknown += [] if matched else [" ".join(entry.name.split())]
    return ListedTracks(tuple(rows), len(entries), tuple(unknown))


def read_entries(path: Path) -> list[PlaylistEntry]:
    """Return the entries of a playlist.

    Raises:
        BadFileError: The file is not a playlist in a known format.
        MissingDataError: There is no such file.
    """
    if path.suffix.lower() not in READ:
        raise BadFileError(path, f"{path.suffix or 'no suffix'}, not a playlist that is read", REMEDY)
    if not path.is_file():
        raise MissingDataError(f"{path} not found. {REMEDY}")
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadFileError(path, f"more than {MAX_BYTES:,} bytes, not a playlist", REMEDY)
    folder = Path(os.path.abspath(path)).parent
    return list(_of_xspf(path, content, folder) if path.suffix.lower() == ".xspf" else _of_m3u(path, content, folder))


def _of_m3u(path: Path, content: bytes, folder: Path) -> Iterator[PlaylistEntry]:
    if b"\0" in content:
        raise BadFileError(path, "not text, so not a playlist", REMEDY)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # of older players
    start = None
    for line in re.split(r"[\r\n]+", text):
        line = line.strip()
        if matched := _START.fullmatch(line):
            start = float(matched[1])
        if line and not line.startswith("#"):
            yield PlaylistEntry(line, _file_of(line, folder, encoded=False), start)
            start = None


def _of_xspf(path: Path, content: bytes, folder: Path) -> Iterator[PlaylistEntry]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BadFileError(path, "it declares entities, which no playlist needs", REMEDY)
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadFileError(path, f"not XML ({error})", REMEDY) from error
    if root.tag != f"{{{XSPF}}}playlist":
        raise BadFileError(path, f"XML of {root.tag[:80]}, not an XSPF playlist", REMEDY)
    for number, track in enumerate(root.iter(f"{{{XSPF}}}track"), 1):
        location = (track.findtext(f"{{{XSPF}}}location") or "").strip()
        options = [_START.fullmatch(option.text or "") for option in track.iter(f"{{{VLC}}}option")]
        start = next((float(option[1]) for option in options if option), None)
        title = track.findtext(f"{{{XSPF}}}title") or f"track {number}"
        yield PlaylistEntry(location or title, _file_of(location, folder, encoded=True) if location else None, start)


def _file_of(text: str, folder: Path, encoded: bool) -> str | None:
    """Return the path that an entry means.

    Args:
        text: Path or address.
        folder: Folder of the playlist.
        encoded: Whether relative addresses are percent-encoded.
    """
    scheme = _ADDRESS.match(text)
    if scheme and scheme[1].lower() != "file":
        return None
    if scheme:
        text = "/" + text[scheme.end() :].partition("/")[2]
    if scheme or encoded:
        text = readable_name(os.fsdecode(unquote_to_bytes(text.encode("utf-8", "replace"))))
        text = text[1:] if _DRIVE.match(text) else text
    if "\0" in text:
        return None  # no system has such a name
    return text if _is_absolute(text) else os.path.normpath(folder / text)


def _is_absolute(path: str) -> bool:
    """Return whether a path is absolute on this system or another."""
    return os.path.isabs(path) or bool(re.match(r"[A-Za-z]:[\\/]|\\\\", path))


def _plain(path: str) -> list[str]:
    """Return the parts of a path, comparable between systems."""
    return unicodedata.normalize("NFC", path).casefold().replace("\\", "/").split("/")


def _rows_of_entry(
    store: LibraryStore,
    entry: PlaylistEntry,
    rows_of_path: dict[str, list[int]],
    rows_of_name: dict[str, list[int]],
    paths: list[str],
) -> list[int]:
    if entry.path is None:
        return []
    rows = rows_of_path.get(entry.path) or rows_of_path.get(os.path.realpath(entry.path)) or []
    if not rows:
        parts = _plain(entry.path)
        alike = {row: _common(parts, _plain(paths[row])) for row in rows_of_name.get(parts[-1], [])}
        longest = max(alike.values(), default=0)
        rows = [row for row, length in alike.items() if length == longest]
        if len({paths[row] for row in rows}) > 1:
            return []
    if entry.start is None or len(rows) == 1 or store.metadata is None:
        return rows
    starts = [metadata_of(store.metadata.row(row)).span[0] for row in rows]
    return [row for row, start in zip(rows, starts, strict=True) if abs(start - entry.start) < _SAME_START]


def _common(parts: list[str], others: list[str]) -> int:
    """Return how many parts two paths have in common at their ends."""
    pairs = zip(reversed(parts), reversed(others), strict=False)
    return next((number for number, (part, other) in enumerate(pairs) if part != other), min(len(parts), len(others)))
