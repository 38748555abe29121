"""Items of beets as tracks of a library, and tracks of an answer as items of beets."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from beets.library import Item
from beets.library import Library as BeetsLibrary

from mwe.audio.file_tags import FileTags
from mwe.core.files import readable_name
from mwe.search import Library
from mwe.search.sources import Item as Source

SAME_LENGTH = 1.0  # seconds; a file that moved keeps its length


def source_of(item: Item) -> Source:
    """Return an item as a track to index. Its ID is that of beets, and its tags are those of beets' database."""
    return Source(track_id_of(item), "", path_of(item), (), known_tags=tags_of_item(item))


def track_id_of(item: Item) -> str:
    """Return the ID of an item in a library."""
    return str(item.id)


def path_of(item: Item) -> Path:
    """Return the path of an item, which beets keeps in bytes."""
    return Path(os.path.abspath(os.fsdecode(item.path)))


def tags_of_item(item: Item) -> FileTags:
    """Return the fields of beets' database that a library keeps; beets writes 0 for numbers that it does not know."""
    return FileTags(
        title=_text(item.title),
        artist=_text(item.artist),
        album_artist=_text(item.albumartist),
        album=_text(item.album),
        track=int(item.track) or None,
        disc=int(item.disc) or None,
        year=int(item.original_year) or int(item.year) or None,
        genre=", ".join(_text(genre) for genre in item.genres or ()),
        bpm=float(item.bpm or 0) or None,
        key=_text(item.initial_key),
        musicbrainz_track=_text(item.mb_trackid),
        musicbrainz_album=_text(item.mb_albumid),
        musicbrainz_artist=_text(item.mb_artistid),
        replaygain_track=item.rg_track_gain,
        replaygain_album=item.rg_album_gain,
    )


def _text(value: str | None) -> str:
    """Return a field as one line."""
    return " ".join((value or "").split())


class AnsweredItems:
    """The items of beets behind the tracks of a library.

    beets gives the number of a deleted item to a later one. An item is therefore taken for a track only if its file
    has the name, or else the length, that it had when it was indexed.

    Args:
        beets: The library of beets.
        library: The library of vectors.

    Attributes:
        lost: Number of tracks, among those that were asked for, that beets no longer has.
    """

    def __init__(self, beets: BeetsLibrary, library: Library) -> None:
        self._beets, self._library = beets, library
        self.lost = 0

    def item(self, row: int) -> Item | None:
        """Return the item of a row; None, and counted, if beets no longer has it."""
        track_id = self._library.store.column("track_id")[row].as_py()
        item = self._beets.get_item(int(track_id)) if track_id.isdecimal() else None
        if item is None or not self._is_same(item, row):
            self.lost += 1
            return None
        return item

    def _is_same(self, item: Item, row: int) -> bool:
        column = self._library.store.column
        named = column("path")[row].as_py() == readable_name(path_of(item))
        return bool(named or abs(item.length - column("seconds")[row].as_py()) < SAME_LENGTH)

    @property
    def note(self) -> str:
        """Note on the tracks that beets no longer has; empty if there are none."""
        return f"{self.lost} tracks are no longer in beets; `beet mwe index` takes them out" if self.lost else ""


class IndexedRows(NamedTuple):
    """Rows of some items in a library.

    Attributes:
        items: The items that the library has.
        rows: Their rows.
        missing: Number of items that it does not have.
    """

    items: list[Item]
    rows: list[int]
    missing: int

    @property
    def note(self) -> str:
        """Note on what the library does not have; empty if it has all."""
        return f"{self.missing} items are not indexed; run `beet mwe index`" if self.missing else ""


def indexed_rows(library: Library, items: Iterable[Item]) -> IndexedRows:
    """Return the rows of items in a library."""
    row_of = {track_id: row for row, track_id in enumerate(library.store.column("track_id").to_pylist())}
    pairs = [(item, row_of.get(track_id_of(item))) for item in items]
    indexed = [(item, row) for item, row in pairs if row is not None]
    return IndexedRows([item for item, _ in indexed], [row for _, row in indexed], len(pairs) - len(indexed))


def mask_of(library: Library, rows: Sequence[int]) -> np.ndarray:
    """Return which tracks are among some rows, boolean (N,)."""
    mask_N = np.zeros(len(library), dtype=bool)
    mask_N[list(rows)] = True
    return mask_N


def sources_to_index(beets: BeetsLibrary, chosen: Sequence[Item], indexed: Iterable[str]) -> Iterator[Source]:
    """Yield the chosen items, and then those that are indexed already and still in beets.

    Args:
        beets: The library of beets.
        chosen: Items to index.
        indexed: IDs of the tracks of the library.
    """
    yield from map(source_of, chosen)
    numbers = {item.id for item in chosen}
    for number in sorted(int(track_id) for track_id in indexed if track_id.isdecimal()):
        if number not in numbers and (item := beets.get_item(number)) is not None:
            yield source_of(item)
