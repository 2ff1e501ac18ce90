"""A simulator of 46elks, made by us from its documented fields: it plays calls against our doors as 46elks does.

It posts forms, follows the actions it is answered with, posts again what was not taken, and tells the hang-up; an
answer that 46elks does not document is a fault that fails the test. Sounds last as long as they are, at `speed`.
What it cannot know (how the real one counts, what it forgives) docs/telephony.md says.
"""

import io
import secrets
import wave
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from deploy.local.part import HOST
from tests.support.elks_call import ElksCall, Phone, Target
from tests.support.elks_grammar import ViolationError
from tests.support.elks_peer import ElksPeer

AGENT = HOST, "localhost"
"""Where a sound is fetched from, as 46elks would; what lies elsewhere is taken to be there."""


@dataclass(slots=True)
class ElksSimulator(ElksPeer):
    """The provider: numbers, phones, calls under way, and the API of the account they belong to."""

    voice_start: Target = None
    """What a number does when it is rung: an address of ours, or an action (also as a JSON string)."""
    speed: float = 20.0
    """How many seconds of sound, ringing and waiting for keys pass in one."""
    tries: int = 1000
    """How often a webhook is posted before it is given up; the real one tries for hours, at least five times."""
    pause: float = 0.25
    """Seconds between two tries; the real ones are longer."""
    spelling: str = "callid"
    """How a call names itself in its turns: `callid` as in the table, `id` as in an example."""
    owned: frozenset[str] = frozenset()
    """The numbers of the account, where a test cares what a caller id may be."""
    sounds: dict[str, float | None] = field(default_factory=dict)
    """Seconds of sounds by address; None is one that cannot be played."""
    phones: dict[str, Phone] = field(default_factory=dict)
    faults: list[ViolationError] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    live: list[ElksCall] = field(default_factory=list)
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30, limits=httpx.Limits()))

    async def __aenter__(self) -> Self:
        # slots make a new class of this one, which super() without arguments does not know
        await ElksPeer.__aenter__(self)
        self.dial = self._dial
        return self

    async def __aexit__(self, *error: object) -> None:
        for call in self.live:
            await call.stop()
        await self.http.aclose()
        await ElksPeer.__aexit__(self)
        if self.faults and error[0] is None:
            raise self.faults[0]

    def ring(self, to: str, caller: str = "+46701740650", *, lose: int = 0) -> ElksCall:
        """Let somebody ring one of our numbers."""
        call = self._call(caller, to, "incoming")
        call.lose = lose
        call.begin(self.voice_start)
        return call

    def phone(self, number: str) -> Phone:
        """Return the phone of a number; one that no test has set up answers at once."""
        return self.phones.setdefault(number, Phone())

    def known(self) -> list[dict[str, Any]]:
        """Return the calls of the account, those under way too."""
        return [*self.calls, *(call.record() for call in self.live)]

    def note(self, fault: ViolationError) -> None:
        """Keep what 46elks would not have understood."""
        self.faults.append(fault)

    async def seconds_of(self, sound: str) -> float | None:
        """Return how long a sound is; None when it cannot be had or is none. It is fetched once, as in life."""
        if sound.startswith("sound/"):
            return 0.5
        if sound not in self.sounds:
            self.sounds[sound] = await self._fetch(sound) if urlsplit(sound).hostname in AGENT else 3.0
        return self.sounds[sound]

    async def _fetch(self, sound: str) -> float | None:
        self.fetched.append(sound)
        answer = await self.http.get(sound)
        kind = answer.headers.get("content-type", "")
        if answer.status_code != 200 or not kind.startswith("audio/"):
            return None
        if not kind.endswith(("wav", "wave")):
            return 3.0
        try:
            with wave.open(io.BytesIO(answer.content)) as file:
                return float(file.getnframes() / file.getframerate())
        except (wave.Error, EOFError):
            return None

    def _call(self, caller: str, to: str, direction: str) -> ElksCall:
        call = ElksCall(self, f"c{secrets.token_hex(16)}", caller, to, direction)
        self.live.append(call)
        return call

    def _dial(self, form: dict[str, str]) -> dict[str, Any]:
        """Ring a phone on our order; what is to be done is not asked before it answers."""
        call = self._call(form["from"], form["to"], "outgoing")
        call.when_hang_up = form.get("whenhangup", "")
        phone = self.phone(form["to"])
        phone.rung.append(call.id)
        call.outcome = phone.takes
        call.begin(form["voice_start"] if phone.takes == "success" else None)
        return call.record()
