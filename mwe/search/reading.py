"""What queries mean: every term becomes a vector of the joint space, with a word on how it was understood."""

import difflib
import string
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mwe.core.errors import BadFileError, UnknownNameError
from mwe.corpora.tokens import tag_token, text_tokens
from mwe.search.grammar import Term
from mwe.search.stopwords import NEGATIONS, STOP_WORDS
from mwe.search.stored import Stored
from mwe.search.tags import unit_rows
from mwe.words import WordVectors

LONGEST_TAG = 4  # words of a tag that is looked for in running text
HINTS = 3
LEAST_SPREAD = 1e-6  # below, the tracks are all alike, and there is nothing to measure by


class Meaning(NamedTuple):
    """A term in the joint space.

    Attributes:
        vector_D: Unit vector, float32.
        rows: Rows of the library that are the query itself, and so no answers.
        understood: What was taken for what.
        notes: What was left out, and why.
        sound: Whether the vector is of audio, not of text.
    """

    vector_D: np.ndarray
    rows: tuple[int, ...]
    understood: str
    notes: tuple[str, ...] = ()
    sound: bool = False


class NothingKnownError(UnknownNameError):
    """A query of which no word is known.

    Args:
        text: The query.
        hints: The nearest known words of each of its words.
    """

    def __init__(self, text: str, hints: dict[str, list[str]]) -> None:
        near = "; ".join(_hint(word, own) for word, own in hints.items())
        LookupError.__init__(self, f"no word of the query {text!r} is known: {near}")


def meaning(library: Stored, term: Term, context: Sequence[str] = ()) -> Meaning:
    """The vector of a term.

    Args:
        library: The library.
        term: The term.
        context: Other tags, in whose company words and tags are taken as tags.

    Raises:
        UnknownNameError: The library knows no such word, tag, artist or track; the nearest names are given.
        BadFileError: An audio file cannot be used.
    """
    if context and term.kind in ("words", "tag"):
        from mwe.search.in_context import meaning_in_context  # see Stored.trained

        return meaning_in_context(library, term.name, context)
    if term.kind == "words":
        return _of_words(library.words, term.name)
    if term.kind == "tag":
        return _of_tag(library, term.name)
    if term.kind == "artist":
        return _of_artist(library, term.name)
    if term.kind == "track":
        return _of_track(library, term.name)
    return _of_file(library, Path(term.name).expanduser())


def combined(library: Stored, terms: Sequence[Term], meanings: Sequence[Meaning]) -> np.ndarray:
    """One unit vector for a weighted sum of terms, (D,).

    Words and tracks lie apart in the joint space, and tracks differ more in their likeness to a track than to a word.
    Where a sum has both, likenesses to either are therefore measured in standard deviations that are typical of their
    kind. Terms of one kind are summed as they are: a word along which tracks hardly differ says little of them.
    """
    scales = [1.0] * len(terms)
    if len({own.sound for own in meanings}) == 2:
        text_XD = np.stack([own.vector_D for own in meanings if not own.sound])
        of_text, of_sound = library.spread_of_tags or library.spread_of(text_XD), library.spread_of_tracks
        if min(of_text, of_sound) > LEAST_SPREAD:
            scales = [of_sound if own.sound else of_text for own in meanings]
    weights = [term.weight / scale for term, scale in zip(terms, scales, strict=True)]
    return _unit(np.sum([weight * own.vector_D for weight, own in zip(weights, meanings, strict=True)], axis=0))


def _of_words(words: WordVectors, text: str) -> Meaning:
    """The mean of the vectors of known words and of tags of several words, stop words left out."""
    found = _segments(words, text)
    plain, stopped = found.plain, [token for token in found.stopped if token in words]
    if not plain and (found.unknown or not stopped):
        raise NothingKnownError(text, {word: near_spellings(word, words) for word in found.unknown or found.stopped})
    notes = [_hint(word, near_spellings(word, words)) for word in found.unknown]
    if plain and found.stopped:
        notes.append(f"left out as stop words: {', '.join(found.stopped)}")
    if refused := sorted(NEGATIONS.intersection(found.stopped)):
        notes.append(f"{', '.join(refused)} is not understood: subtract with ` - `")
    used = plain or stopped
    vector_D = np.mean([words[token] for token in used], axis=0)
    return Meaning(_unit(vector_D), (), ", ".join(token.replace("_", " ") for token in used), tuple(notes))


