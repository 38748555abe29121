"""Meanings of queries: every term becomes a vector of the joint space, with a note on how it was understood."""

import string
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mwe.core.errors import UnknownNameError
from mwe.core.tokens import tag_token, text_tokens
from mwe.search.grammar import Term
from mwe.search.learnt_tags import LearntTag, LearntTags
from mwe.search.meaning import Meaning
from mwe.search.playlist_entries import meaning_of_playlist
from mwe.search.stopwords import NEGATIONS, STOP_WORDS
from mwe.search.store import LibraryStore
from mwe.search.tag_table import unit_rows
from mwe.search.text_meaning import meaning_of_text
from mwe.search.unknown_words import UnknownWords, WordReading, hint, near_spellings
from mwe.words import WordVectors

LONGEST_TAG = 4  # words of a tag to search for in running text
APPROXIMATED = 0.5  # weight of an approximated word beside a known one
REMEDY = "Describe a mood, an instrument, a genre or a scene in other English words"
NONE_LEARNT = LearntTags("")
MIN_SPREAD = 1e-6  # below this, all tracks are equal and there is no scale


class NothingKnownError(UnknownNameError):
    """No word of a query is known.

    Args:
        text: The query.
        notes: What was tried with each of its words.
    """

    def __init__(self, text: str, notes: Sequence[str]) -> None:
        super().__init__("word", text, ())
        self.args = (f"no word of the query {text!r} is known: {'; '.join(notes)}. {REMEDY}",)


def meaning(store: LibraryStore, term: Term, context: Sequence[str] = ()) -> Meaning:
    """Return the vector of a term.

    Args:
        store: Files of the library.
        term: The term.
        context: Other tags; words and tags are then tags in this context.

    Raises:
        UnknownNameError: The library does not know the word, tag, artist or track.
        BadFileError: An audio file or a playlist cannot be used.
    """
    whole_text = term.kind == "tag" or (store.of_tower_pair and term.kind == "words")
    if whole_text and not context and (learnt := store.learnt.get(term.name)) is not None:
        return Meaning(learnt.vector_D, (), f"tag {learnt.understood}")
    if store.of_tower_pair and term.kind in ("words", "tag"):
        return meaning_of_text(store, term.kind, term.name, context)
    if context and term.kind in ("words", "tag"):
        from mwe.search.in_context import meaning_in_context  # see LibraryStore.trained

        return meaning_in_context(store, term.name, context)
    if term.kind == "words":
        return meaning_of_words(store.words, term.name, store.unknown_words, store.learnt)
    if term.kind == "tag":
        return _of_tag(store, term.name)
    if term.kind == "artist":
        return _of_artist(store, term.name)
    if term.kind == "track":
        return _of_track(store, term.name)
    if term.kind == "playlist":
        return meaning_of_playlist(store, Path(term.name).expanduser())
    return _of_file(store, Path(term.name).expanduser())


def combined(store: LibraryStore, terms: Sequence[Term], meanings: Sequence[Meaning]) -> np.ndarray:
    """Return one unit vector for a weighted sum of terms, (D,).

    The weights are those of ``term_weights``.
    """
    weights = term_weights(store, terms, meanings)
    # its length is 1 already, but for rounding
    return _unit(np.sum([weight * vector.vector_D for weight, vector in zip(weights, meanings, strict=True)], axis=0))


def term_weights(store: LibraryStore, terms: Sequence[Term], meanings: Sequence[Meaning]) -> list[float]:
    """Return the weights with which the vectors of terms add up to a unit vector, or to zero.

    Words and tracks are apart in the joint space, and tracks differ more in their similarity to a track than to a word.
    If a sum has both kinds, similarities are therefore scaled by the typical standard deviation of their kind. Terms of
    the same kind are not scaled: a word for which tracks hardly differ says little about them.
    """
    scales = [1.0] * len(terms)
    if len({vector.sound for vector in meanings}) == 2:
        text_XD = np.stack([vector.vector_D for vector in meanings if not vector.sound])
        of_text, of_sound = store.spread_of_tags or store.spread_of(text_XD), store.spread_of_tracks
        if min(of_text, of_sound) > MIN_SPREAD:
            scales = [of_sound if vector.sound else of_text for vector in meanings]
    weights = [term.weight / scale for term, scale in zip(terms, scales, strict=True)]
    total_D = np.sum([weight * vector.vector_D for weight, vector in zip(weights, meanings, strict=True)], axis=0)
    length = float(np.linalg.norm(total_D))
    return [weight / length for weight in weights] if length > 0 else weights


def meaning_of_words(
    words: WordVectors, text: str, unknown_words: UnknownWords | None = None, learnt: LearntTags = NONE_LEARNT
) -> Meaning:
    """Return the mean of the vectors of words and of tags of several words, without stop words.

    A word without a vector is read as another spelling or an inflection of one that has, or else approximated by its
    subwords, which counts half.

    Args:
        words: Word vectors.
        text: The words.
        unknown_words: What to make of words without a vector; by default it is made anew.
        learnt: Tags learnt from examples, which stand for words of the same name.

    Raises:
        NothingKnownError: No word has a vector.
    """
    segments = _segments(words, text, unknown_words or UnknownWords(words), learnt)
    plain, stopped = segments.plain, [WordReading(token, words[token]) for token in segments.stopped if token in words]
    notes = [reading.note for reading in plain if reading.note] + segments.notes
    if not plain and (segments.notes or not stopped):
        hints = [hint(word, near_spellings(word, words)) for word in segments.stopped]
        raise NothingKnownError(text, segments.notes or hints)
    if plain and segments.stopped:
        notes.append(f"left out as stop words: {', '.join(segments.stopped)}")
    if refused := sorted(NEGATIONS.intersection(segments.stopped)):
        notes.append(f"{', '.join(refused)} is not understood: subtract with ` - `")
    used = plain or stopped
    weights = [APPROXIMATED if reading.approximated else 1.0 for reading in used]
    vector_D = np.average([reading.vector_D for reading in used], axis=0, weights=weights)
    approximated = tuple(reading.text for reading in used if reading.approximated)
    understood = ", ".join(
        f"{reading.text} (approximated)" if reading.approximated else reading.text for reading in used
    )
    return Meaning(_unit(vector_D), (), understood, tuple(notes), approximated=approximated)


