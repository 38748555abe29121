"""Errors of a service as JSON: a kind for programs, and one clear line for people."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from mwe.core.errors import BadFileError, BadRequestError, MissingDataError, StaleArtefactError, UnknownNameError

KINDS = {
    400: "bad-request",
    401: "no-token",
    403: "refused",
    404: "not-found",
    405: "wrong-method",
    408: "too-slow",
    409: "library-lacks-it",
    413: "too-large",
    422: "unreadable-file",
    429: "too-many-requests",
    503: "busy",
}
STATUSES: dict[type[Exception], int] = {
    BadRequestError: 400,
    UnknownNameError: 404,
    MissingDataError: 409,
    StaleArtefactError: 409,
}


class Problem(BaseModel):
    """What went wrong."""

    kind: str = Field(description="For programs, such as bad-request or not-found.")
    message: str = Field(description="For people: what was expected, what came, and what to do.")


class ErrorBody(BaseModel):
    """The body of every answer that is an error."""

    error: Problem


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error as a response.

    Args:
        status: Status of HTTP.
        message: One line for people.
        headers: Further headers.
    """
    body = ErrorBody(error=Problem(kind=KINDS.get(status, "error"), message=message))
    return JSONResponse(body.model_dump(), status, headers)


def add_error_handlers(app: FastAPI) -> None:
    """Have an application answer errors as JSON.

    Args:
        app: The application.
    """
    for kind in STATUSES:
        app.add_exception_handler(kind, _of_library)
    app.add_exception_handler(BadFileError, _of_damage)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_parameters)
    app.add_exception_handler(Exception, _unexpected)


def _of_library(request: Request, error: Exception) -> JSONResponse:
    status = next(status for kind, status in STATUSES.items() if isinstance(error, kind))
    return error_response(status, str(error))


def _of_damage(request: Request, error: Exception) -> JSONResponse:
    return error_response(500, str(error))


def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, str(error.detail), dict(error.headers or {}))


def _of_parameters(request: Request, error: Exception) -> JSONResponse:
    """Name the parameters that are missing or wrong, without what was sent."""
    assert isinstance(error, RequestValidationError)
    told = [f"{'.'.join(map(str, wrong['loc'][1:]))}: {wrong['msg']}" for wrong in error.errors()]
    return error_response(400, "; ".join(told))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return error_response(500, "the service failed; its terminal says why")
