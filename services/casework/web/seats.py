"""Who sits at a desk: her presence as a heartbeat to the router, and the next contact pulled while she is ready.

A seat lives while its desk's stream is open (and a minute longer, for a reload), or ten minutes after a post from a
browser without scripts. It pulls only for an agent who is ready, holds no offer and has no after-work: anything while
she works on nothing, calls and visits while she works on mail (which then waits for her), nothing while she talks.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from services.casework.web.seat import LIVE, PRESENCES, Gone, Hands, Offer, Router, Seat, Times, WrapUp, wrap_up_in
from shared.clock import Clock
from shared.errors import ConflictError, DomainError, KontaktcenterError, TransientError
from shared.web.live import Hub

_log = structlog.get_logger()
_SOON = 5.0
"""Seconds in which it must be known whether somebody who hung up can be called; else nothing is said of it."""
_REMEMBERED = 256
"""Contacts whose citizens have left that are remembered."""


class Seats:
    """The seats of this process; what changes is said on the hub's topic `agent:<id>` and on `queues`."""

    def __init__(
        self,
        router: Router,
        hub: Hub,
        hands: Callable[[str], Awaitable[Hands]],
        clock: Clock,
        times: Times | None = None,
        callable_now: Callable[[str], Awaitable[bool]] | None = None,
    ) -> None:
        self._router = router
        self._hub = hub
        self._hands = hands
        self._clock = clock
        self._times = times or Times()
        self._callable_now = callable_now
        self._left: dict[str, None] = {}
        self._seats: dict[str, Seat] = {}
        self._watch: asyncio.Task[None] | None = None
        self.queues: list[dict[str, Any]] | None = None
        """Who waits, as last heard; None when the router does not answer."""
        self.peak: dict[str, Any] | None = None
        """The peak that is on."""

    async def start(self) -> None:
        """Begin to watch the queues."""
        self._watch = asyncio.create_task(self._watch_queues())

    async def stop(self) -> None:
        """Leave every seat; the router frees what was only offered when the heartbeat stops."""
        if self._watch is not None:
            await _cancel(self._watch)
        for seat in tuple(self._seats.values()):
            await self._leave(seat)

    def seat(self, agent_id: str, presence: str = "away", mode: str = "") -> Seat:
        """Return the agent's seat; a new one begins with `presence` and `mode` (what her browser remembers)."""
        if agent_id not in self._seats:
            first = presence if presence in PRESENCES else "away"
            self._seats[agent_id] = Seat(agent_id, first, until=_now() + self._times.grace, mode=mode)
        return self._seats[agent_id]

    def sit(self, agent_id: str, presence: str = "away", mode: str = "") -> Seat:
        """Take the seat for a stream; `rise` gives it back."""
        seat = self.seat(agent_id, presence, mode)
        seat.streams += 1
        self._run(seat)
        return seat

    def rise(self, seat: Seat) -> None:
        """A stream has ended; the seat is kept for a reload."""
        seat.streams -= 1
        seat.until = max(seat.until, _now() + self._times.grace)

    def hold(self, agent_id: str, presence: str = "away") -> Seat:
        """Keep the seat for a browser that has no stream."""
        seat = self.seat(agent_id, presence)
        seat.until = max(seat.until, _now() + self._times.held)
        self._run(seat)
        return seat

    async def choose(self, agent_id: str, presence: str | None = None, mode: str | None = None) -> Seat:
        """The agent is available or not, or works otherwise; the router knows when this returns (or a beat later)."""
        seat = self.seat(agent_id)
        seat.presence = presence or seat.presence
        seat.mode = seat.mode if mode is None else mode
        if seat.presence != "ready" and seat.pulling is not None:
            seat.pulling.cancel()
        await self.refresh(agent_id, chosen=presence is not None)
        self.tell(agent_id, "presence")  # a page that was just opening may show what was before
        return seat

    async def refresh(self, agent_id: str, *, chosen: bool = False) -> None:
        """Hear from the router at once how it stands with her: she is done with a contact, or with her after-work."""
        seat = self.seat(agent_id)
        try:
            await self._beat(seat, chosen=chosen)
        except TransientError:
            _log.warning("desk.presence_late", agent_id=agent_id)
        self.wake(agent_id)

    async def end_wrap_up(self, agent_id: str) -> None:
        """End her after-work early; ConflictError when it ends by its time alone."""
        seat = self.seat(agent_id)
        if seat.wrap_up is not None:
            await self._router.wrap_end(seat.wrap_up.contact_id)
            seat.wrap_up = None
        await self.refresh(agent_id)

    def wrap_up_of(self, agent_id: str) -> WrapUp | None:
        """Return the after-work that she has, if its time is not over."""
        seat = self._seats.get(agent_id)
        if seat is not None and seat.wrap_up is not None and seat.wrap_up.until <= self._clock():
            seat.wrap_up = None
        return seat.wrap_up if seat is not None else None

    def wake(self, agent_id: str) -> None:
        """Something has changed that may let her take the next contact."""
        if agent_id in self._seats:
            self._seats[agent_id].wants.set()

    def tell(self, agent_id: str, event: str) -> None:
        """Tell the agent's pages that something has changed."""
        self._hub.publish(f"agent:{agent_id}", event)

    def look_up(self, agent_id: str | None) -> None:
        """Something on the agent's desk has changed; None: maybe on anybody's."""
        for one in tuple(self._seats) if agent_id is None else (agent_id,):
            self.tell(one, "work")
            self.wake(one)

    async def pull_once(self, agent_id: str, wait: float = 1.0) -> Offer | None:
        """Ask once for a contact, now (the form button); an offer that she holds already is that offer."""
        seat = self.seat(agent_id)
        if seat.offer is None:
            seat.presence = "ready"
            await self._beat(seat, chosen=True)
            if seat.pulling is not None:
                await asyncio.wait({seat.pulling}, timeout=wait)
            else:
                await self._pull(seat, wait)
        return self.offer_of(agent_id)

    def offer_of(self, agent_id: str) -> Offer | None:
        """Return the offer that she holds, if its time is not over."""
        seat = self._seats.get(agent_id)
        if seat is None or seat.offer is None:
            return None
        if datetime.fromisoformat(seat.offer["expires_at"]) <= self._clock():
            seat.offer = None
        return seat.offer

    def drop(self, agent_id: str) -> None:
        """The offer is answered or gone."""
        if agent_id in self._seats:
            self._seats[agent_id].offer = None
        self.tell(agent_id, "offer")

    def withdraw(self, contact_id: str) -> None:
        """The citizen has left: an offer of her is gone at once, and whoever saw it is told why.

        It is remembered for a while, because an answer to a pull may still be on its way with that very offer.
        """
        self._left[contact_id] = None
        while len(self._left) > _REMEMBERED:
            del self._left[next(iter(self._left))]
        for seat in self._seats.values():
            if seat.offer is not None and seat.offer["contact_id"] == contact_id:
                self._withdrawn(seat, seat.offer)

    def taken(self, contact_id: str, agent_id: str) -> None:
        """Somebody has the contact, as it was answered at another place: no desk offers it, nor offers her another."""
        for seat in tuple(self._seats.values()):
            if seat.offer is not None and (seat.offer["contact_id"] == contact_id or seat.agent_id == agent_id):
                self.drop(seat.agent_id)
                self.wake(seat.agent_id)
        self.look_up(agent_id)

    def gone_of(self, agent_id: str) -> Gone | None:
        """Return who hung up while she was offered, while that is to be said."""
        seat = self._seats.get(agent_id)
        return seat.gone if seat is not None and seat.offer is None else None

    def seen(self, agent_id: str) -> Gone | None:
        """It has been seen that somebody hung up, and is said no more."""
        seat = self.seat(agent_id)
        gone, seat.gone = seat.gone, None
        self.tell(agent_id, "offer")
        return gone

    async def decline(self, agent_id: str, reason: str) -> None:
        """Leave the offer that she holds; it waits on at its old place."""
        offer = self.offer_of(agent_id)
        self.drop(agent_id)
        if offer is not None:
            with contextlib.suppress(ConflictError):
                await self._router.decline(offer["offer_id"], offer["epoch"], reason)
        self.wake(agent_id)

    def _run(self, seat: Seat) -> None:
        if seat.live:
            return
        seat.live = True
        seat.wants.set()
        for work in (self._keep_beating(seat), self._keep_pulling(seat)):
            task: asyncio.Task[None] = asyncio.create_task(work)
            seat.tasks.add(task)

    async def _leave(self, seat: Seat) -> None:
        self._seats.pop(seat.agent_id, None)
        mine = asyncio.current_task()
        await _cancel(*(task for task in seat.tasks if task is not mine))
        seat.tasks.clear()

    async def _keep_beating(self, seat: Seat) -> None:
        while seat.streams or _now() < seat.until:
            try:
                await self._beat(seat)
            except Exception as error:  # noqa: BLE001 - a heartbeat lives on, whatever fails
                _log.warning("desk.beat_missed", agent_id=seat.agent_id, error=type(error).__name__)
            await asyncio.sleep(self._times.beat)
        with contextlib.suppress(KontaktcenterError):
            await self._router.presence(seat.agent_id, "offline", "left")
        await self._leave(seat)

    async def _beat(self, seat: Seat, *, chosen: bool = False) -> None:
        async with seat.beating:
            await self._beat_now(seat, chosen=chosen)

    async def _beat_now(self, seat: Seat, *, chosen: bool) -> None:
        answer = await self._say_presence(seat, chosen=chosen)
        sent_away = bool(answer.get("sent_away"))
        if sent_away and seat.presence == "ready":
            seat.presence = "away"
        if sent_away != seat.sent_away:
            seat.sent_away = sent_away
            self.tell(seat.agent_id, "presence")
        self._wrap(seat, wrap_up_in(answer))
        if seat.modes is None:
            with contextlib.suppress(KontaktcenterError):
                seat.modes = tuple(await self._router.modes(seat.agent_id))
                if seat.modes:
                    self.tell(seat.agent_id, "presence")

    async def _say_presence(self, seat: Seat, *, chosen: bool) -> Any:
        """Say it; a way of working that she no longer has is forgotten, so that her heartbeat goes on."""
        presence, reason = ("ready", None) if seat.presence == "ready" else ("away", seat.presence)
        try:
            return await self._router.presence(seat.agent_id, presence, reason, seat.mode or None, chosen=chosen)
        except DomainError:
            if not seat.mode:
                raise
        seat.mode, seat.modes = "", None
        return await self._router.presence(seat.agent_id, presence, reason, chosen=chosen)

    def _wrap(self, seat: Seat, now: WrapUp | None) -> None:
        if now == seat.wrap_up:
            return
        seat.wrap_up = now
        self.tell(seat.agent_id, "presence")
        self.wake(seat.agent_id)
        if now is not None:
            self._follow(seat, self._unwrap(seat, now))

    async def _unwrap(self, seat: Seat, wrap_up: WrapUp) -> None:
        await asyncio.sleep(max(0.0, (wrap_up.until - self._clock()).total_seconds()))
        if seat.wrap_up == wrap_up:
            self._wrap(seat, None)

    async def _keep_pulling(self, seat: Seat) -> None:
        while True:
            await seat.wants.wait()
            seat.wants.clear()
            try:
                while (channels := await self._wanted(seat)) is not None:
                    await self._pull_for_now(seat, channels)
            except Exception as error:  # noqa: BLE001 - the next contact is pulled, whatever failed with this one
                _log.warning("desk.pull_failed", agent_id=seat.agent_id, error=type(error).__name__)
                await asyncio.sleep(self._times.again)
                seat.wants.set()

    async def _wanted(self, seat: Seat) -> tuple[str, ...] | None:
        """Return the channels to pull for her: none named is all of hers; None: nothing now."""
        if seat.presence != "ready" or self.offer_of(seat.agent_id) or self.wrap_up_of(seat.agent_id):
            return None
        match await self._hands(seat.agent_id):
            case Hands.FREE:
                return ()
            case Hands.WRITING:
                return LIVE
            case Hands.TALKING:
                return None

    async def _pull_for_now(self, seat: Seat, channels: tuple[str, ...]) -> None:
        """Wait for an offer for as long as these are the channels; another presence ends the waiting, not the loop."""
        pulling = seat.pulling = asyncio.create_task(self._pull(seat, self._times.wait, channels))
        try:
            while not pulling.done():
                news = asyncio.create_task(seat.wants.wait())
                await asyncio.wait({pulling, news}, return_when=asyncio.FIRST_COMPLETED)
                await _cancel(news)
                seat.wants.clear()
                if not pulling.done() and await self._wanted(seat) != channels:
                    pulling.cancel()
                    break
            if pulling.done() and not pulling.cancelled():
                pulling.result()
        finally:
            await _cancel(pulling)
            seat.pulling = None

    async def _pull(self, seat: Seat, wait: float, channels: Sequence[str] = ()) -> None:
        offer = await self._router.pull(seat.agent_id, wait=wait, channels=channels or None, mode=seat.mode or None)
        if offer is None:
            return
        seat.offer, seat.gone = offer, None
        self.tell(seat.agent_id, "offer")
        self._expire_later(seat, offer)
        if offer["contact_id"] in self._left:
            self._withdrawn(seat, offer)

    def _expire_later(self, seat: Seat, offer: Offer) -> None:
        left = (datetime.fromisoformat(offer["expires_at"]) - self._clock()).total_seconds()

        async def expire() -> None:
            await asyncio.sleep(max(0.0, left))
            if seat.offer is offer:
                self.drop(seat.agent_id)
                self.wake(seat.agent_id)

        self._follow(seat, expire())

    def _withdrawn(self, seat: Seat, offer: Offer) -> None:
        seat.offer, seat.gone = None, Gone(offer)
        self.wake(seat.agent_id)
        self._follow(seat, self._say_gone(seat, seat.gone))

    async def _say_gone(self, seat: Seat, gone: Gone) -> None:
        """Say it, and again when it is known whether she can be called; after a while say nothing more."""
        self.tell(seat.agent_id, "offer")
        with contextlib.suppress(TimeoutError, TransientError):
            async with asyncio.timeout(_SOON):
                known = self._callable_now is not None and await self._callable_now(str(gone.offer["contact_id"]))
                if seat.gone is gone:
                    seat.gone = gone = replace(gone, callable=known)
                    self.tell(seat.agent_id, "offer")
        await asyncio.sleep(self._times.gone)
        if seat.gone is gone:
            self.seen(seat.agent_id)

    def _follow(self, seat: Seat, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        seat.tasks.add(task)
        task.add_done_callback(seat.tasks.discard)

    async def _watch_queues(self) -> None:
        while True:
            if any(seat.streams for seat in self._seats.values()) or self.queues is None:
                await self._look_at_queues()
            await asyncio.sleep(self._times.queues)

    async def _look_at_queues(self) -> None:
        try:
            found: list[dict[str, Any]] | None = await self._router.queues()
        except KontaktcenterError:
            found = None
        if found != self.queues:
            self.queues = found
            self._hub.publish("queues", "waiting")
        peak = await self._read_peak() if found is not None else None
        if peak != self.peak:
            self.peak = peak
            self._hub.publish("queues", "peak")

    async def _read_peak(self) -> dict[str, Any] | None:
        try:
            said = await self._router.peak()
        except KontaktcenterError:
            return None
        return said if said.get("active") else None


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
