"""What ``beet mwe`` does: index, search, similar, playlist, tag."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from beets.library import Item
from beets.library import Library as BeetsLibrary
from beets.ui import print_

from mwe.beets.items import AnsweredItems, IndexedRows, indexed_rows, mask_of, path_of, sources_to_index, track_id_of
from mwe.beets.settings import Settings
from mwe.core.errors import BadRequestError
from mwe.search import Filters, Library
from mwe.search.asked import Asked, ask
from mwe.search.grammar import Term

TAGS = "mwe_tags"
SCORE = "mwe_score"


@dataclass(frozen=True)
class Actions:
    """The commands, on a library of beets and a library of vectors.

    Args:
        settings: The section of the configuration.
        log: Where notes go.
    """

    settings: Settings
    log: logging.Logger

    def index(self, beets: BeetsLibrary, options: Any, query: Sequence[str]) -> None:
        """Index the items that match a query; those indexed before stay while beets has them."""
        from mwe.audio.predict import Hardware
        from mwe.search.index import IndexSettings, index_listing, model_of
        from mwe.search.layout import DECLARATION
        from mwe.search.sources import Listing
        from mwe.search.store import LibraryStore

        chosen = _matching(beets, query)
        out = self.settings.library
        known = LibraryStore(out).column("track_id").to_pylist() if (out / DECLARATION).is_file() else []
        listing = Listing(list(sources_to_index(beets, chosen, known)), {})
        settings = IndexSettings(Hardware(self.settings.workers))
        report = index_listing(listing, self.settings.model or model_of(out), out, settings)
        print_(f"{report} in {out}\n{report.note if report else ''}".rstrip())

    def search(self, beets: BeetsLibrary, options: Any, words: Sequence[str]) -> None:
        """Print the items nearest to a query in words."""
        library = self.settings.opened()
        asked = ask(library.store, " ".join(words), Filters())
        for weight, term in asked.understood:
            self.log.debug(f"{weight:+g} {term}")
        self._print_nearest(beets, library, asked, options)

    def similar(self, beets: BeetsLibrary, options: Any, query: Sequence[str]) -> None:
        """Print the items whose sound is nearest to that of the items that match a query."""
        library = self.settings.opened()
        indexed = self._indexed(library, _matching(beets, query, needed=True))
        self._print_nearest(beets, library, ask(library.store, _terms(indexed.items), Filters()), options)

    def playlist(self, beets: BeetsLibrary, options: Any, words: Sequence[str]) -> None:
        """Write a playlist in M3U8, or print it."""
        from mwe.core.files import write_text
        from mwe.search.playlist import make_playlist
        from mwe.search.playlist_files import playlist_text
        from mwe.search.playlist_request import PlaylistRequest

        library = self.settings.opened()
        liked = self._indexed(library, _matching(beets, options.like, needed=True)).items if options.like else []
        start, end = (self._end_of_path(beets, library, query) for query in (options.start, options.end))
        query = " + ".join([*([" ".join(words)] if words else []), *map(str, _terms(liked))])
        made = make_playlist(library, PlaylistRequest(query, start, end, options.number, options.minutes))
        answered = AnsweredItems(beets, library)
        tracks = []
        for track in made.tracks:
            row = library.row_of(track.hit.track_id)
            assert row is not None
            if (item := answered.item(row)) is not None:
                tracks.append(track._replace(path=str(path_of(item))))  # it may have moved since
        out = Path(options.out).expanduser() if options.out else None
        text = playlist_text("m3u8", tracks, out.parent if out and options.relative else None)
        if out is None:
            print_(text.rstrip("\n"))
        else:
            write_text(out, text)
            print_(f"{len(tracks):,} tracks, {sum(track.seconds for track in tracks) / 60:.1f} minutes in {out}")
        self._note(*made.notes, answered.note)

    def tag(self, beets: BeetsLibrary, options: Any, query: Sequence[str]) -> None:
        """Show heard tags of items; with ``--write``, keep them in the database of beets."""
        library = self.settings.opened()
        if np.isnan(library.tags.slope).all():
            message = "the library has no calibrated tags, so nothing tells which are heard"
            raise BadRequestError(f"{message}. Index it with a model that has, such as `open`.")
        indexed = self._indexed(library, _matching(beets, query, needed=True))
        changed = 0
        for item, row in zip(indexed.items, indexed.rows, strict=True):
            heard, former = self._heard(library, row), list(item.get(TAGS) or ())
            if heard == former:
                continue
            changed += 1
            print_(f"{format(item)}: {'; '.join(former) or '-'} -> {'; '.join(heard) or '-'}")
            if options.write:
                item[TAGS] = heard
                item.store()
        print_(f"{len(indexed.items):,} items: {changed:,} {'written' if options.write else 'to write'}")
        if changed and not options.write:
            self._note(f"nothing was written; --write keeps them in beets' database as {TAGS}")

    def _heard(self, library: Library, row: int) -> list[str]:
        """Return the likeliest tags of a track, at most as many as the settings say."""
        scores = library.tags_of_vector(library.vectors([row])[0], len(library.tags))
        likely = [score for score in scores if (score.probability or 0) >= self.settings.least]
        return [
            score.tag for score in sorted(likely, key=lambda score: (-score.score, score.tag))[: self.settings.tags]
        ]

    def _print_nearest(self, beets: BeetsLibrary, library: Library, asked: Asked, options: Any) -> None:
        """Print the items nearest to what is asked, in the format of beets, with their likeness as ``$mwe_score``."""
        if options.among:
            rows = self._indexed(library, _matching(beets, options.among, needed=True)).rows
            mask_N = mask_of(library, rows)
            asked = asked._replace(allowed_N=mask_N if asked.allowed_N is None else asked.allowed_N & mask_N)
        answered = AnsweredItems(beets, library)
        for hit in library.answer(asked, options.number or self.settings.number).hits:
            row = library.row_of(hit.track_id)
            assert row is not None
            if (item := answered.item(row)) is not None:
                item[SCORE] = "" if hit.score is None else f"{hit.score:.3f}"  # shown, never stored
                print_(format(item))
        self._note(*asked.notes, answered.note)

    def _indexed(self, library: Library, items: Sequence[Item]) -> IndexedRows:
        """Return the rows of items.

        Raises:
            BadRequestError: None of them is indexed.
        """
        indexed = indexed_rows(library, items)
        if not indexed.items:
            raise BadRequestError(f"none of {len(items):,} items is indexed. Run `beet mwe index`.")
        self._note(indexed.note)
        return indexed

    def _end_of_path(self, beets: BeetsLibrary, library: Library, query: str | None) -> str | None:
        """Return the query for the first or last track of a path, the first item that matches; None if not wanted."""
        if query is None:
            return None
        return f"track:{track_id_of(self._indexed(library, _matching(beets, query, needed=True)).items[0])}"

    def _note(self, *notes: str) -> None:
        for note in filter(None, notes):
            self.log.warning(note)


def _matching(beets: BeetsLibrary, query: str | Sequence[str], needed: bool = False) -> list[Item]:
    """Return the items that match a query of beets.

    Raises:
        BadRequestError: There is none, or an empty query where one is needed.
    """
    if needed and not query:
        raise BadRequestError("no query: name items as `beet ls` takes them, such as `artist:beatles`")
    items = list(beets.items(query))
    if not items:
        named = query if isinstance(query, str) else " ".join(query)
        raise BadRequestError(f"no item of beets matches {named!r}" if query else "beets has no items to index")
    return items


def _terms(items: Sequence[Item]) -> list[Term]:
    return [Term("track", track_id_of(item)) for item in items]
