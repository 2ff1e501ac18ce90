"""Errors as the reader meets them: RFC 9457 problems for programs, a page for people, in Swedish or English."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from shared import database
from shared.errors import DomainError, FieldError, ForbiddenError, NotFoundError, TransientError
from shared.received import is_transient
from shared.web.languages import choose_language
from shared.web.problems import MEDIA_TYPE

_log = structlog.get_logger()

MOST_FAULTS = 100
"""So many places of one input are named; who mends them meets the rest."""
TYPE_PREFIX = "urn:kontaktcenter:problem:"


class InvalidError(DomainError):
    """The input is not of the right shape; `errors` say where."""

    type = "invalid-input"
    status = 422
    title = "Något i det du skickade stämmer inte."


class NotLoggedInError(DomainError):
    """Nobody is logged in, or the login has ended."""

    type = "not-logged-in"
    status = 401
    title = "Du behöver logga in."


class TooLargeError(DomainError):
    """The body is larger than this door takes."""

    type = "too-large"
    status = 413
    title = "Det du skickade är för stort."


class TooSlowError(DomainError):
    """The request did not come in the time that a request may take."""

    type = "too-slow"
    status = 408
    title = "Det du skickade kom inte fram i tid. Försök igen."


class TooManyError(DomainError):
    """The caller's address has used up its share; `retry_after` says when there is more."""

    type = "too-many"
    status = 429
    title = "Det kom för många anrop på kort tid. Vänta en liten stund och försök igen."


class HeadTooLargeError(DomainError):
    """The head of the request is larger, or has more fields, than any door takes."""

    type = "head-too-large"
    status = 431
    title = "Anropets huvud är för stort."


class UnreadableError(DomainError):
    """What came is no HTTP request."""

    type = "bad-request"
    status = 400
    title = "Det går inte att läsa det du skickade."


class BusyError(DomainError):
    """There is no room for another connection now."""

    type = "unavailable"
    status = 503
    retry_after = 5
    title = "Tjänsten är hårt belastad just nu. Försök igen om en liten stund."


class UnavailableError(DomainError):
    """A part that we stand on does not answer; trying again helps."""

    type = "unavailable"
    status = 503
    retry_after = 2
    title = "Tjänsten svarar inte just nu. Försök igen om en liten stund."


class UnexpectedError(DomainError):
    """A fault of ours."""

    type = "unexpected"
    status = 500
    title = "Något gick fel hos oss. Felet är noterat."


_FIELD_TEXTS: Mapping[str, str] = {
    "missing": "Uppgiften saknas.",
    "string_too_short": "Texten är för kort.",
    "string_too_long": "Texten är för lång.",
    "string_type": "Ska vara text.",
    "int_type": "Ska vara ett heltal.",
    "int_parsing": "Ska vara ett heltal.",
    "float_parsing": "Ska vara ett tal.",
    "bool_parsing": "Ska vara ja eller nej.",
    "enum": "Värdet är inte ett av dem som går att välja.",
    "literal_error": "Värdet är inte ett av dem som går att välja.",
    "json_invalid": "Det går inte att läsa som JSON.",
    "datetime_from_date_parsing": "Ska vara en tid med datum och zon.",
    "datetime_parsing": "Ska vara en tid med datum och zon.",
    "date_from_datetime_parsing": "Ska vara ett datum.",
    "greater_than_equal": "Talet är för litet.",
    "less_than_equal": "Talet är för stort.",
    "too_long": "Det är för många.",
    "base64": "Filen går inte att läsa som base64.",
    "extra_forbidden": "Uppgiften är inte känd här.",
}
_STATUS_TEXTS: Mapping[int, str] = {
    400: "Det går inte att läsa det du skickade.",
    405: "Så går det inte att göra här.",
    415: "Den sortens innehåll tas inte emot här.",
}
_FIELD_DEFAULT = "Värdet går inte att använda."
TEXTS = (*_FIELD_TEXTS.values(), *_STATUS_TEXTS.values(), _FIELD_DEFAULT)
"""Every text of this module that is not an error's title."""


