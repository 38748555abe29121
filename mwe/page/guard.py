"""Isolation of the page: the browser must not load anything from other hosts, and the server fetches nothing."""

import re
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mwe.core.errors import BadRequestError

# Gradio's scripts are partly inline and create functions from text
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'; "
    "frame-ancestors 'self'"
)
SITE = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")
# addresses at which Gradio fetches pages of other hosts for clients
FETCHING = ("/file=http:", "/file=https:", "/proxy=")


class Guard:
    """Adds the policy to every response, and refuses requests that would fetch from other hosts.

    Args:
        app: The application.
        framed_by: Sites that may show the page in a frame, beside its own.
    """

    def __init__(self, app: ASGIApp, framed_by: Sequence[str] = ()) -> None:
        policy = " ".join([POLICY, *framed_by])
        self.app, self.headers = (
            app,
            [(b"content-security-policy", policy.encode()), (b"referrer-policy", b"no-referrer")],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self.headers]}
            await send(message)

        if scope["type"] == "http" and any(address in scope["path"].lower() for address in FETCHING):
            await PlainTextResponse("forbidden", status_code=403)(scope, receive, guarded)
        else:
            await self.app(scope, receive, guarded)


def guard(framed_by: Sequence[str] = ()) -> list[Middleware]:
    """Return the middleware for an application.

    Args:
        framed_by: Sites that may show the page in a frame, beside its own.

    Raises:
        BadRequestError: One is no address of a site.
    """
    for site in framed_by:
        if not SITE.fullmatch(site):
            raise BadRequestError(f"{site!r} is no address of a site, such as https://huggingface.co")
    return [Middleware(Guard, framed_by=tuple(framed_by))]
