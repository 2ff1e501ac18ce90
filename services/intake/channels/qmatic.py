"""Qmatic Orchestra: reads its webhook, and asks its REST to send to us and who waits in a branch.

The sender of the webhook is Orchestra's module of events (`/qpevents`): unsigned, and it forgets an endpoint after one
failure, so we ask it again and again (asked twice it sends once). Parameters come and go with versions: what is missing
is empty, what is unknown is passed over.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from services.intake.domain.qmatic import NAMES, Happened, Said
from services.intake.domain.text import one_line
from shared.clock import STOCKHOLM
from shared.errors import TransientError

_SECONDS = 10.0
_MOST = 5_000_000
"""Bytes of an answer above which it is given up."""
_LONGEST = 100
_TICKET = 12


class OrchestraDownError(TransientError):
    """Orchestra did not answer in time, or not as it should."""


def read(body: object, now: datetime) -> Said | None:
    """Return what an event says; None when it is nothing about a visit that we can know."""
    if not isinstance(body, Mapping):
        return None
    given = body.get("parameters")
    parameters: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    happened = NAMES.get(_text(body, "eventName"))
    visit, branch = _text(parameters, "visitId"), _text(parameters, "branchId") or _text(body, "unitId")
    if happened is None or not visit or not branch:
        return None
    return Said(
        happened=happened,
        at=_moment(body.get("eventTime"), now),
        branch=branch,
        visit=visit,
        ticket=_text(parameters, "ticketId", "ticket")[:_TICKET],
        service=_text(parameters, "service", "serviceExtName", "serviceIntName", "queueName"),
        user=_text(parameters, "userName", "user", "userId"),
    )


def _text(values: Mapping[str, Any], *names: str) -> str:
    """Return the first of these that is said, as one line; numbers are texts here, anything else is nothing."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and (plain := one_line(str(value)[:400])):
            return plain[:_LONGEST]
    return ""


def _moment(value: object, now: datetime) -> datetime:
    """Return when it happened: a time without a zone is Swedish; one that cannot be read, or lies ahead, is now."""
    try:
        said = datetime.fromisoformat(value) if isinstance(value, str) else now
        said = said if said.tzinfo else said.replace(tzinfo=STOCKHOLM)
        return min(said.astimezone(now.tzinfo), now)
    except (ValueError, OverflowError):
        return now


@dataclass(frozen=True, slots=True)
class Orchestra:
    """Orchestra's REST at `url`, with a token of its gateway; every question has a deadline."""

    url: str
    token: SecretStr
    seconds: float = _SECONDS

    async def register(self, endpoint: str) -> None:
        """Have its events sent to an address of ours; the same again is nothing."""
        await self._get(f"/qpevents/hooks/register?url={quote(endpoint, safe='')}")

    async def waiting(self, branch: str, now: datetime) -> list[Said] | None:
        """Return who waits in the queues of a branch, as if each had just come; None when it has no queues at all."""
        base = f"/rest/servicepoint/branches/{quote(branch, safe='')}/queues/"
        found: list[Said] = []
        queues = _rows(await self._get(base))
        for queue in queues:
            if name := _text(queue, "id"):
                visits = _rows(await self._get(f"{base}{quote(name, safe='')}/visits"))
                found += [
                    _waits(one, branch, _text(queue, "name"), now) for one in visits if _text(one, "visitId", "id")
                ]
        return found if queues else None

    async def _get(self, path: str) -> Any:
        headers = {"auth-token": self.token.get_secret_value(), "accept": "application/json"}
        try:
            async with (
                asyncio.timeout(self.seconds),
                httpx.AsyncClient(timeout=self.seconds, headers=headers) as http,
                http.stream("GET", self.url.rstrip("/") + path) as answer,
            ):
                if not answer.is_success:
                    raise OrchestraDownError(str(answer.status_code))
                body = await _body(answer)
            return json.loads(body) if body else None
        except (httpx.HTTPError, ValueError, RecursionError, TimeoutError) as error:
            raise OrchestraDownError(type(error).__name__) from error


async def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > _MOST:
            raise OrchestraDownError("answer too large")
    return bytes(body)


def _rows(answer: object) -> list[Mapping[str, Any]]:
    """Return the rows of a list; what is no list says nothing about who waits."""
    if not isinstance(answer, list):
        raise OrchestraDownError("no list")
    return [one for one in answer if isinstance(one, Mapping)]


def _waits(row: Mapping[str, Any], branch: str, queue: str, now: datetime) -> Said:
    ticket = _text(row, "ticketId", "ticket")[:_TICKET]
    visit = _text(row, "visitId", "id")
    return Said(Happened.CAME, now, branch, visit, ticket, _text(row, "serviceName", "service") or queue)