class _Segments(NamedTuple):
    """Segments of a text: what was read, stop words, and notes on words that could not be read."""

    plain: list[WordReading]
    stopped: list[str]
    notes: list[str]


def _segments(words: WordVectors, text: str, unknown_words: UnknownWords, learnt: LearntTags) -> _Segments:
    """Return the segments of a text, preferring the longest tags, and learnt tags to others."""
    tokens, start = [part for token in text_tokens(text) for part in _parts(words, token, unknown_words, learnt)], 0
    segments = _Segments([], [], [])
    while start < len(tokens):
        span, known = _longest_known(words, tokens[start:], learnt)
        bare = tokens[start].strip(string.punctuation)
        if isinstance(known, LearntTag):
            segments.plain.append(WordReading(known.understood, known.vector_D * known.length))
        elif span == 1 and bare in STOP_WORDS:
            segments.stopped.append(bare)
        elif known is not None:
            segments.plain.append(WordReading(known.replace("_", " "), words[known]))
        elif bare and (reading := unknown_words.read(bare)) is not None:
            segments.plain.append(reading)
        elif bare:
            segments.notes.append(unknown_words.hint(bare))
        start += span
    return segments


def _longest_known(words: WordVectors, tokens: Sequence[str], learnt: LearntTags) -> tuple[int, LearntTag | str | None]:
    """Return the number of words that begin a text and are a tag, and the tag or its token; 1 and None without one."""
    for span in range(min(max(LONGEST_TAG, learnt.longest), len(tokens)), 0, -1):
        text = " ".join(tokens[:span])
        if (tag := learnt.get(text) or learnt.get(text.strip(string.punctuation))) is not None:
            return span, tag
        if span <= LONGEST_TAG and (spelt := _spelt(words, tokens[:span])) is not None:
            return span, spelt
    return 1, None


def _parts(words: WordVectors, token: str, unknown_words: UnknownWords, learnt: LearntTags) -> list[str]:
    """Return the parts of a compound with hyphens, unless it is known as such."""
    known = _longest_known(words, [token], learnt)[1] is not None
    if "-" not in token or known or unknown_words.variants.spelt(token) is not None:
        return [token]
    return [part for part in token.split("-") if part]


def _spelt(words: WordVectors, tokens: Sequence[str]) -> str | None:
    """Return the token of the vocabulary for some words of a text, ignoring punctuation around them."""
    text = " ".join(tokens)
    for spelling in (text, text.strip(string.punctuation)):
        token = tag_token(spelling) if len(tokens) > 1 else spelling
        if token and token in words:
            return token
    return None


def _of_tag(store: LibraryStore, name: str) -> Meaning:
    vectors = store.words.of_tags([name])
    if not vectors.known[0]:
        if name in store.tags.tags:
            raise UnknownNameError("vector of the tag", name, [tag for tag, known in _tags(store) if known])
        raise UnknownNameError("tag", name, store.tags.tags)
    has_vector = tag_token(name) in store.words
    notes = () if has_vector else (f"the tag {name!r} has no vector; the mean of its words is used",)
    return Meaning(_unit(vectors.vectors[0]), (), f"tag {name}", notes)


def _tags(store: LibraryStore) -> Iterable[tuple[str, bool]]:
    """Yield the tags of the library, and whether each has a vector."""
    return zip(store.tags.tags, store.prototypes[1].tolist(), strict=True)


def _of_artist(store: LibraryStore, name: str) -> Meaning:
    rows = store.rows_of_artist(name)
    if len(rows):
        vector_D = store.vectors(rows).mean(axis=0)
        return Meaning(_unit(vector_D), (), f"artist {name} (the sound of {len(rows)} tracks)", sound=True)
    vectors = store.words.of_artists([name])
    if vectors.known[0]:
        return Meaning(_unit(vectors.vectors[0]), (), f"artist {name} (from texts: the library has no track)")
    raise UnknownNameError("artist", name, [artist for artist in store.artists.dictionary.to_pylist() if artist])


def _of_track(store: LibraryStore, name: str) -> Meaning:
    row = store.row_of(name)
    if row is not None:
        track_id = store.column("track_id")[row].as_py()
        vector_D = _unit(store.vectors([row])[0])
        return Meaning(vector_D, (row,), f"track {track_id}", sound=True)
    vectors = store.words.of_tracks([name])
    if vectors.known[0]:
        return Meaning(_unit(vectors.vectors[0]), (), f"track {name} (from texts: the library has no audio of it)")
    raise UnknownNameError("track", name, store.column("track_id").to_pylist())


def _of_file(store: LibraryStore, path: Path) -> Meaning:
    from mwe.search.embed import embed_readable  # see LibraryStore.trained

    embedded = embed_readable(store.trained, [path], "Query with another file.")
    notes = tuple(f"only a part of the file was read: {verdict}" for verdict in embedded.verdicts if verdict)
    return Meaning(embedded.vector_ND[0], (), f"file {path.name}", notes, sound=True)


def _unit(vector_D: np.ndarray) -> np.ndarray:
    """Return the vector at length 1 in float32; a vector of zeros stays zero."""
    unit_D: np.ndarray = unit_rows(vector_D[None])[0].astype(np.float32)
    return unit_D
