"""The command that answers other programs over HTTP."""

import signal
import sys
from pathlib import Path

from mwe.commands import LIBRARY
from mwe.core.errors import BadFileError, BadRequestError
from mwe.core.extras import require_extra
from mwe.core.numbers import PositiveInt

LEAST_TOKEN = 16  # characters


def service(
    library: Path = LIBRARY,
    /,
    host: str = "127.0.0.1",
    port: int = 7861,
    token_file: Path | None = None,
    upload_mb: PositiveInt = 50,
    rate: float = 20.0,
    approximate: bool = False,
) -> None:
    """Answer other programs over HTTP.

    Search, similar tracks, tags and playlists as JSON, described at ``/openapi.json``. For players there are similar
    songs by the Subsonic API below ``/rest/``. Assistants find tools by the Model Context Protocol at ``/mcp``. Needs
    the extra ``service``.

    It gives out what the library says of its tracks, and reads no file that a request names. Uploaded files are deleted
    once they are answered.

    Only programs of this computer are answered, unless ``--host`` gives another address. Then a token is needed.
    Nothing is encrypted: put a proxy with TLS before it on networks that you do not trust.

    Args:
        library: Folder of the library, as `mwe index` writes it.
        host: Address to listen on. With 0.0.0.0 everyone who reaches this computer and has the token may ask.
        port: Port to listen on.
        token_file: File with the token, 16 characters or more. Requests then need the header
            `Authorization: Bearer TOKEN`; players take it as the password of any user.
        upload_mb: Largest upload in megabytes.
        rate: Requests a second of one client. Those of four seconds may come at once.
        approximate: Whether to use the approximate index of `mwe library ann`.

    Examples:
        mwe service outputs/library
        mwe service outputs/library --host 0.0.0.0 --token_file token.txt
        curl "http://127.0.0.1:7861/v1/search?q=calm+piano&k=3"
    """
    from mwe.search import Library

    if not 0 < rate < float("inf"):
        raise BadRequestError(f"--rate {rate:g}: give requests a second, above 0")
    token = None if token_file is None else _token(token_file)
    opened = Library(library, approximate)
    for module in ("fastapi", "uvicorn"):
        require_extra(module, "service", "the service needs FastAPI and Uvicorn")
    from mwe.service.app import service_app
    from mwe.service.limits import ServiceLimits
    from mwe.service.server import listening_socket, run_server
    from mwe.service.shield import is_loopback

    if token is None and not is_loopback(host):
        raise BadRequestError(
            f"--host {host} is reached from other computers, so a token is needed. Write a secret of {LEAST_TOKEN} "
            "characters or more into a file, and give it with --token_file."
        )
    app = service_app(opened, ServiceLimits(rate=rate, upload_bytes=upload_mb * 1_000_000), token)
    try:
        listening = listening_socket(host, port)
    except (OSError, OverflowError):
        sys.exit(f"mwe service: {host}, port {port} cannot be listened on: taken? Give another with --port.")
    print(f"{len(opened):,} tracks at {_address(host, listening.getsockname()[1])} (stop with Ctrl+C)", flush=True)
    former = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with listening:
            run_server(app, listening)
    finally:
        signal.signal(signal.SIGTERM, former)


def _token(path: Path) -> str:
    """Return the token in a file.

    Raises:
        BadFileError: It is too short, or not one line of plain characters.
    """
    remedy = f"Write {LEAST_TOKEN} characters or more on one line, such as `openssl rand -hex 16` gives."
    try:
        token = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError as error:
        raise BadFileError(path, "the token has characters that are not ASCII", remedy) from error
    if len(token) < LEAST_TOKEN or not token.isprintable() or " " in token:
        raise BadFileError(path, f"no token of {LEAST_TOKEN} characters or more without spaces", remedy)
    return token


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
