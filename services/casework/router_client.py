"""The router's doors, as casework knocks on them: bearer token, deadlines, a bound on connections, errors mapped."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import httpx

from shared.errors import ConflictError, DomainError, NotFoundError, TransientError

_SECONDS = 3.0
_PULL_MARGIN = 5.0

Json = dict[str, Any]


class RouterDownError(TransientError):
    """The router did not answer in time."""


class RouterClient:
    """HTTP to the router; every method has a deadline and raises RouterDownError when it is not kept."""

    def __init__(self, url: str, token: str, *, connections: int = 200) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=50),
            timeout=httpx.Timeout(_SECONDS, pool=_SECONDS),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def presence(
        self, agent_id: str, presence: str, reason: str | None = None, mode: str | None = None, *, chosen: bool = False
    ) -> Json:
        """Say what the agent is available for; repeated every 10 s it is her heartbeat, `chosen` when she says it now.

        Returns her after-work, and whether a supervisor has sent her away.
        """
        body = _given(presence=presence, reason=reason, mode=mode, chosen=chosen or None)
        return await self._json("PUT", f"/api/v1/agents/{agent_id}/presence", body)

    async def modes(self, agent_id: str) -> list[str]:
        """Return the work modes that the agent may choose among."""
        return cast("list[str]", (await self._json("GET", f"/api/v1/agents/{agent_id}/modes"))["items"])

    async def pull(
        self, agent_id: str, wait: float = 25, channels: Sequence[str] | None = None, mode: str | None = None
    ) -> Json | None:
        """Wait for an offer for at most `wait` seconds; None when there was none."""
        body = _given(channels=list(channels) if channels else None, mode=mode)
        path = f"/api/v1/agents/{agent_id}/pull?wait={wait:g}"
        answer = await self._ask("POST", path, body, seconds=wait + _PULL_MARGIN)
        return None if answer.status_code == 204 else cast("Json", answer.json())

    async def accept(self, offer_id: str, epoch: int) -> Json:
        """Take an offer; ConflictError when it is no longer the agent's. Returns contact id and epoch."""
        return await self._json("POST", f"/api/v1/offers/{offer_id}/accept", {"epoch": epoch})

    async def decline(self, offer_id: str, epoch: int, reason: str) -> None:
        """Leave an offer."""
        await self._ask("POST", f"/api/v1/offers/{offer_id}/decline", {"epoch": epoch, "reason": reason})

    async def complete(self, contact_id: str, epoch: int, case_type: str | None) -> None:
        """Say that the agent is done with a contact."""
        await self._ask("POST", f"/api/v1/contacts/{contact_id}/complete", {"epoch": epoch, "case_type": case_type})

    async def wrap_end(self, contact_id: str) -> None:
        """End the after-work of a contact; ConflictError when it ends by its time alone."""
        await self._ask("POST", f"/api/v1/contacts/{contact_id}/wrap-up/end", {})

    async def requeue(
        self, contact_id: str, epoch: int, reason: str, *, queue: str | None = None, to_agent: str | None = None
    ) -> None:
        """Let a contact wait again: where it was, in another queue, or for a colleague."""
        body = _given(epoch=epoch, reason=reason, queue=queue, to_agent=to_agent)
        await self._ask("POST", f"/api/v1/contacts/{contact_id}/requeue", body)

    async def consult(self, contact_id: str, epoch: int, to_agent: str) -> str:
        """Ask a colleague about a contact; returns the id of the question."""
        body = {"epoch": epoch, "to_agent": to_agent}
        return str((await self._json("POST", f"/api/v1/contacts/{contact_id}/consult", body))["consult_id"])

    async def transfer(self, contact_id: str, epoch: int, consult_id: str) -> Json:
        """Give a contact to the colleague who has taken the question about it. Returns contact id and epoch."""
        body = {"epoch": epoch, "consult_id": consult_id}
        return await self._json("POST", f"/api/v1/contacts/{contact_id}/transfer", body)

    async def conference(self, contact_id: str, epoch: int, officer_id: str) -> None:
        """Bring an officer into the call."""
        body = {"epoch": epoch, "officer_id": officer_id}
        await self._ask("POST", f"/api/v1/contacts/{contact_id}/conference", body)

    async def return_call(self, contact_id: str, epoch: int, at: datetime | None) -> None:
        """Promise to call the citizen: at a time, or (None) when it is her turn."""
        body = _given(epoch=epoch, at=at.isoformat() if at else None)
        await self._ask("POST", f"/api/v1/contacts/{contact_id}/return-call", body)

    async def peak(self) -> Json:
        """Return whether there is a peak, until when, and what it changes."""
        return await self._json("GET", "/api/v1/peak")

    async def contact(self, contact_id: str) -> Json:
        """Return where a contact is."""
        return await self._json("GET", f"/api/v1/contacts/{contact_id}")

    async def queues(self) -> list[Json]:
        """Return who waits."""
        return cast("list[Json]", (await self._json("GET", "/api/v1/queues"))["items"])

    async def match(self, text: str, *, entrance: str | None = None, channel: str | None = None) -> Json:
        """Return the case types that a text may be about."""
        hints = {name: value for name, value in (("entrance", entrance), ("channel", channel)) if value}
        return await self._json("POST", "/api/v1/match", {"text": text, **hints})

    async def search(self, text: str, unit: str | None = None) -> list[Json]:
        """Return case types and checklists for what somebody is typing, best first."""
        body = {"text": text, **({"unit": unit} if unit else {})}
        return cast("list[Json]", (await self._json("POST", "/api/v1/search", body))["items"])

    async def _json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        return cast("Json", (await self._ask(method, path, body)).json())

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, seconds: float = _SECONDS
    ) -> httpx.Response:
        timeout = httpx.Timeout(seconds, connect=_SECONDS, pool=_SECONDS)
        try:
            answer = await self._http.request(method, path, json=body, timeout=timeout)
        except httpx.HTTPError as error:
            raise RouterDownError(type(error).__name__) from error
        match answer.status_code:
            case 404:
                raise NotFoundError
            case 409:
                raise ConflictError
            case code if code >= 500:
                raise RouterDownError(str(code))
            case code if code >= 400:
                raise DomainError(answer.text[:200])
        return answer


def _given(**values: Any) -> Json:
    """Return the values that are given."""
    return {name: value for name, value in values.items() if value is not None}
