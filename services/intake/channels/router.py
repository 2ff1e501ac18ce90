"""The router's doors, as far as a caller needs them: her place, and the promise to call her back."""

import httpx

from shared.errors import TransientError

SECONDS = 1.5
"""What a caller may wait for the router."""
_CONNECTIONS = 20


class RouterSilentError(TransientError):
    """The router did not answer in time, or only that it cannot."""


class Router:
    """HTTP to the router; every question has a deadline."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            timeout=httpx.Timeout(SECONDS, pool=SECONDS),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def place(self, contact_id: str) -> int | None:
        """Return a contact's place in its queue (1 is next); None when it does not wait. RouterSilentError."""
        answer = await self._ask("GET", f"/api/v1/contacts/{contact_id}")
        place = answer.json().get("position") if answer.is_success else None
        return place if isinstance(place, int) and place > 0 else None

    async def return_call(self, contact_id: str) -> bool:
        """Promise the citizen a call when it is her turn, once; False when nothing was promised."""
        try:
            path = f"/api/v1/contacts/{contact_id}/return-call"
            answer = await self._ask("POST", path, {}, {"idempotency-key": f"return-call-{contact_id}"})
        except RouterSilentError:
            return False
        return answer.is_success

    async def _ask(
        self, method: str, path: str, body: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise RouterSilentError(type(error).__name__) from error
        if answer.is_server_error:
            raise RouterSilentError(str(answer.status_code))
        return answer
