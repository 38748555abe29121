"""Keeps the page to itself: the browser is told to ask no other host for anything, and the server fetches nothing."""

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio's own scripts are partly inline and make functions of text
POLICY = (
    b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'; "
    b"frame-ancestors 'self'"
)
HEADERS = [(b"content-security-policy", POLICY), (b"referrer-policy", b"no-referrer")]
# addresses at which Gradio fetches pages of other hosts for whoever asks
FETCHING = ("/file=http:", "/file=https:", "/proxy=")


class Guard:
    """Adds the policy to every answer and refuses what would fetch from elsewhere.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
            await send(message)

        if scope["type"] == "http" and any(one in scope["path"].lower() for one in FETCHING):
            await PlainTextResponse("not given out", status_code=403)(scope, receive, guarded)
        else:
            await self.app(scope, receive, guarded)


def guard() -> list[Middleware]:
    """The middleware as an application takes it."""
    return [Middleware(Guard)]
