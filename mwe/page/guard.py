"""Isolation of the page: the browser must not load anything from other hosts, and the server fetches nothing."""

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio's scripts are partly inline and create functions from text
POLICY = (
    b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'; "
    b"frame-ancestors 'self'"
)
HEADERS = [(b"content-security-policy", POLICY), (b"referrer-policy", b"no-referrer")]
# addresses at which Gradio fetches pages of other hosts for clients
FETCHING = ("/file=http:", "/file=https:", "/proxy=")


class Guard:
    """Adds the policy to every response, and refuses requests that would fetch from other hosts.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
            await send(message)

        if scope["type"] == "http" and any(address in scope["path"].lower() for address in FETCHING):
            await PlainTextResponse("forbidden", status_code=403)(scope, receive, guarded)
        else:
            await self.app(scope, receive, guarded)


def guard() -> list[Middleware]:
    """Return the middleware for an application."""
    return [Middleware(Guard)]
