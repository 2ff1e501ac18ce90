"""Intake's doors, as casework knocks on them: rarely, so that each knock has a connection of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import httpx
from pydantic import SecretStr

from shared.errors import ConflictError, DomainError, NotFoundError, TransientError

_SECONDS = 10.0


class IntakeDownError(TransientError):
    """Intake did not answer in time."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What follows when a called visitor does not come: she is called again (for which time), or her visit is over."""

    again: bool
    calls: int


@dataclass(frozen=True, slots=True)
class Intake:
    """HTTP to intake at `url`, with the machine's token."""

    url: str
    token: SecretStr
    seconds: float = _SECONDS

    async def read_again(self, contact_id: str) -> bool:
        """Have the original of a mail read anew and return whether it could be; NotFoundError without an original.

        What it says comes as `contact.reread`.
        """
        answer = await self._post(f"/api/v1/mails/{contact_id}/read-again")
        return answer.get("unreadable") is not True

    async def missed(self, contact_id: str, key: str) -> Missed:
        """Say that a called visitor did not come; the same `key` is the same answer.

        NotFoundError for a visitor that intake does not know, ConflictError for one who is not called.
        """
        answer = await self._post(f"/api/v1/visits/{contact_id}/missed", {"Idempotency-Key": key})
        return Missed(again=bool(answer["again"]), calls=int(answer["calls"]))

    async def connect(self, contact_id: str, number: str) -> None:
        """Have a caller who talks to an agent passed on to a number (E.164) when the agent puts her receiver down.

        NotFoundError for a call that intake does not lead, or in which nobody talks.
        """
        await self._post(f"/api/v1/calls/{contact_id}/connect", body={"number": number})

    async def _post(
        self, path: str, more: Mapping[str, str] | None = None, body: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token.get_secret_value()}", **(more or {})}
        try:
            async with httpx.AsyncClient(timeout=self.seconds, headers=headers) as http:
                answer = await http.post(self.url.rstrip("/") + path, json=body)
        except httpx.HTTPError as error:
            raise IntakeDownError(type(error).__name__) from error
        if answer.status_code == 404:
            raise NotFoundError
        if answer.status_code == 409:
            raise ConflictError
        if answer.status_code >= 500:
            raise IntakeDownError(str(answer.status_code))
        if answer.status_code >= 400:
            raise DomainError(answer.text[:200])
        return cast("dict[str, Any]", answer.json()) if answer.content else {}
