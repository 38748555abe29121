"""Learning a tag of a library from example tracks, and keeping it there.

Shape suffixes: N tracks, D dimensions, E examples, T tags.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mwe.core.errors import BadRequestError, UnknownNameError
from mwe.core.files import readable_name
from mwe.core.locks import exclusive
from mwe.core.tokens import tag_token
from mwe.search.few_shot import ExampleLearner
from mwe.search.learnt_tags import LearntTag, LearntTags, checked_name
from mwe.search.library import Library
from mwe.search.playlist_entries import READ, listed_tracks
from mwe.search.query_meaning import NothingKnownError, meaning_of_words
from mwe.search.store import LibraryStore
from mwe.search.tag_table import library_prototypes

WAIT = 10.0  # seconds for another command that writes to the library
NAMED = 5  # unknown names that a message has


class NamedTracks(NamedTuple):
    """Tracks that a list names.

    Attributes:
        rows: Their rows, without repeats.
        notes: Note on names that the library does not have, if there are any.
    """

    rows: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


class Learning(NamedTuple):
    """What was learnt.

    Attributes:
        tag: The tag.
        rank: Median share of the tracks that an example, left out of the learning, stands behind; None with a single
            example.
    """

    tag: LearntTag
    rank: float | None


def named_tracks(store: LibraryStore, names: Sequence[str], path: Path | None = None) -> NamedTracks:
    """Return the tracks that are named one by one, and by a list.

    Args:
        store: Files of the library.
        names: IDs, unique file names, or paths.
        path: A playlist (M3U, M3U8 or XSPF), or a text file with a name a line.

    Raises:
        UnknownNameError: The library has none of the tracks, or not one that is named alone.
        BadFileError: The playlist cannot be read.
        MissingDataError: There is no such list.
    """
    rows = dict.fromkeys(_row_of(store, name) for name in names)
    if path is None:
        return NamedTracks(tuple(rows))
    if path.suffix.lower() in READ:
        listed = listed_tracks(store, path)
        note, named = listed.note(path.name), listed.rows
        first_unknown = listed.unknown[0] if listed.unknown else path.name
    else:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
        wanted = [line for line in lines if line and not line.startswith("#")]
        known = {line: row for line in wanted if (row := _row_or_none(store, line)) is not None}
        unknown = [line for line in wanted if line not in known]
        more = f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
        note = f"{path.name}: {len(unknown):,} of {len(wanted):,} tracks not in the library: " if unknown else ""
        note, named = note and note + ", ".join(unknown[:NAMED]) + more, tuple(known.values())
        first_unknown = unknown[0] if unknown else path.name
    if not named:
        raise UnknownNameError("track", first_unknown, store.column("track_id").to_pylist())
    return NamedTracks(tuple(dict.fromkeys([*rows, *named])), (note,) if note else ())


def learnt_tag(
    library: Library, name: str, examples: Sequence[int], counter_examples: Sequence[int] = (), word: bool = True
) -> Learning:
    """Learn a tag from tracks of a library, without keeping it.

    Args:
        library: The library.
        name: Name of the tag.
        examples: Rows of tracks that have it.
        counter_examples: Rows of tracks that do not.
        word: Whether the word of the name counts, if the library knows it.

    Raises:
        BadRequestError: There is no example, a track is both, or the name cannot be one.

    Examples:
        >>> from mwe import Library
        >>> learning = learnt_tag(Library.open("outputs/library"), "gentle", [0])
        >>> learning.tag.examples, learning.tag.word
        (('lullaby',), False)
    """
    name, store = checked_name(name), library.store
    if not examples:
        raise BadRequestError(f"no example of {name!r}: name tracks, or a list with --examples")
    ids = store.column("track_id")
    if both := set(examples) & set(counter_examples):
        raise BadRequestError(f"track {ids[min(both)].as_py()!r} is an example and a counter-example")
    learner, word_D = ExampleLearner(store.sample_ND), word_vector(store, name) if word else None
    # arrays, since a tuple of rows would be an index into both dimensions
    example_ED, counter_ED = (store.vectors(np.array(rows, np.int64)) for rows in (examples, counter_examples))
    vector_D = learner.direction(example_ED, counter_ED, word_D)
    slope, intercept = _calibrated(store, vector_D)
    tag = LearntTag(
        name,
        vector_D,
        _length(store, word_D),
        slope,
        intercept,
        tuple(ids[row].as_py() for row in examples),
        tuple(ids[row].as_py() for row in counter_examples),
        word_D is not None,
    )
    ranks = []
    for left_out in range(len(example_ED) if len(example_ED) > 1 else 0):
        others_D = learner.direction(np.delete(example_ED, left_out, axis=0), counter_ED, word_D)
        ranks.append(float((store.sample_ND @ others_D > example_ED[left_out] @ others_D).mean()))
    return Learning(tag, float(np.median(ranks)) if ranks else None)


@contextmanager
def changing(library: Library) -> Iterator[dict[str, LearntTag]]:
    """Yield the learnt tags of a library by token, for changes, and keep them afterwards.

    Tags of another embedding space are yielded too; all must be learnt again or removed.

    Raises:
        BadFileError: Another command is writing to the library, or the file is damaged.
        CannotWriteError: The disk is full; the former tags stay.
    """
    message, remedy = "another command is writing to this library", "Wait until it ends."
    with exclusive(library.root, WAIT, message, remedy):
        learnt = LearntTags.read(library.root, library.dim)
        tags = dict(learnt.tags)
        yield tags
        replace(learnt, space=library.space, tags=tags).write(library.root)


def keep(library: Library, tag: LearntTag) -> None:
    """Keep a learnt tag in its library; it takes the place of one of the same name."""
    with changing(library) as tags:
        LearntTags.read(library.root, library.dim).require_space(library.root, library.space)
        tags[tag_token(tag.name)] = tag


def remove(library: Library, name: str) -> None:
    """Remove a learnt tag from its library.

    Raises:
        UnknownNameError: It was not learnt.
    """
    with changing(library) as tags:
        if tags.pop(tag_token(name), None) is None:
            raise UnknownNameError("learnt tag", name, [tag.name for tag in tags.values()])


def refresh(library: Library) -> list[str]:
    """Learn all tags again from their examples, with the model and the tracks that the library has now.

    Returns:
        Notes on examples that the library no longer has. A tag without any example is kept out, and noted.
    """
    notes = []
    with changing(library) as tags:
        for token, tag in list(tags.items()):
            rows, others = (
                [row for name in names if (row := library.store.row_of(name)) is not None]
                for names in (tag.examples, tag.counter_examples)
            )
            lost = len(tag.examples) + len(tag.counter_examples) - len(rows) - len(others)
            if lost:
                notes.append(f"{tag.name}: {lost} of its examples are no longer in the library")
            if rows:
                tags[token] = learnt_tag(library, tag.name, rows, others, tag.word).tag
            else:
                del tags[token]
                notes.append(f"{tag.name}: removed, since the library has none of its examples")
    return notes


def _row_or_none(store: LibraryStore, name: str) -> int | None:
    row = store.row_of(name)
    if row is not None:
        return row
    rows = np.flatnonzero(np.array(store.column("path").to_pylist()) == readable_name(Path(name).absolute()))
    return int(rows[0]) if len(rows) == 1 else None


def _row_of(store: LibraryStore, name: str) -> int:
    row = _row_or_none(store, name)
    if row is None:
        raise UnknownNameError("track", name, store.column("track_id").to_pylist())
    return row


def word_vector(store: LibraryStore, name: str) -> np.ndarray | None:
    """Return the vector of a name in words; None unless all its words are known, stop words aside."""
    if store.of_tower_pair:
        return store.encoded_text(store.prompt(name))
    try:
        meaning = meaning_of_words(store.words, name, store.unknown_words)
    except NothingKnownError:
        return None
    unknown = meaning.approximated or any(note.startswith("unknown") for note in meaning.notes)
    return None if unknown else meaning.vector_D


def _length(store: LibraryStore, word_D: np.ndarray | None) -> float:
    """Return the length of a typical tag among the words, for sums with them."""
    vectors = store.words.of_tags(store.given_tags.tags)
    lengths = np.linalg.norm(vectors.vectors[vectors.known], axis=1)
    return float(np.median(lengths)) if len(lengths) else 1.0


def _calibrated(store: LibraryStore, vector_D: np.ndarray) -> tuple[float | None, float | None]:
    """Return slope and intercept from cosines to probabilities.

    A track gets the probability that a typical calibrated tag of the model would give it, if it stood as far above the
    other tracks of this library.
    """
    table = store.given_tags
    prototype_TD, known_T = library_prototypes(table.tags, store.words)
    calibrated_T = known_T & ~np.isnan(table.slope)
    if not calibrated_T.any():
        return None, None
    slope_T, intercept_T = table.slope[calibrated_T], table.intercept[calibrated_T]
    cosine_NT = store.sample_ND @ prototype_TD[calibrated_T].T
    steepness = float(np.median(slope_T * cosine_NT.std(axis=0)))
    middle = float(np.median(slope_T * cosine_NT.mean(axis=0) + intercept_T))
    cosine_N = store.sample_ND @ vector_D
    deviation = float(cosine_N.std())
    if deviation <= 0:
        return None, None
    slope = steepness / deviation
    return slope, middle - slope * float(cosine_N.mean())
