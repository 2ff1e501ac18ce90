"""A call is taken in once, and each of its turns is what the dialogue and the router's last word make it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.domain.call import Call, CallState, Heard, Result, ReturnCall, Ring, Turn
from services.intake.domain.dialogue import (
    ONCE,
    PLACE_SECONDS,
    Scene,
    asks_to_be_called,
    chosen_language,
    next_turn,
    place_due,
)
from services.intake.usecases import entrances
from services.intake.usecases.call_told import contact_of
from services.intake.usecases.entrances import Entrances
from services.intake.usecases.opening import PhoneHours
from services.intake.usecases.publishing import Log
from services.intake.usecases.speak import Speaker
from shared.clock import Clock
from shared.errors import LogUnavailableError
from shared.events import Event
from shared.ids import natural_contact_id
from shared.metrics import CALL_TURNS
from shared.publish import Message
from shared.records import AgentProfile, EntranceRecord, IncidentRecord, PeakRecord
from shared.vocabulary import EntranceKind

log = structlog.get_logger(__name__)

_UNTOLD = frozenset({Turn.CLOSED, Turn.LANGUAGE, Turn.URGENT, Turn.HANG_UP})
"""Turns before which nobody is told of the call: nobody is to answer it, or its language is not known yet."""


class Calls(Protocol):
    """Where calls are kept."""

    async def open(self, call: Call) -> Call: ...
    async def spool(self, call_id: str, event: Message) -> None: ...
    async def connecting(self, call: Call, at: datetime) -> bool: ...
    async def answered(self, call: Call) -> Heard | None: ...


class Follow(Protocol):
    """Where it is said what became of a phone that was rung."""

    async def connected(self, call_id: str, *, exact: bool = True) -> bool: ...
    async def not_answered(self, call_id: str, reason: str, *, unrung: int | None = None) -> bool: ...


class Records(Protocol):
    """A whole table: of the agents' profiles, or of what the router's supervisors have decided."""

    def get(self, key: str) -> Event | None: ...


class Incidents(Protocol):
    """What knows the open incidents: the catalogue."""

    def incidents_at(self, entrance_id: str) -> list[IncidentRecord]: ...


class Places(Protocol):
    """What knows where callers stand in the queue, without anybody waiting for it."""

    @property
    def silent(self) -> bool: ...
    def known(self, contact_id: str) -> int | None: ...
    def ask(self, contact_id: str) -> None: ...


class Promises(Protocol):
    """What promises a return call: the router."""

    async def return_call(self, contact_id: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer telephony's question about a call; never waits for Kafka longer than `timeout`."""

    entrances: Entrances
    incidents: Incidents
    agents: Records
    rules: Records
    calls: Calls
    log: Log
    places: Places
    promises: Promises
    hours: PhoneHours
    speaker: Speaker
    clock: Clock
    person_secret: bytes
    follow: Follow
    timeout: float = 2.0
    place_every: float = PLACE_SECONDS
    """Seconds between two times that a waiting caller hears her place."""

    async def answer(self, ring: Ring, after: Turn | None) -> Heard:
        """Take the call in unless it is, and return its next turn; `after` is the turn that it comes from.

        A request that has been answered gets the same answer, and nothing happens.
        """
        now = self.clock()
        entrance, flags = entrances.find(self.entrances, EntranceKind.NUMBER, ring.dialled)
        call = await self.calls.open(self._new(ring, entrance, now))
        if call.heard and ring.step is not None and ring.step < call.step and call.state is not CallState.ENDED:
            return call.heard
        texts = tuple(one.text for one in self.incidents.incidents_at(entrance.id))
        call = await self._taken_to_heart(call, ring, after, entrance)
        scene = self._scene(call, ring, entrance, now, texts)
        turn = next_turn(scene, after)
        if not call.published and turn not in _UNTOLD:
            faulty = not await self._publish(call, entrance, flags)
            call = replace(call, published=True)
            scene = replace(scene, call=call, faulty=scene.faulty or faulty)
            turn = next_turn(scene, after)
        number = await self._ring(scene, turn, after, entrance)
        if turn is Turn.CONNECT and not number:
            turn = Turn.HOLD
        return await self._answered(
            scene, turn, replace(self.speaker.heard(turn, entrance, scene, texts), number=number)
        )

    def _new(self, ring: Ring, entrance: EntranceRecord, now: datetime) -> Call:
        return Call(
            call_id=ring.call_id,
            contact_id=natural_contact_id("call", ring.call_id),
            entrance=entrance.id,
            dialled=ring.dialled,
            caller=ring.caller,
            state=CallState.WAITING if self.hours.is_open(entrance.unit, now) else CallState.CLOSED,
            received_at=now,
        )

    async def _taken_to_heart(self, call: Call, ring: Ring, after: Turn | None, entrance: EntranceRecord) -> Call:
        """Do what a pressed key asks for, and return the call as it is then."""
        if after is Turn.LANGUAGE:
            return replace(call, language=chosen_language(entrance.languages, ring.digits) or call.language)
        if asks_to_be_called(call, ring.digits, after) and await self.promises.return_call(call.contact_id):
            return replace(call, return_call=ReturnCall.PROMISED)
        return call

    def _scene(self, call: Call, ring: Ring, entrance: EntranceRecord, now: datetime, texts: tuple[str, ...]) -> Scene:
        waits = call.published and call.state is CallState.WAITING
        place = self.places.known(call.contact_id) if waits else None
        if waits and place_due(call, now, self.place_every):
            self.places.ask(call.contact_id)
        return Scene(
            call,
            now,
            result=ring.result,
            digits=ring.digits,
            sayable=self.speaker.sayable(
                entrance, call.language, reads_aloud=ring.reads_aloud, texts=texts, place=place
            ),
            jour=bool(entrance.jour),
            languages=entrance.languages,
            faulty=self.places.silent,
            disturbed=bool(texts),
            storm=self._storm(now),
            place=place,
            place_every=self.place_every,
        )

    async def _publish(self, call: Call, entrance: EntranceRecord, flags: tuple[str, ...]) -> bool:
        """Tell of the call; False when it is kept for later, because the log is silent."""
        told = contact_of(call, entrance.unit, flags, self.person_secret)
        try:
            await self.log.publish(told, timeout=self.timeout)
        except LogUnavailableError:
            log.warning("call_spooled", contact_id=call.contact_id)
            await self.calls.spool(call.call_id, told)
            return False
        return True

    async def _ring(self, scene: Scene, turn: Turn, after: Turn | None, entrance: EntranceRecord) -> str:
        """Return the number to be rung, if one is; note what became of the one before."""
        if after is Turn.CONNECT:
            await self._phone_said(scene.call, scene.result)
        if turn is Turn.URGENT:
            return entrance.jour
        if turn is Turn.PASSED_ON:
            return scene.call.pass_to
        number = self._phone(scene.call) if turn is Turn.CONNECT else ""
        if turn is Turn.CONNECT and not number:
            await self.follow.not_answered(scene.call.call_id, "no_phone", unrung=scene.call.epoch)
        if number and not await self.calls.connecting(scene.call, scene.now):
            return ""
        return number

    async def _phone_said(self, call: Call, result: Result) -> None:
        """Tell what became of the agent's phone; a conversation that is over has surely been through.

        Whatever else telephony says, or does not, the phone is rung no more: the caller must not wait for it.
        """
        if result is Result.SUCCESS:
            await self.follow.connected(call.call_id, exact=False)
        else:
            said = result if result is Result.BUSY else Result.FAILED
            await self.follow.not_answered(call.call_id, said.value)

    async def _answered(self, scene: Scene, turn: Turn, heard: Heard) -> Heard:
        """Keep the answer, and return it; where another request was quicker, return what that one was answered."""
        CALL_TURNS.labels(turn).inc()
        call, heard = scene.call, replace(heard, step=scene.call.step + 1)
        told = (*call.told, turn) if turn in ONCE and turn not in call.told else call.told
        place_at = scene.now if turn is Turn.PLACE else call.place_at
        jours = call.jours + (turn is Turn.URGENT)
        kept = replace(
            call, step=heard.step, heard=heard, told=told, place_at=place_at, jours=jours, asked_at=scene.now
        )
        return await self.calls.answered(kept) or heard

    def _storm(self, now: datetime) -> bool:
        """Say whether a peak (*toppläge*) holds in which callers hear the queue message while they wait."""
        peak = self.rules.get("peak")
        return isinstance(peak, PeakRecord) and peak.queue_message and peak.until > now

    def _phone(self, call: Call) -> str:
        """Return the phone of the agent who accepted; without one the caller waits on and operations must know."""
        profile = self.agents.get(call.agent_id or "")
        if isinstance(profile, AgentProfile) and profile.phone:
            return profile.phone
        log.error("agent_has_no_phone", contact_id=call.contact_id, agent_id=call.agent_id)
        return ""