class _Segments(NamedTuple):
    """A text in pieces: tokens of the vocabulary, stop words, and unknown words."""

    plain: list[str]
    stopped: list[str]
    unknown: list[str]


def _segments(words: WordVectors, text: str) -> _Segments:
    """The pieces of a text, the longest tags first."""
    tokens, at = text_tokens(text), 0
    found = _Segments([], [], [])
    while at < len(tokens):
        span, spelt = next(
            (
                (span, spelt)
                for span in range(min(LONGEST_TAG, len(tokens) - at), 0, -1)
                if (spelt := _spelt(words, tokens[at : at + span])) is not None
            ),
            (1, None),
        )
        bare = tokens[at].strip(string.punctuation)
        if span == 1 and bare in STOP_WORDS:
            found.stopped.append(bare)
        elif spelt is not None:
            found.plain.append(spelt)
        elif bare:
            found.unknown.append(bare)
        at += span
    return found


def _spelt(words: WordVectors, tokens: Sequence[str]) -> str | None:
    """The token of the vocabulary that some words of a text stand for, punctuation around them aside."""
    text = " ".join(tokens)
    for one in (text, text.strip(string.punctuation)):
        token = tag_token(one) if len(tokens) > 1 else one
        if token and token in words:
            return token
    return None


def _of_tag(library: Stored, name: str) -> Meaning:
    found = library.words.of_tags([name])
    if not found.known[0]:
        if name in library.tags.tags:
            raise UnknownNameError("vector of the tag", name, [tag for tag, known in _tags(library) if known])
        raise UnknownNameError("tag", name, library.tags.tags)
    own = tag_token(name) in library.words
    notes = () if own else (f"the tag {name!r} has no vector of its own: the mean of its words stands for it",)
    return Meaning(_unit(found.vectors[0]), (), f"tag {name}", notes)


def _tags(library: Stored) -> Iterable[tuple[str, bool]]:
    """Tags of the library, and whether each has a vector."""
    return zip(library.tags.tags, library.prototypes[1].tolist(), strict=True)


def _of_artist(library: Stored, name: str) -> Meaning:
    rows = library.rows_of_artist(name)
    if len(rows):
        vector_D = library.vectors(rows).mean(axis=0)
        return Meaning(_unit(vector_D), (), f"artist {name} (the sound of {len(rows)} tracks)", sound=True)
    found = library.words.of_artists([name])
    if found.known[0]:
        return Meaning(_unit(found.vectors[0]), (), f"artist {name} (from texts: the library has no track)")
    raise UnknownNameError("artist", name, [one for one in library.artists.dictionary.to_pylist() if one])


def _of_track(library: Stored, name: str) -> Meaning:
    row = library.row_of(name)
    if row is not None:
        shown = library.column("track_id")[row].as_py()
        vector_D = _unit(library.vectors([row])[0])
        return Meaning(vector_D, (row,), f"track {shown}", sound=True)
    found = library.words.of_tracks([name])
    if found.known[0]:
        return Meaning(_unit(found.vectors[0]), (), f"track {name} (from texts: the library has no audio of it)")
    raise UnknownNameError("track", name, library.column("track_id").to_pylist())


def _of_file(library: Stored, path: Path) -> Meaning:
    from mwe.search.embed import embed_files  # see Stored.trained

    outcome = embed_files(library.trained, [path])[0]
    if outcome.embedding_D is None:
        raise BadFileError(path, f"{outcome.row.status}: {outcome.row.detail}", "Ask with another file.")
    return Meaning(outcome.embedding_D, (), f"file {path.name}", sound=True)


def near_spellings(word: str, words: WordVectors) -> list[str]:
    """Known words and tags spelt nearly so; among those of like length and beginning or end, which keeps it fast."""
    near = [
        token
        for token, kind in zip(words.tokens, words.kinds, strict=True)
        if kind in ("word", "tag")
        and abs(len(token) - len(word)) <= 2
        and (token[0] == word[0] or token[-2:] == word[-2:])
    ]
    return difflib.get_close_matches(word, near, n=HINTS, cutoff=0.6)


def _hint(word: str, near: Sequence[str]) -> str:
    return f"unknown: {word!r}" + (f" (nearest: {', '.join(near)})" if near else "")


def _unit(vector_D: np.ndarray) -> np.ndarray:
    """The vector at length 1 in float32; a vector of zeros stays one."""
    unit_D: np.ndarray = unit_rows(vector_D[None])[0].astype(np.float32)
    return unit_D
