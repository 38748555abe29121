"""What happens on the page when someone asks: the answer, or what went wrong, as HTML. No browser, no Gradio."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import quote

import soundfile

from mwe.audio.decode import decode
from mwe.core.errors import BadFileError, MissingDataError, StaleArtefactError, UnknownNameError
from mwe.page.markup import Card, answer_html, error_html
from mwe.page.media import PREFIX, mel_picture
from mwe.page.suggest import quoted
from mwe.search import Filters, Library, QueryError
from mwe.search.grammar import Term, parse_query

LONGEST_QUERY = 500  # letters
MOST_SAMPLES = 60_000_000  # of an uploaded file's first minutes that are decoded, a channel: 240 MB
TAGS = 5  # shown of each group
ERRORS = (QueryError, UnknownNameError, BadFileError, MissingDataError, StaleArtefactError)


class Asked(NamedTuple):
    """What someone asks for.

    Attributes:
        text: The query as the box shows it.
        term: What is meant where it is not the text that says it: a track, artist, tag or uploaded file.
        play: Whether to play the track that is asked with.
    """

    text: str
    term: Term | None = None
    play: bool = False


class Options(NamedTuple):
    """How many tracks may answer, and which.

    Attributes:
        k: At most so many.
        per_artist: At most so many of one artist.
        filters: Tags they must or must not have.
    """

    k: int = 10
    per_artist: int | None = None
    filters: Filters = Filters()


class Handlers:
    """Answers for one library, one at a time.

    Args:
        library: The library.
        lock: Held while the library is read, which is not made for several threads at once.
    """

    def __init__(self, library: Library, lock: Lock) -> None:
        self.library, self._lock = library, lock

    def asked(self, event: Mapping[str, Any]) -> Asked | None:
        """What a click asks for: ``tag`` by its name, ``track`` and ``artist`` by a row; nothing if there is no such.

        Args:
            event: What the browser sent, which may be anything.
        """
        tag, play = event.get("tag"), event.get("play") is True
        if isinstance(tag, str):
            return Asked(f"tag:{quoted(tag)}", Term("tag", tag))
        kind = "track" if "track" in event else "artist"
        row = event.get(kind)
        if not isinstance(row, int) or not 0 <= row < len(self.library):
            return None
        with self._lock:
            found = self.library.row(row)
        if kind == "track":
            return Asked(f"track:{quoted(found['track_id'])}", Term("track", found["track_id"]), play)
        return Asked(f"artist:{quoted(found['artist_id'])}", Term("artist", found["artist_id"]))

    def answer(self, asked: Asked, options: Options = Options()) -> str:  # noqa: B008 - immutable
        """The answer as HTML; whatever is wrong with the question is said in its place."""
        try:
            with self._lock:
                return self._answer(asked, options)
        except ERRORS as error:
            return error_html(str(error))

    def _answer(self, asked: Asked, options: Options) -> str:
        terms = [asked.term] if asked.term else _terms(asked.text)
        if terms[0].kind == "file":
            return self._of_file(Path(terms[0].name), options)
        found = self.library.search(terms, options.k, options.filters, options.per_artist)
        own = None
        alone = len(terms) == 1 and terms[0].kind == "track" and terms[0].weight > 0
        if alone and (row := self.library.row_of(terms[0].name)) is not None:
            track = self.library.row(row)
            own = self._card(row, track["track_id"], track["artist_id"], track["tags"])
        return answer_html(found, self._hits(found.hits), own, asked.play)

    def _of_file(self, path: Path, options: Options) -> str:
        """Tags and neighbours of an uploaded file; it is read for each, which spares a second way to do either."""
        self._require_bounded(path)
        tagged = self.library.tag_files([path], TAGS)[0]
        if tagged.status != "ok":
            raise BadFileError(path.name, f"{tagged.status}: {tagged.detail}", "Ask with another file.")
        found = self.library.search([Term("file", str(path))], options.k, options.filters, options.per_artist)
        given = self.library.trained.preprocessing
        wave = decode(path, sample_rate=given.mel.sample_rate, max_seconds=given.max_seconds).wave
        picture = base64.b64encode(mel_picture(wave, given.mel)).decode()
        # Gradio gives out what it has received itself, and nothing else
        sound = f"gradio_api/file={quote(str(path))}"
        card = Card(path.name, "your file", sound, f"data:image/png;base64,{picture}", (), tagged.tags)
        if len(wave) >= given.max_seconds * given.mel.sample_rate:
            found = found._replace(notes=(f"Its first {given.max_seconds / 60:.0f} minutes were heard.", *found.notes))
        return answer_html(found, self._hits(found.hits), card)

    def _require_bounded(self, path: Path) -> None:
        """Require that what is heard of a file fits into memory.

        Raises:
            BadFileError: It does not.
        """
        try:
            told = soundfile.info(path)
        except soundfile.SoundFileError:
            return  # no audio: what is wrong with it is found when it is decoded
        longest = self.library.trained.preprocessing.max_seconds
        if min(told.frames, longest * told.samplerate) > MOST_SAMPLES:
            what = f"{told.samplerate:,} samples a second for {min(told.duration, longest):.0f} seconds"
            raise BadFileError(path.name, what, "Ask with a shorter part of it, or at a lower rate.")

    def _hits(self, hits: Sequence[Any]) -> list[Card]:
        cards = []
        for hit in hits:
            row = self.library.row_of(hit.track_id)
            assert row is not None
            cards.append(self._card(row, hit.track_id, hit.artist_id, hit.tags, hit.score))
        return cards

    def _card(self, row: int, track_id: str, artist_id: str, own: Sequence[str], score: float | None = None) -> Card:
        scored = self.library.tags_of_vector(self.library.vectors([row])[0], TAGS)
        at = f"{PREFIX}/tracks/{row}"
        return Card(track_id, artist_id, f"{at}/sound", f"{at}/mel.png", own, scored, row, score)


def _terms(text: str) -> list[Term]:
    """The terms of a typed query.

    Raises:
        QueryError: It cannot be read, is very long, or asks for a file of the computer that the page runs on.
    """
    if len(text) > LONGEST_QUERY:
        raise QueryError(f"{text[:40]}...", f"more than {LONGEST_QUERY} letters")
    terms = parse_query(text)
    if any(term.kind == "file" for term in terms):
        raise QueryError(text, "the page reads no files by name; give it the file itself, below")
    return terms
