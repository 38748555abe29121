"""The server of a service: it listens on one address until it is stopped."""

import socket

import uvicorn
from starlette.types import ASGIApp

CONNECTIONS = 256  # open at once; further ones are refused
HEADER_BYTES = 16_384


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.

    Raises:
        OSError: The address is taken or is none of this computer.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=CONNECTIONS)


def run_server(app: ASGIApp, listening: socket.socket) -> None:
    """Answer requests until the process gets SIGINT or SIGTERM.

    Requests are not logged: addresses of some hold credentials.

    Args:
        app: The application.
        listening: Where requests come from.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listening])
