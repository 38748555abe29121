"""Limits of a service, and the bucket that counts the requests of each client."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

CLIENTS = 4096  # whose requests are counted; the longest silent are forgotten first
BURST_SECONDS = 4  # requests of so many seconds may come at once


@dataclass(frozen=True)
class ServiceLimits:
    """What a service takes on.

    Args:
        rate: Requests a second of one client.
        upload_bytes: Largest body of a request.
        upload_seconds: Longest time in which a body may arrive.
        at_once: Requests that are answered at the same time.
    """

    rate: float = 20.0
    upload_bytes: int = 50_000_000
    upload_seconds: float = 60.0
    at_once: int = 16


class RateLimit:
    """Counts requests of each client by a token bucket.

    Args:
        rate: Requests a second in the long run.
        clock: Seconds of a clock that never goes back.

    Examples:
        >>> seconds = 0.0
        >>> limit = RateLimit(0.5, clock=lambda: seconds)
        >>> [limit.wait("a"), limit.wait("a"), limit.wait("a"), limit.wait("b")]
        [0.0, 0.0, 2.0, 0.0]
        >>> seconds = 2.0
        >>> limit.wait("a")
        0.0
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._most, self._clock = rate, max(rate * BURST_SECONDS, 1.0), clock
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Count a request; return 0, or the seconds after which the client may ask again.

        Args:
            client: Address of the client.
        """
        now = self._clock()
        left, last = self._clients.pop(client, (self._most, now))
        left = min(left + (now - last) * self._rate, self._most)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._clients[client] = (left if wait else left - 1, now)
        if len(self._clients) > CLIENTS:
            self._clients.popitem(last=False)
        return wait
