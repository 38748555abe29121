"""Bodies of requests that are read within limits of size and time."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from mwe.service.limits import ServiceLimits

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


async def store_body(request: Request, name: str, folder: Path, limits: ServiceLimits) -> Path:
    """Write the body of a request to a file, and return its path.

    Args:
        request: The request.
        name: Name that the client gave; only its ending is used, and only if it is plain.
        folder: Folder to write to.
        limits: Limits of size and time.

    Raises:
        HTTPException: The body is empty, too large or too slow.
    """
    ending = Path(name).suffix
    path = folder / f"upload{ending if _SUFFIX.fullmatch(ending) else ''}"
    with path.open("xb") as file:
        async for part in bounded_body(request, limits):
            file.write(part)
    if not path.stat().st_size:
        raise HTTPException(400, "the body is empty; send the content of an audio file")
    return path


async def bounded_body(request: Request, limits: ServiceLimits) -> AsyncIterator[bytes]:
    """Yield the parts of the body of a request, whatever length it declares.

    Args:
        request: The request.
        limits: Limits of size and time.

    Raises:
        HTTPException: The body is too large or too slow, or the client went away.
    """
    size = 0
    try:
        async with asyncio.timeout(limits.upload_seconds):
            async for part in request.stream():
                size += len(part)
                if size > limits.upload_bytes:
                    raise HTTPException(413, f"the body is larger than {limits.upload_bytes:,} bytes")
                yield part
    except TimeoutError as error:
        raise HTTPException(408, f"the body took longer than {limits.upload_seconds:g} s") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the client went away") from error
