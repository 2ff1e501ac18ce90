"""One call as a citizen and the phones she reaches live it, over whichever telephony: a further one is a class here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import httpx

from tests.support.twilio_line import TwilioLine

BASE = "https://kc.example/intake"
TWILIO_TOKEN, ELKS_TOKEN, CTI_TOKEN = "1" * 32, "hemligt", "nyckel"
CALLER, DIALLED = "+46701740605", "+46846500400"
SETTINGS = {"twilio_token": TWILIO_TOKEN, "elks_token": ELKS_TOKEN, "cti_token": CTI_TOKEN, "public_url": BASE}
"""What an intake is told so that every telephony is known to it."""


class Said(NamedTuple):
    """What the citizen meets next: a sound, the ringing of a phone, the end, or what an exchange of its `own` plays."""

    what: Literal["sound", "phone", "over", "own", "refused"]
    which: str = ""
    """The address of the sound, the number of the phone, the status of a refusal."""


class Call(Protocol):
    """A call over one telephony."""

    @property
    def call_id(self) -> str:
        """Our id of it."""

    async def ring(self) -> Said:
        """It comes in."""

    async def hang_up(self) -> int:
        """Telephony says that the call is over; returns the status of our answer."""


class Line(Call, Protocol):
    """A call over a telephony that plays what we answer."""

    def reach(self, client: httpx.AsyncClient) -> None:
        """Go on at a service that has been started again."""

    async def again(self) -> Said:
        """Telephony has not heard the last answer, and asks again."""

    async def waits(self) -> Said:
        """The sound is over."""

    async def phone(self, result: str) -> Said:
        """The phone that rang is `busy`, has `failed` to answer, or has talked (`success`)."""


@dataclass(slots=True)
class Elks:
    """46elks; its own words are the simulator's (`tests/support/elks_simulator.py`), these are the shortest."""

    client: httpx.AsyncClient
    id: str = "c" + "1" * 32
    caller: str = CALLER
    proof: str = ELKS_TOKEN
    where: str = ""
    form: Mapping[str, str] = NotImplemented
    onwards: str = ""

    @property
    def call_id(self) -> str:
        return self.id

    def reach(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def ring(self) -> Said:
        return await self._ask(f"/webhooks/46elks/voice?token={self.proof}")

    async def again(self) -> Said:
        return await self._post()

    async def waits(self) -> Said:
        return await self._ask(self.onwards, result="success")

    async def phone(self, result: str) -> Said:
        return await self._ask(self.onwards, result=result)

    async def hang_up(self) -> int:
        form = {"id": self.id, "state": "success", "duration": "9", "legs": '[{"duration": 0.001}]'}
        return (await self.client.post(f"/webhooks/46elks/hangup?token={self.proof}", data=form)).status_code

    async def _ask(self, where: str, **more: str) -> Said:
        self.where = where
        self.form = {"callid": self.id, "direction": "incoming", "from": self.caller, "to": DIALLED, **more}
        return await self._post()

    async def _post(self) -> Said:
        answer = await self.client.post(self.where, data=dict(self.form))
        if answer.is_error:
            return Said("refused", str(answer.status_code))
        action = answer.json()
        self.onwards = str(action.get("next", "")).removeprefix(BASE)
        if "connect" in action:
            return Said("phone", action["connect"])
        return Said("over") if "hangup" in action else Said("sound", action["play"])


class Twilio:
    """Twilio."""

    def __init__(
        self, client: httpx.AsyncClient, sid: str = "CA" + "1" * 32, caller: str = CALLER, proof: str = TWILIO_TOKEN
    ) -> None:
        self._line = TwilioLine(client, BASE, proof, sid, caller, DIALLED)
        self._last: tuple[str, Mapping[str, str]] = ("", {})

    @property
    def call_id(self) -> str:
        return f"twilio/{self._line.sid}"

    def reach(self, client: httpx.AsyncClient) -> None:
        self._line.client = client

    async def ring(self) -> Said:
        return await self._ask(self._line.door("voice"), CallStatus="ringing")

    async def again(self) -> Said:
        where, more = self._last
        return await self._ask(where, **more)

    async def waits(self) -> Said:
        return await self._ask(self._line.onwards)

    async def phone(self, result: str) -> Said:
        status = {"success": "completed", "failed": "no-answer"}.get(result, result)
        return await self._ask(self._line.onwards, DialCallStatus=status, DialCallDuration="0")

    async def hang_up(self) -> int:
        return (await self._line.post(self._line.door("status"), CallStatus="completed")).status_code

    async def _ask(self, where: str, **more: str) -> Said:
        self._last = (where, more)
        answer = await self._line.post(where, **more)
        if answer.is_error:
            return Said("refused", str(answer.status_code))
        first = self._line.verbs[0]
        match first.tag:
            case "Dial":
                return Said("phone", first[0].text or "")
            case "Hangup" | "Reject":
                return Said("over")
            case _:
                return Said("sound", first.text or "")


@dataclass(slots=True)
class Cti:
    """An exchange that plays and connects by itself, and tells of it."""

    client: httpx.AsyncClient
    id: str = "1" * 32
    caller: str = CALLER
    proof: str = CTI_TOKEN

    @property
    def call_id(self) -> str:
        return f"cti/{self.id}"

    async def ring(self) -> Said:
        answer = await self._tell("newCall")
        return Said("refused", str(answer.status_code)) if answer.is_error else Said("own")

    async def hang_up(self) -> int:
        return (await self._tell("hangup")).status_code

    async def _tell(self, event: str) -> httpx.Response:
        said = {"event": event, "direction": "in", "callId": self.id, "from": self.caller, "to": DIALLED}
        return await self.client.post(f"/webhooks/cti/{self.proof}", json=said)


LINES: dict[str, Callable[..., Line]] = {"46elks": Elks, "twilio": Twilio}
"""Every telephony that plays what we answer."""
CALLS: dict[str, Callable[..., Call]] = {**LINES, "cti": Cti}
"""Every telephony."""
