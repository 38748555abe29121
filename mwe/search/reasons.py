"""Why a track answers a query: what each term gave, which heard tags both share, and what the file's own tags say.

Shape suffixes: D dimensions, T tags.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mwe.search.answers import Hit
from mwe.search.asked import Asked
from mwe.search.query_meaning import term_weights

if TYPE_CHECKING:
    from mwe.search.library import Library

SHARED = 3  # heard tags that are named
SAID = ("genre", "year", "bpm", "key")  # tags in files that say something of the music


class TermShare(NamedTuple):
    """What a term gave.

    Attributes:
        understood: The term.
        cosine: Likeness of the track and the term alone.
        gave: Its part of the score; the parts of all terms add up to the score.
    """

    understood: str
    cosine: float
    gave: float

    @property
    def subtracted(self) -> bool:
        """Whether the query has a minus before it."""
        return self.gave * self.cosine < 0


class SharedTag(NamedTuple):
    """A tag that is near both the track and the query.

    Attributes:
        tag: The tag.
        track: Likeness of the track and the tag.
        query: Likeness of the query and the tag.
    """

    tag: str
    track: float
    query: float


class Reason(NamedTuple):
    """Why a track answers a query.

    Attributes:
        terms: What each term gave; empty if the query has only conditions.
        heard: Tags that carry the likeness most: the largest products of both likenesses.
        file: What the tags in its file say; empty if nothing.
    """

    terms: tuple[TermShare, ...]
    heard: tuple[SharedTag, ...]
    file: dict[str, str | int | float]

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        terms, heard = ([part._asdict() for part in parts] for parts in (self.terms, self.heard))
        return {"terms": terms, "heard": heard, "file": self.file}

    def __str__(self) -> str:
        terms = ", ".join(
            f"{'not ' if term.subtracted else ''}{term.understood} {term.gave:+.3f}" for term in self.terms
        )
        heard = ", ".join(f"{tag.tag} {tag.track:.2f}" for tag in self.heard)
        said = ", ".join(f"{name} {value}" for name, value in self.file.items())
        parts = (terms, f"heard {heard}" if heard else "", f"file says {said}" if said else "")
        return "; ".join(part for part in parts if part)


def reasons(library: "Library", asked: Asked, hits: Sequence[Hit]) -> list[Reason]:
    """Return why tracks answer a query.

    Args:
        library: The library.
        asked: The query, as the library understands it.
        hits: Tracks of its answer.

    Examples:
        >>> from mwe import Library
        >>> from mwe.search import Filters
        >>> from mwe.search.asked import ask
        >>> library = Library.open("outputs/library")
        >>> asked = ask(library.store, "2*calm + piano", Filters())
        >>> answer = library.answer(asked, k=1)
        >>> print(reasons(library, asked, answer.hits)[0])  # the score is 0.978
        calm +0.698, piano +0.279; heard calm 1.00, piano 0.80
    """
    prototype_TD, known_T = library.prototypes
    names = [library.tags.tags[tag] for tag in np.flatnonzero(known_T)]
    known_TD = prototype_TD[known_T]
    weights = term_weights(library.store, asked.terms, asked.meanings) if asked.terms else []
    explained = []
    for hit in hits:
        row = library.row_of(hit.track_id)
        assert row is not None
        track_D = library.vectors([row])[0]
        cosines = [float(meaning.vector_D @ track_D) for meaning in asked.meanings]
        terms = tuple(
            TermShare(meaning.understood, cosine, weight * cosine)
            for meaning, weight, cosine in zip(asked.meanings, weights, cosines, strict=True)
        )
        heard = () if asked.vector_D is None else _shared(names, known_TD, track_D, asked.vector_D)
        file = {name: value for name, value in hit.file_tags._asdict().items() if name in SAID and value}
        explained.append(Reason(terms, heard, file))
    return explained


def tell_reasons(tracks: Sequence[dict[str, Any]], explained: Sequence[Reason]) -> None:
    """Add reasons to the tracks of an answer that is told as JSON, as ``why``; none if there are no reasons.

    Examples:
        >>> tracks = [{"track_id": "rain"}]
        >>> tell_reasons(tracks, [Reason((), (), {"year": 1994})])
        >>> tracks
        [{'track_id': 'rain', 'why': {'terms': [], 'heard': [], 'file': {'year': 1994}}}]
    """
    for track, reason in zip(tracks, explained, strict=bool(explained)):
        track["why"] = reason.to_dict()


def _shared(
    names: Sequence[str], tag_TD: np.ndarray, track_D: np.ndarray, query_D: np.ndarray
) -> tuple[SharedTag, ...]:
    """Return the tags that are near both, those with the largest products first."""
    track_T, query_T = tag_TD @ track_D, tag_TD @ query_D
    product_T = np.where((track_T > 0) & (query_T > 0), track_T * query_T, 0)
    best = np.argsort(-product_T, kind="stable")[:SHARED]
    return tuple(SharedTag(names[tag], float(track_T[tag]), float(query_T[tag])) for tag in best if product_T[tag] > 0)
