"""Tokens of OAuth2's client credentials (RFC 6749, 4.4) and the XOAUTH2 answer: what Exchange Online requires.

Blocking, as the mailbox is that it serves; the whole exchange ends within the timeout.
"""

import ssl
import time
from collections.abc import Callable

import httpx
from pydantic import BaseModel, Field, ValidationError

from services.intake.channels.account import OAuth2
from services.intake.channels.imap_errors import LoginRefusedError, ServerError

EARLY_SECONDS = 60.0
"""A token is replaced so long before it ends, for clocks differ and logins take time."""
MOST_BYTES = 100_000
REFUSED = frozenset({400, 401, 403})
"""The application, its secret or its scope is wrong: asking again soon does not help."""


class _Token(BaseModel):
    access_token: str = Field(min_length=1, max_length=50_000)
    expires_in: float = Field(300.0, gt=0)


class _Problem(BaseModel):
    error: str = Field("", max_length=200)
    error_description: str = ""


class Tokens:
    """The token of one mailbox: asked for when there is none, kept until shortly before its end; one thread's own."""

    def __init__(self, oauth2: OAuth2, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._oauth2 = oauth2
        self._timeout = timeout
        self._clock = clock
        self._token = ""
        self._until = 0.0

    def token(self) -> tuple[str, bool]:
        """Return a token and whether it was asked for just now."""
        if self._token and self._clock() < self._until:
            return self._token, False
        asked = self._clock()
        told = self._ask()
        self._token = told.access_token
        self._until = asked + max(told.expires_in - EARLY_SECONDS, told.expires_in / 2)
        return self._token, True

    def forget(self) -> None:
        """Ask for another next time: the server would not have this one."""
        self._token = ""

    def _ask(self) -> _Token:
        status, body = self._post()
        if status in REFUSED:
            raise LoginRefusedError(f"the token's server: {_problem(body) or status}")
        if status != httpx.codes.OK:
            raise ServerError(f"the token's server answered {status}")
        try:
            return _Token.model_validate_json(body)
        except ValidationError as error:
            raise ServerError("the token's server answered without a token") from error

    def _post(self) -> tuple[int, bytes]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._oauth2.client_id,
            "client_secret": self._oauth2.client_secret,
        }
        if self._oauth2.scope:
            form["scope"] = self._oauth2.scope
        trusted = ssl.create_default_context(cafile=self._oauth2.ca_file or None)
        until = time.monotonic() + self._timeout
        try:
            with (
                httpx.Client(timeout=self._timeout, verify=trusted) as client,
                client.stream("POST", self._oauth2.token_url, data=form) as answer,
            ):
                body = b""
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES or time.monotonic() > until:
                        raise ServerError("the token's server does not come to an end")
                return answer.status_code, body
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServerError(f"the token's server: {type(error).__name__} {str(error)[:100]}") from error


def _problem(body: bytes) -> str:
    try:
        told = _Problem.model_validate_json(body)
    except ValidationError:
        return ""
    return " ".join(f"{told.error} {told.error_description[:150]}".split())


def xoauth2(user: str, token: str) -> Callable[[bytes], bytes]:
    """Return what answers the server's challenges: the token first, then nothing, so that a refusal says why."""
    answers = iter((f"user={user}\x01auth=Bearer {token}\x01\x01".encode(),))
    return lambda _challenge: next(answers, b"")
