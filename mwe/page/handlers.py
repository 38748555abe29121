"""Handlers of queries on the page, which return answers or errors as HTML, independent of browser and Gradio."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import quote

from mwe.audio.decode import read_whole
from mwe.audio.decoder_process import guarded
from mwe.audio.upload_size import require_bounded
from mwe.core.errors import BadFileError, BadRequestError, MissingDataError, StaleArtefactError, UnknownNameError
from mwe.page.markup import Card, answer_html, error_html
from mwe.page.media import PREFIX, cover_address, picture_settings, played_part
from mwe.page.suggest import quoted
from mwe.search import Filters, Library, QueryError
from mwe.search.answers import Answer, Hit
from mwe.search.asked import ask
from mwe.search.grammar import ParsedQuery, Term, parse_query
from mwe.search.reasons import Reason, reasons

LONGEST_QUERY = 500  # letters
TAGS = 5  # per group
ERRORS = (BadRequestError, UnknownNameError, BadFileError, MissingDataError, StaleArtefactError)


class PageQuery(NamedTuple):
    """A query on the page.

    Attributes:
        text: Text in the query box.
        term: Term of the query if it differs from the text: a track, artist, tag or uploaded file.
        play: Whether to play the query track.
    """

    text: str
    term: Term | None = None
    play: bool = False


class Options(NamedTuple):
    """Options of an answer.

    Attributes:
        k: Maximum number of tracks.
        per_artist: Maximum number of tracks of one artist.
        filters: Tags that tracks must or must not have.
    """

    k: int = 10
    per_artist: int | None = None
    filters: Filters = Filters()


class Handlers:
    """Answers for one library, one at a time.

    Args:
        library: The library.
        lock: Held while the library is read, since it is not thread-safe.
    """

    def __init__(self, library: Library, lock: Lock) -> None:
        self.library, self._lock = library, lock

    def query_of(self, event: Mapping[str, Any]) -> PageQuery | None:
        """Return the query of a click: ``tag`` by name, ``track`` and ``artist`` by row; None if there is none.

        A track may also be named by its ``id``.

        Args:
            event: Data from the browser, which may be anything.
        """
        tag, play = event.get("tag"), event.get("play") is True
        if isinstance(tag, str):
            return PageQuery(f"tag:{quoted(tag)}", Term("tag", tag))
        kind = "artist" if "artist" in event else "track"
        row = event.get(kind)
        if isinstance(name := event.get("id"), str):
            with self._lock:
                row = self.library.row_of(name)
        if not isinstance(row, int) or not 0 <= row < len(self.library):
            return None
        with self._lock:
            track = self.library.row(row)
        if kind == "track":
            return PageQuery(f"track:{quoted(track['track_id'])}", Term("track", track["track_id"]), play)
        return PageQuery(f"artist:{quoted(track['artist_id'])}", Term("artist", track["artist_id"]))

    def answer(self, query: PageQuery, options: Options = Options()) -> str:  # noqa: B008 - immutable
        """Return the answer, or an error message, as HTML."""
        try:
            with self._lock:
                return self._answer(query, options)
        except ERRORS as error:
            return error_html(str(error))

    def _answer(self, query: PageQuery, options: Options) -> str:
        terms, conditions = ParsedQuery([query.term]) if query.term else _parsed(query.text)
        if query.term and query.term.kind == "file":
            return self._of_file(Path(query.term.name), options)
        filters = replace(options.filters, conditions=(*options.filters.conditions, *conditions))
        answer, explained = self._explained(terms, options, filters)
        query_card = None
        alone = len(terms) == 1 and terms[0].kind == "track" and terms[0].weight > 0
        if alone and (row := self.library.row_of(terms[0].name)) is not None:
            query_card = self._card(row, self.library.hit(row))
        return answer_html(answer, self._hits(answer.hits, explained), query_card, query.play)

    def _explained(self, terms: Sequence[Term], options: Options, filters: Filters) -> tuple[Answer, Sequence[Reason]]:
        """Return an answer, and why each track is in it.

        Raises:
            BadRequestError: A condition of the controls makes no sense.
        """
        for condition in options.filters.conditions:
            if problem := condition.problem():
                raise BadRequestError(problem)
        asked = ask(self.library.store, terms, filters)
        answer = self.library.answer(asked, options.k, options.per_artist)
        return answer, reasons(self.library, asked, answer.hits)

    def _of_file(self, path: Path, options: Options) -> str:
        """Return tags and neighbours of an uploaded file. It is read for both, which keeps the code simple."""
        from mwe.page.spectrogram import mel_picture  # with PyTorch, which the page starts without

        require_bounded(path, self.library.store.trained.preprocessing.max_seconds)
        tagged = self.library.tag_files([path], TAGS)[0]
        if not tagged.usable:
            raise BadFileError(path.name, f"{tagged.status}: {tagged.detail}", "Query with another file.")
        answer, explained = self._explained([Term("file", str(path))], options, options.filters)
        # the name that the server gave it is nobody's business
        explained = [
            reason._replace(terms=tuple(term._replace(understood="your file") for term in reason.terms))
            for reason in explained
        ]
        preprocessing = self.library.store.trained.preprocessing
        mel = picture_settings(self.library.store.declared.preprocessing)
        wave = guarded(read_whole, path, sample_rate=mel.sample_rate, max_seconds=preprocessing.max_seconds).wave
        picture = base64.b64encode(mel_picture(wave, mel)).decode()
        # Gradio only serves files that were uploaded
        sound = f"gradio_api/file={quote(str(path))}"
        title, album = tagged.file_tags.title or path.name, tagged.file_tags.album_and_year
        card = Card(
            title,
            tagged.file_tags.artist or "your file",
            album,
            sound,
            f"data:image/png;base64,{picture}",
            (),
            tagged.tags,
        )
        if len(wave) >= preprocessing.max_seconds * mel.sample_rate:
            answer = answer._replace(
                notes=(f"Its first {preprocessing.max_seconds / 60:.0f} minutes were used.", *answer.notes)
            )
        return answer_html(answer, self._hits(answer.hits, explained), card)

    def _hits(self, hits: Sequence[Hit], explained: Sequence[Reason]) -> list[Card]:
        cards = []
        for hit, reason in zip(hits, explained, strict=True):
            row = self.library.row_of(hit.track_id)
            assert row is not None
            cards.append(self._card(row, hit, reason))
        return cards

    def _card(self, row: int, hit: Hit, reason: Reason | None = None) -> Card:
        scored = self.library.tags_of_vector(self.library.vectors([row])[0], TAGS)
        address = f"{PREFIX}/tracks/{row}"
        sound, picture = f"{address}/sound{played_part(hit.path, self.library.store.span(row))}", f"{address}/mel.png"
        return Card(
            hit.title,
            hit.artist,
            hit.album,
            sound,
            picture,
            hit.tags,
            scored,
            row,
            hit.score,
            hit.track_id,
            cover_address(row, hit),
            float(self.library.store.column("seconds")[row].as_py()),
            reason,
        )


def _parsed(text: str) -> ParsedQuery:
    """Return the terms and conditions of a typed query; none of an empty one, which leaves the filters.

    Raises:
        QueryError: The query is malformed, too long, or names a file of the server.
    """
    if len(text) > LONGEST_QUERY:
        raise QueryError(f"{text[:40]}...", f"more than {LONGEST_QUERY} letters")
    parsed = parse_query(text) if text.strip() else ParsedQuery([])
    if any(term.kind in ("file", "playlist") for term in parsed.terms):
        raise QueryError(text, "the page does not read files by name; upload the file below")
    return parsed
