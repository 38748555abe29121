"""Answers of the service, as its OpenAPI description tells them: the JSON of `mwe search` and `mwe tag`."""

from pydantic import BaseModel, Field

TagsInFile = dict[str, str | int | float | None]


class LibraryAbout(BaseModel):
    """The library that is asked."""

    tracks: int
    tags: int
    space: str = Field(description="Name of the embedding space; scores of different spaces are not comparable.")
    version: str = Field(description="Version of mwe.")


class UnderstoodTerm(BaseModel):
    """A term of a query as it was understood."""

    weight: float = Field(description="Negative where the term is subtracted.")
    understood: str


class GivenByTerm(BaseModel):
    """What a term of the query gave to the score of a track."""

    understood: str
    cosine: float = Field(description="Likeness of the track and the term alone, -1 to 1.")
    gave: float = Field(description="Its part of the score; the parts of all terms add up to it.")


class CarryingTag(BaseModel):
    """A tag that is near both the track and the query."""

    tag: str
    track: float = Field(description="Likeness of the track and the tag.")
    query: float = Field(description="Likeness of the query and the tag.")


class WhyTrack(BaseModel):
    """Why a track is in an answer."""

    terms: list[GivenByTerm]
    heard: list[CarryingTag] = Field(description="Heard tags that carry the likeness most.")
    file: dict[str, str | int | float] = Field(description="What the tags in its file say of the music.")


class FoundTrack(BaseModel):
    """A track of the library."""

    track_id: str
    artist_id: str = Field(description="Empty if unknown.")
    path: str = Field(description="Its file, on the computer of the service.")
    score: float | None = Field(description="Cosine with the query, -1 to 1; null without terms to compare with.")
    tags: list[str] = Field(description="Its tags in the library.")
    file_tags: TagsInFile = Field(description="Tags in its file, such as title, artist, album and year.")
    why: WhyTrack | None = Field(default=None, description="Why it is there; only with `why=true`.")


class FoundTracks(BaseModel):
    """Tracks that answer a query, best first."""

    terms: list[UnderstoodTerm]
    filters: list[str] = Field(description="Conditions as understood.")
    notes: list[str] = Field(description="What was left out or not understood.")
    approximated: list[str] = Field(description="Words that are not known, and whose vectors are approximate.")
    hits: list[FoundTrack]


class TagOfSound(BaseModel):
    """A tag that the model hears."""

    tag: str
    group: str = Field(description="Empty if unknown.")
    cosine: float = Field(description="Similarity of sound and tag, -1 to 1.")
    probability: float | None = Field(description="Calibrated score; null without calibration.")
    seen: bool | None = Field(description="Whether the tag was in training; null if unknown.")
    calibrated_on: str


class TagsOfSound(BaseModel):
    """Tags of a track or of an uploaded file, best first within each group."""

    path: str = Field(description="File of the track; of an upload, the name that was given.")
    tags: list[TagOfSound]
    file_tags: TagsInFile
    detail: str = Field(description="What was damaged in the file; empty if nothing was.")


class PositionedTrack(FoundTrack):
    """A track of a playlist; its score is its cosine with the query, or on a path with the track before it."""

    position: int
    title: str
    seconds: float
    start: float | None = Field(default=None, description="Begin in its file in seconds, for a part of a file.")
    end: float | None = Field(default=None, description="End in its file; null for the end of the file.")


class PlaylistAnswer(BaseModel):
    """A playlist."""

    terms: list[UnderstoodTerm]
    filters: list[str]
    notes: list[str] = Field(description="What was not understood, not found, or not reached.")
    approximated: list[str]
    minutes: float
    tracks: list[PositionedTrack]
