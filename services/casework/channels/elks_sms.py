"""SMS through 46elks: one order, one answer, within a deadline; what is known when it fails is told apart.

`POST {base}/a1/sms` with HTTP Basic, form fields `from`, `to`, `message`, `whendelivered`; JSON back with `id` and
`status` (46elks' API reference, "Send SMS"). An order has no key of ours, so it must not be repeated when its fate is
unknown. What became of it is posted to `whendelivered`: form fields `id`, `status`, `delivered`.
"""

from typing import Literal
from urllib.parse import urlencode

import httpx

from shared.errors import PermanentError, TransientError

_SECONDS = 10.0
Away = Literal["connect", "timeout", "login", "later"]


class SmsRefusedError(PermanentError):
    """The provider will never take this SMS: an impossible number, or it says so."""


class SmsUnsentError(TransientError):
    """The provider has surely not taken the SMS: nobody answers, it knows us not, it has had enough for now."""

    def __init__(self, why: Away) -> None:
        super().__init__(why)
        self.why = why


class SmsUnknownError(TransientError):
    """Nobody knows whether the provider took the SMS: it did not answer the order, or answered with a fault."""


class ElksSms:
    """A client of the SMS door."""

    def __init__(self, url: str, user: str, password: str, *, reports: str = "", seconds: float = _SECONDS) -> None:
        """Make it; `reports` is the address (with its query) where the provider says what became of an SMS."""
        self._reports = reports
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            auth=httpx.BasicAuth(user, password),
            timeout=httpx.Timeout(seconds, connect=5.0),
            limits=httpx.Limits(max_connections=4),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, sender: str, recipient: str, message: str, own_id: str = "") -> str:
        """Order one SMS; returns the provider's id of it. Its reports name `own_id`, our id of it."""
        form = {"from": sender, "to": recipient, "message": message}
        if self._reports:
            form["whendelivered"] = f"{self._reports}&{urlencode({'sms': own_id})}"
        try:
            answer = await self._http.post("/a1/sms", data=form)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise SmsUnsentError("connect") from error
        except httpx.HTTPError as error:
            raise SmsUnknownError(type(error).__name__) from error
        return _id_of(answer)


def _id_of(answer: httpx.Response) -> str:
    match answer.status_code:
        case 200 | 201:
            pass
        case 401 | 403:
            raise SmsUnsentError("login")
        case 402 | 429 | 503:
            raise SmsUnsentError("later")
        case code if 400 <= code < 500:
            raise SmsRefusedError(f"{code}")
        case code:
            raise SmsUnknownError(f"{code}")
    try:
        body = answer.json()
    except ValueError as error:
        raise SmsUnknownError("answer") from error
    if not isinstance(body, dict) or body.get("status") == "failed":
        raise SmsRefusedError("failed")
    return str(body.get("id", ""))
