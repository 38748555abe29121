"""Answers: tracks for a query, and tags for a file."""

from typing import Any, NamedTuple


class Hit(NamedTuple):
    """A track that answers.

    Attributes:
        track_id: The track.
        artist_id: Its artist; empty where unknown.
        path: Its file.
        score: Cosine with the query, -1 to 1.
        tags: Its own tags.
    """

    track_id: str
    artist_id: str
    path: str
    score: float
    tags: tuple[str, ...]


class Answer(NamedTuple):
    """What a query found.

    Attributes:
        terms: The terms as they were understood, with their weights.
        notes: What was left out or not understood.
        hits: Tracks, best first.
    """

    terms: tuple[tuple[float, str], ...]
    notes: tuple[str, ...]
    hits: tuple[Hit, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        terms = [{"weight": weight, "understood": text} for weight, text in self.terms]
        hits = [{**hit._asdict(), "tags": list(hit.tags)} for hit in self.hits]
        return {"terms": terms, "notes": list(self.notes), "hits": hits}


class TagScore(NamedTuple):
    """A tag of a file.

    Attributes:
        tag: The tag.
        group: Its group; empty where unknown.
        cosine: Likeness of file and tag, -1 to 1.
        probability: Calibrated score; None where there is no calibration.
        seen: Whether training had the tag; None where that is not known.
        calibrated_on: What the probability rests on; empty for nothing.
    """

    tag: str
    group: str
    cosine: float
    probability: float | None
    seen: bool | None
    calibrated_on: str

    @property
    def score(self) -> float:
        """What tags are ranked by: the probability, else the cosine."""
        return self.cosine if self.probability is None else self.probability


class Tagged(NamedTuple):
    """A file with its tags, or why it has none.

    Attributes:
        path: The file.
        status: ``ok``, or the reason why it could not be read.
        detail: One line on that reason.
        tags: Best first within each group.
    """

    path: str
    status: str
    detail: str
    tags: tuple[TagScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {**self._asdict(), "tags": [one._asdict() for one in self.tags]}
