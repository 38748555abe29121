"""The service as an application: its routes, its OpenAPI description and what stands before them."""

from threading import Lock

from fastapi import FastAPI
from starlette.types import ASGIApp

import mwe
from mwe.audio.cover import CoverCache
from mwe.search import Library
from mwe.service.errors import ErrorBody, add_error_handlers
from mwe.service.library_api import LibraryAPI
from mwe.service.limits import ServiceLimits
from mwe.service.mcp_api import McpAPI
from mwe.service.playlist_api import PlaylistAPI
from mwe.service.shield import Shield
from mwe.service.subsonic_api import PREFIX, SubsonicAPI

ABOUT = "Search a music library by words, tags, artists and sound; similar tracks; tags of audio files."
ERRORS = (400, 401, 403, 404, 409, 413, 422, 429, 503)


def service_app(library: Library, limits: ServiceLimits = ServiceLimits(), token: str | None = None) -> ASGIApp:  # noqa: B008 - frozen
    """Return the service of a library.

    Args:
        library: The library.
        limits: What it takes on.
        token: Token that every request needs; None if only this computer asks.
    """
    app = FastAPI(
        title="mwe",
        description=ABOUT,
        version=mwe.__version__,
        docs_url=None,  # these pages load scripts of other hosts
        redoc_url=None,
        responses={status: {"model": ErrorBody} for status in ERRORS},
    )
    add_error_handlers(app)
    lock = Lock()  # a library is not thread-safe
    covers = CoverCache()
    tracks, playlists = LibraryAPI(library, lock, limits, covers), PlaylistAPI(library, lock)
    for api in (tracks, playlists, McpAPI(tracks, playlists, limits), SubsonicAPI(library, lock, token, covers)):
        app.include_router(api.router())
    return Shield(app, limits, token, own_login=PREFIX)