def install(app: FastAPI) -> None:
    """Answer every error of the app by the rules of this module."""
    app.add_exception_handler(DomainError, _on_domain)
    app.add_exception_handler(TransientError, _on_transient)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def problem_response(request: Request, error: DomainError) -> Response:
    """Return the error as a page, where a person navigates, or as a problem."""
    wants_page = "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers
    if error.status == 401 and (wants_page or "hx-request" in request.headers):
        return _to_login(request)
    if wants_page and (pages := getattr(request.app.state, "pages", None)) is not None:
        page: Response = pages.render(request, "error.html", status_code=error.status, problem=_problem(request, error))
        _say_when(page, error)
        return page
    return problem_json(request, error)


def unexpected(request: Request, error: Exception) -> Response:
    """Return what the reader is told of an error nobody caught; a fault of ours is noted with its traceback.

    A part that is away is worth another try; a value that no column can hold is the caller's.
    """
    if is_transient(error):
        return _unavailable(request, error)
    if database.unusable(error):
        _log.warning("http.unusable_value", path=_path(request))
        return problem_response(request, InvalidError())
    _log.error("http.unexpected", path=_path(request), exc_info=error)
    return problem_response(request, UnexpectedError())


def field_pointer(location: Sequence[str | int]) -> str:
    """Return the JSON pointer of a place in the input: `("body", "fields", 0)` is `/fields/0`."""
    parts = location[1:] if location and location[0] in {"body", "query", "path", "header", "cookie"} else location
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _problem(request: Request, error: DomainError) -> dict[str, Any]:
    language = choose_language(request)
    texts = request.app.state.texts
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + error.type,
        "title": texts.text(language, error.title, **error.params),
        "status": error.status,
    }
    if error.detail:
        body["detail"] = texts.text(language, error.detail, **error.params)
    if error.errors:
        said = ((one.pointer, texts.text(language, one.detail, **one.params)) for one in error.errors)
        body["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in said]
    if request_id := getattr(request.state, "request_id", None):
        body["request_id"] = request_id
    return body


def problem_json(request: Request, error: DomainError) -> JSONResponse:
    """Return the error as a problem for programs."""
    response = JSONResponse(_problem(request, error), status_code=error.status, media_type=MEDIA_TYPE)
    response.headers["content-language"] = choose_language(request)
    response.headers["vary"] = "Accept-Language"
    _say_when(response, error)
    if error.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


def _say_when(response: Response, error: DomainError) -> None:
    wait = error.retry_after or (2 if error.status == 503 else None)
    if wait:
        response.headers["retry-after"] = str(wait)


def _to_login(request: Request) -> Response:
    links = request.app.state.links
    came_from = request.headers.get("hx-current-url") or str(request.url)
    address = f"{links.to('casework', '/login')}?next={quote(came_from, safe='')}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, status_code=303)


async def _on_domain(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 - registered for it
    return problem_response(request, error)


async def _on_transient(request: Request, error: Exception) -> Response:
    return _unavailable(request, error)


def _unavailable(request: Request, error: Exception) -> Response:
    _log.warning("http.unavailable", path=_path(request), error=type(error).__name__)
    return problem_response(request, UnavailableError())


def _path(request: Request) -> str:
    """Return the path as it goes into a log: on one line, and nothing behind the name of a webhook with a token."""
    path = request.url.path
    for door in ("/webhooks/cti", "/webhooks/qmatic"):
        before, found, _ = path.partition(f"{door}/")
        path = before + door if found else path
    return quote(path)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    faults = [
        FieldError(field_pointer(fault["loc"]), _FIELD_TEXTS.get(fault["type"], _FIELD_DEFAULT))
        for fault in error.errors()[:MOST_FAULTS]
    ]
    return problem_response(request, InvalidError(errors=faults))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    response = problem_response(request, _from_status(error.status_code))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def _from_status(status: int) -> DomainError:
    known: dict[int, type[DomainError]] = {
        401: NotLoggedInError,
        403: ForbiddenError,
        404: NotFoundError,
        408: TooSlowError,
        413: TooLargeError,
        503: UnavailableError,
    }
    if status in known:
        return known[status]()
    error = DomainError()
    error.status = status
    error.type = HTTPStatus(status).phrase.lower().replace(" ", "-")
    error.title = _STATUS_TEXTS.get(status, error.title)
    return error
