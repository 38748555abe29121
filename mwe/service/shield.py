"""What stands before a service: its token, the hosts it answers for, and its limits."""

import hmac
import ipaddress
from math import ceil
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mwe.service.errors import error_response
from mwe.service.limits import RateLimit, ServiceLimits

HEADERS = [
    (b"cache-control", b"no-store"),  # answers change when the library is indexed again
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]


def is_loopback(host: str) -> bool:
    """Return whether an address is reached from this computer alone.

    Examples:
        >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.1.2", "example.org")]
        [True, True, True, False, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Shield:
    """Refuses requests before they reach the service.

    With a token, every request needs it, as ``Authorization: Bearer TOKEN``. Without one, only requests to an address
    of this computer are answered, and none that a web page of another host sends by a browser.

    Args:
        app: The service.
        limits: Its limits.
        token: The token; None if there is none.
        own_login: Beginning of the paths that check the token in another way.
    """

    def __init__(self, app: ASGIApp, limits: ServiceLimits, token: str | None = None, own_login: str = "") -> None:
        self._app, self._limits, self._own_login = app, limits, own_login
        self._token = None if token is None else token.encode()
        self._rate = RateLimit(limits.rate)
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, shielded)
            return
        self._at_once += 1
        try:
            await self._app(scope, receive, shielded)
        finally:
            self._at_once -= 1

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        """Return why a request is refused; None if it is not."""
        client = scope.get("client") or ("",)
        headers = Headers(scope=scope)
        if wait := self._rate.wait(client[0]):
            message = f"more than {self._limits.rate:g} requests a second; wait {wait:.1f} s"
            return error_response(429, message, {"Retry-After": str(ceil(wait))})
        if self._token is None and (foreign := _foreign(headers)):
            return error_response(403, foreign)
        if self._token is not None and not self._has_token(scope["path"], headers):
            message = "a token is needed: send the header `Authorization: Bearer TOKEN`"
            return error_response(401, message, {"WWW-Authenticate": "Bearer"})
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > self._limits.upload_bytes:
            return too_large(self._limits.upload_bytes)
        if self._at_once >= self._limits.at_once:
            message = f"{self._at_once} requests are being answered; try again"
            return error_response(503, message, {"Retry-After": "1"})
        return None

    def _has_token(self, path: str, headers: Headers) -> bool:
        if self._own_login and path.startswith(self._own_login):
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        assert self._token is not None
        # compared in constant time, and as bytes, since text must be ASCII there
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token)


def too_large(upload_bytes: int) -> JSONResponse:
    """Return the error for a body above the limit."""
    return error_response(413, f"the body is larger than {upload_bytes:,} bytes; --upload_mb sets the limit")


def _foreign(headers: Headers) -> str:
    """Return why a request without a token does not come from a program of this computer; empty if it does."""
    host = _name(f"//{headers.get('host', '')}")
    if not is_loopback(host):
        return f"host {host!r} is not this computer; without --token_file only 127.0.0.1 and localhost are answered"
    origin = headers.get("origin")
    if origin is not None and not is_loopback(_name(origin)):
        return f"a page of {origin!r} may not ask; only pages of this computer may"
    return ""


def _name(address: str) -> str:
    """Return the host of an address, without its port; empty if it has none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
