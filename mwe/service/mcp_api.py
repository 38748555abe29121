"""Tools for assistants by the Model Context Protocol: JSON-RPC in single requests of HTTP, without sessions."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

import mwe
from mwe.core.errors import REPORTED
from mwe.service.library_api import LONGEST_NAME, LONGEST_QUERY, MOST_NAMES, LibraryAPI
from mwe.service.limits import ServiceLimits
from mwe.service.playlist_api import PlaylistAPI
from mwe.service.uploads import bounded_body

PATH = "/mcp"
VERSIONS = ("2025-06-18", "2025-03-26")  # of the protocol, the preferred first
MOST_BYTES = 100_000  # of a request
NO_JSON, NO_REQUEST, NO_METHOD, BAD_PARAMETERS = -32700, -32600, -32601, -32602

TrackName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Few = Annotated[int, Field(ge=1, le=50)]
Why = Annotated[bool, Field(description="Whether to say why each track is there")]


class SearchArguments(BaseModel):
    """Find tracks of the music library by words, tags, artists and conditions on the tags in files."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(
        min_length=1, max_length=LONGEST_QUERY, description="Such as `calm + piano - drums genre:jazz year:1990..1999`"
    )
    count: Few = 10
    why: Why = False


class SimilarArguments(BaseModel):
    """Find the tracks of the music library that sound most like one or several of its tracks."""

    model_config = ConfigDict(extra="forbid")
    tracks: list[TrackName] = Field(min_length=1, max_length=MOST_NAMES, description="track_id of each, from search")
    count: Few = 10
    why: Why = False


class TagsArguments(BaseModel):
    """Say which tags (genres, moods, instruments) are heard in a track of the music library."""

    model_config = ConfigDict(extra="forbid")
    track: TrackName = Field(description="track_id, from search")


class PlaylistArguments(BaseModel):
    """Make a playlist near a query, in which no artist follows itself."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=LONGEST_QUERY, description="As for search")
    minutes: float = Field(default=60.0, gt=0, le=600)
    why: Why = False


class Tool(NamedTuple):
    """A tool: its arguments, whose docstring describes it, and its function."""

    arguments: type[BaseModel]
    call: Callable[..., BaseModel | Response]


class McpAPI:
    """Answers assistants for one library.

    Args:
        library: What programs may ask of the library.
        playlists: Its playlists.
        limits: Limits of bodies.
    """

    def __init__(self, library: LibraryAPI, playlists: PlaylistAPI, limits: ServiceLimits) -> None:
        self._upload_seconds = limits.upload_seconds
        self._tools = {
            "search": Tool(SearchArguments, lambda asked: library.search(asked.query, asked.count, why=asked.why)),
            "similar": Tool(SimilarArguments, lambda asked: library.similar(asked.tracks, asked.count, why=asked.why)),
            "tags": Tool(TagsArguments, lambda asked: library.tags(asked.track)),
            "playlist": Tool(
                PlaylistArguments,
                lambda asked: playlists.playlist(asked.query, minutes=asked.minutes, why=asked.why),
            ),
        }

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter()
        router.add_api_route(PATH, self.answer, methods=["POST"], response_class=Response, include_in_schema=False)
        return router

    async def answer(self, request: Request) -> Response:
        """Answer a message; one that asks for no answer is only acknowledged."""
        limits = ServiceLimits(upload_bytes=MOST_BYTES, upload_seconds=self._upload_seconds)
        body = b"".join([part async for part in bounded_body(request, limits)])
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            return _failed(None, NO_JSON, "the body is not JSON", 400)
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return _failed(None, NO_REQUEST, "the body is no message of JSON-RPC 2.0", 400)
        number, method, given = message.get("id"), message.get("method"), message.get("params") or {}
        if number is None or method is None:
            return Response(status_code=202)
        if not isinstance(number, str | int) or not isinstance(given, dict):
            return _failed(None, NO_REQUEST, "id must be text or a number, params an object", 400)
        if method == "tools/call":
            return await run_in_threadpool(self._called, number, given)
        results: dict[str, Callable[[], dict[str, Any]]] = {
            "initialize": lambda: _about(given),
            "ping": dict,
            "tools/list": lambda: {"tools": [_described(name, tool) for name, tool in self._tools.items()]},
        }
        if not isinstance(method, str) or method not in results:
            return _failed(number, NO_METHOD, f"there are {', '.join(results)} and tools/call")
        return JSONResponse({"jsonrpc": "2.0", "id": number, "result": results[method]()})

    def _called(self, number: str | int, given: Mapping[str, Any]) -> Response:
        """Return what a tool answers; its errors are answers too, which the assistant reads."""
        name = given.get("name")
        tool = self._tools.get(name) if isinstance(name, str) else None
        if tool is None:
            return _failed(number, BAD_PARAMETERS, f"no such tool; there are {', '.join(self._tools)}")
        result: dict[str, Any]
        try:
            answer = tool.call(tool.arguments.model_validate(given.get("arguments") or {}))
            assert isinstance(answer, BaseModel)
            content = answer.model_dump(mode="json", exclude_unset=True)
            result = {"content": [_text(json.dumps(content, ensure_ascii=False))], "structuredContent": content}
        except ValidationError as error:
            told = [f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in error.errors()]
            result = {"content": [_text("; ".join(told))], "isError": True}
        except HTTPException as error:
            result = {"content": [_text(error.detail)], "isError": True}
        except REPORTED as error:
            result = {"content": [_text(str(error))], "isError": True}
        return JSONResponse({"jsonrpc": "2.0", "id": number, "result": result})


def _about(given: Mapping[str, Any]) -> dict[str, Any]:
    asked = given.get("protocolVersion")
    version = asked if asked in VERSIONS else VERSIONS[0]
    server = {"name": "mwe", "title": "Music library", "version": mwe.__version__}
    return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}


def _described(name: str, tool: Tool) -> dict[str, Any]:
    schema = tool.arguments.model_json_schema()
    hints = {"readOnlyHint": True, "openWorldHint": False}
    return {"name": name, "description": schema.pop("description"), "inputSchema": schema, "annotations": hints}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _failed(number: str | int | None, code: int, message: str, status: int = 200) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}, status)
