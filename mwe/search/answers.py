"""Answers: tracks for a query, and tags for a file."""

from typing import Any, NamedTuple

from mwe.audio.file_tags import FileTags


class Hit(NamedTuple):
    """A track in an answer.

    Attributes:
        track_id: The track.
        artist_id: Its artist; empty if unknown.
        path: Its file.
        score: Cosine with the query, -1 to 1; None if the query has only conditions.
        tags: Its tags in the library.
        file_tags: Tags in its file, such as title and album.
    """

    track_id: str
    artist_id: str
    path: str
    score: float | None
    tags: tuple[str, ...]
    file_tags: FileTags = FileTags()

    @property
    def title(self) -> str:
        """Title of the track, or else its ID."""
        return self.file_tags.title or self.track_id

    @property
    def artist(self) -> str:
        """Artist as in the file, or else by ID; empty if unknown."""
        return self.file_tags.artist or self.artist_id

    @property
    def album(self) -> str:
        """Album and year; empty if unknown."""
        return self.file_tags.album_and_year


class Answer(NamedTuple):
    """The answer to a query.

    Attributes:
        terms: The terms as understood, with their weights.
        notes: Notes about parts of the query that were left out or not understood.
        hits: Tracks, best first; in the order of the library if there is no term.
        approximated: Words of the query that are not known, and whose vectors are approximate.
        filters: The conditions as understood.
    """

    terms: tuple[tuple[float, str], ...]
    notes: tuple[str, ...]
    hits: tuple[Hit, ...]
    approximated: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        terms = [{"weight": weight, "understood": text} for weight, text in self.terms]
        hits = [{**hit._asdict(), "tags": list(hit.tags), "file_tags": hit.file_tags._asdict()} for hit in self.hits]
        told = {"notes": list(self.notes), "approximated": list(self.approximated)}
        return {"terms": terms, "filters": list(self.filters), **told, "hits": hits}


class TagScore(NamedTuple):
    """A tag of a file.

    Attributes:
        tag: The tag.
        group: Its group; empty if unknown.
        cosine: Similarity of file and tag, -1 to 1.
        probability: Calibrated score; None without calibration.
        seen: Whether the tag was in training; None if unknown.
        calibrated_on: Data of the calibration; empty without calibration.
    """

    tag: str
    group: str
    cosine: float
    probability: float | None
    seen: bool | None
    calibrated_on: str

    @property
    def score(self) -> float:
        """Score that ranks tags: the probability, else the cosine.

        Examples:
            >>> TagScore("calm", "mood", 0.3, 0.9, True, "").score, TagScore("calm", "mood", 0.3, None, True, "").score
            (0.9, 0.3)
        """
        return self.cosine if self.probability is None else self.probability


class Tagged(NamedTuple):
    """A file with its tags, or the reason why it has none.

    Attributes:
        path: The file.
        status: ``ok``; ``damaged`` or ``truncated`` if only a part was read; or the reason why it could not be read.
        detail: One line about the damage or the reason.
        tags: Tags that the model hears, best first within each group.
        file_tags: Tags in the file itself.
        usable: Whether it was read, as a whole or in part.
    """

    path: str
    status: str
    detail: str
    tags: tuple[TagScore, ...]
    file_tags: FileTags = FileTags()
    usable: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON."""
        tags = [score._asdict() for score in self.tags]
        return {**self._asdict(), "tags": tags, "file_tags": self.file_tags._asdict()}
