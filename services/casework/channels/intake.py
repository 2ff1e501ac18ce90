"""Intake's doors, as casework knocks on them: rarely, so that each knock has a connection of its own."""

from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from shared.errors import DomainError, NotFoundError, TransientError

_SECONDS = 10.0


class IntakeDownError(TransientError):
    """Intake did not answer in time."""


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
        headers = {"Authorization": f"Bearer {self.token.get_secret_value()}"}
        path = f"{self.url.rstrip('/')}/api/v1/mails/{contact_id}/read-again"
        try:
            async with httpx.AsyncClient(timeout=self.seconds, headers=headers) as http:
                answer = await http.post(path)
        except httpx.HTTPError as error:
            raise IntakeDownError(type(error).__name__) from error
        if answer.status_code == 404:
            raise NotFoundError
        if answer.status_code >= 500:
            raise IntakeDownError(str(answer.status_code))
        if answer.status_code >= 400:
            raise DomainError(answer.text[:200])
        return answer.json().get("unreadable") is not True
