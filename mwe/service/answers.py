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


class FoundTrack(BaseModel):
    """A track of the library."""

    track_id: str
    artist_id: str = Field(description="Empty if unknown.")
    path: str = Field(description="Its file, on the computer of the service.")
    score: float | None = Field(description="Cosine with the query, -1 to 1; null without terms to compare with.")
    tags: list[str] = Field(description="Its tags in the library.")
    file_tags: TagsInFile = Field(description="Tags in its file, such as title, artist, album and year.")


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
