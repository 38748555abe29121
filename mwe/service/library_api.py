"""What other programs may ask of a library: search, similar tracks, and tags of its tracks or of an uploaded file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

import mwe
from mwe.audio.cover import LONGEST_SIDE, CoverCache
from mwe.audio.upload_size import require_bounded
from mwe.core.errors import BadFileError
from mwe.search import Filters, Library, QueryError
from mwe.search.asked import ask
from mwe.search.grammar import ParsedQuery, Term, TermKind, parse_query
from mwe.search.playlist_track import actual_path
from mwe.search.reasons import reasons, tell_reasons
from mwe.service.answers import FoundTracks, LibraryAbout, TagsOfSound
from mwe.service.limits import ServiceLimits
from mwe.service.uploads import store_body

LONGEST_QUERY, LONGEST_NAME, MOST_NAMES, MOST_TRACKS, MOST_TAGS = 500, 1024, 20, 500, 50
KINDS: tuple[TermKind, ...] = ("words", "tag", "artist", "track")  # never files of the service's computer
UPLOAD = "upload"

Name = Annotated[str, Query(min_length=1, max_length=LONGEST_NAME)]
Names = Annotated[list[Name], Query(max_length=MOST_NAMES)]
QueryText = Annotated[
    str, Query(min_length=1, max_length=LONGEST_QUERY, description="As in `mwe search`: `calm + piano - drums`.")
]
Count = Annotated[int, Query(ge=1, le=MOST_TRACKS, description="Most tracks.")]
TagCount = Annotated[int, Query(ge=1, le=MOST_TAGS, description="Most tags of each group.")]
PerArtist = Annotated[int | None, Query(ge=1, le=MOST_TRACKS, description="Most tracks of one artist.")]
Why = Annotated[bool, Query(description="Whether to say why each track is there.")]
Side = Annotated[int, Query(ge=16, le=LONGEST_SIDE, description="Pixels of its longer side at most.")]
AUDIO = {"requestBody": {"required": True, "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}}


class LibraryAPI:
    """Answers for one library, one at a time.

    Args:
        library: The library.
        lock: Held while the library is read, since it is not thread-safe.
        limits: Limits of uploads.
        covers: Covers of its tracks.
    """

    def __init__(self, library: Library, lock: Lock, limits: ServiceLimits, covers: CoverCache) -> None:
        self.library, self._lock, self._limits, self._covers = library, lock, limits, covers

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/v1", tags=["library"])
        router.add_api_route("/library", self.about, summary="What the library has")
        # `why` is there where it is asked for
        set_alone: dict[str, Any] = {"response_model_exclude_unset": True}
        router.add_api_route(
            "/search", self.search, summary="Tracks by words, tags, artists or conditions", **set_alone
        )
        router.add_api_route(
            "/similar", self.similar, summary="Tracks that sound like one or several tracks", **set_alone
        )
        router.add_api_route("/tags", self.tags, summary="Tags that the model hears in a track")
        router.add_api_route(
            "/cover",
            self.cover,
            summary="The cover of a track as JPEG",
            response_class=Response,
            responses={200: {"content": {"image/jpeg": {}}}},
        )
        router.add_api_route(
            "/tags", self.upload_tags, methods=["POST"], summary="Tags of an uploaded file", openapi_extra=AUDIO
        )
        router.add_api_route(
            "/similar",
            self.upload_similar,
            methods=["POST"],
            summary="Tracks that sound like an uploaded file",
            openapi_extra=AUDIO,
            **set_alone,
        )
        return router

    def about(self) -> LibraryAbout:
        """Say how many tracks and tags there are."""
        with self._lock:
            tags = len(self.library.tags)
        return LibraryAbout(tracks=len(self.library), tags=tags, space=self.library.space, version=mwe.__version__)

    def search(
        self,
        q: QueryText,
        k: Count = 10,
        per_artist: PerArtist = None,
        tags: Names = [],  # noqa: B006 - FastAPI copies it
        without_tags: Names = [],  # noqa: B006
        why: Why = False,
    ) -> FoundTracks:
        """Find tracks. Conditions such as `genre:jazz year:1990..1999` are part of the query."""
        terms, conditions = parse_safely(q)
        return self._found(terms, k, Filters(tuple(tags), tuple(without_tags), conditions=conditions), per_artist, why)

    def similar(
        self,
        track: Annotated[list[Name], Query(min_length=1, max_length=MOST_NAMES, description="IDs of tracks.")],
        k: Count = 10,
        per_artist: PerArtist = None,
        why: Why = False,
    ) -> FoundTracks:
        """Find the tracks nearest to the sum of the given ones, which are left out."""
        with self._lock:
            terms = [Term("track", known_track(self.library, name)) for name in track]
        return self._found(terms, k, Filters(), per_artist, why)

    def tags(self, track: Name, k: TagCount = 5) -> TagsOfSound:
        """Say which tags the model hears in a track of the library, from its stored vector."""
        with self._lock:
            row = self.library.row_of(known_track(self.library, track))
            assert row is not None
            hit, scores = self.library.hit(row), self.library.tags_of_vector(self.library.vectors([row])[0], k)
        told = {"path": hit.path, "tags": [score._asdict() for score in scores], "detail": ""}
        return TagsOfSound.model_validate({**told, "file_tags": hit.file_tags._asdict()})

    def cover(self, track: Name, side: Side = 300) -> Response:
        """Return the picture in the file of a track, or else the one beside it (`cover.jpg`, `folder.jpg`)."""
        with self._lock:
            row = self.library.row_of(known_track(self.library, track))
            assert row is not None
            path = actual_path(self.library.row(row)["path"])
        content = self._covers.cover(path, side)
        if content is None:
            raise HTTPException(404, f"track {track!r} has no cover that can be read")
        return Response(content, media_type="image/jpeg")

    async def upload_tags(self, request: Request, name: Name = UPLOAD, k: TagCount = 5) -> TagsOfSound:
        """Say which tags the model hears in a file. Send its content as the body; it is deleted afterwards."""
        with tempfile.TemporaryDirectory(prefix="mwe-service-") as folder:
            path = await store_body(request, name, Path(folder), self._limits)
            return await run_in_threadpool(self._tags_of_file, path, Path(name).name, k)

    async def upload_similar(
        self, request: Request, name: Name = UPLOAD, k: Count = 10, per_artist: PerArtist = None, why: Why = False
    ) -> FoundTracks:
        """Find the tracks nearest to a file. Send its content as the body; it is deleted afterwards."""
        with tempfile.TemporaryDirectory(prefix="mwe-service-") as folder:
            path = await store_body(request, name, Path(folder), self._limits)
            return await run_in_threadpool(self._similar_to_file, path, Path(name).name, k, per_artist, why)

    def _tags_of_file(self, path: Path, name: str, k: int) -> TagsOfSound:
        with self._lock:
            tagged = self._tagged(path, name, k)
        return TagsOfSound.model_validate({**tagged, "path": name})

    def _similar_to_file(self, path: Path, name: str, k: int, per_artist: int | None, why: bool) -> FoundTracks:
        with self._lock:
            self._tagged(path, name, 1)  # refuses what cannot be read
        answer = self._found([Term("file", str(path))], k, Filters(), per_artist, why)
        answer.terms[0].understood = f"file {name}"
        for explained in (hit.why for hit in answer.hits if hit.why):
            explained.terms[0].understood = f"file {name}"
        return answer

    def _tagged(self, path: Path, name: str, k: int) -> dict[str, Any]:
        """Return the tags of a file; HTTP error 422 if it cannot be used."""
        try:
            require_bounded(path, self.library.store.trained.preprocessing.max_seconds)
        except BadFileError as error:
            raise HTTPException(422, str(error).replace(path.name, name, 1)) from error
        tagged = self.library.tag_files([path], k)[0]
        if not tagged.usable:
            raise HTTPException(422, f"{name}: {tagged.status}: {tagged.detail}")
        return tagged.to_dict()

    def _found(self, terms: Sequence[Term], k: int, filters: Filters, per_artist: int | None, why: bool) -> FoundTracks:
        with self._lock:
            asked = ask(self.library.store, terms, filters)
            answer = self.library.answer(asked, k, per_artist)
            explained = reasons(self.library, asked, answer.hits) if why else []
        content = answer.to_dict()
        tell_reasons(content["hits"], explained)
        return FoundTracks.model_validate(content)


def known_track(library: Library, name: str) -> str:
    """Return the ID of a track that a request names.

    Args:
        library: The library; the caller holds its lock.
        name: Its ID, or a file name that only one track has.

    Raises:
        HTTPException: The library does not have it.
    """
    row = library.row_of(name)
    if row is None:
        raise HTTPException(404, f"no track {name!r} in the library; /v1/search tells the IDs of tracks")
    return str(library.row(row)["track_id"])


def parse_safely(text: str) -> ParsedQuery:
    """Return the terms and conditions of a query that comes from outside.

    Raises:
        QueryError: The query is malformed, or names a file of the service's computer.

    Examples:
        >>> [str(term) for term in parse_safely("calm - tag:drums").terms]
        ['calm', '-1*tag:drums']
        >>> parse_safely("file:/etc/passwd")
        Traceback (most recent call last):
            ...
        mwe.search.grammar.QueryError: query 'file:/etc/passwd': the service reads no files by name; send ...
    """
    parsed = parse_query(text)
    if any(term.kind not in KINDS for term in parsed.terms):
        raise QueryError(text, "the service reads no files by name; send the content of a file to /v1/similar")
    return parsed
