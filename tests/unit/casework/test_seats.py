"""Who sits at a desk: heartbeat, pulling only when it should, offers that pass, and leaving."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.casework.web.seat import Hands, Times
from services.casework.web.seats import Seats
from shared.clock import utc_now
from shared.errors import ConflictError, TransientError
from shared.web.live import Hub
from tests.support.desk import FakeRouter
from tests.support.wait import eventually

QUICK = Times(beat=0.02, wait=0.2, grace=0.05, held=0.3, again=0.02, queues=0.02)
CONTACT = {"epoch": 1, "contact_id": "c1", "channel": "phone", "entrance": "vaxel", "candidates": []}


class Bench:
    """The seats and what a test moves."""

    def __init__(self) -> None:
        self.router = FakeRouter()
        self.hub = Hub()
        self.working = Hands.FREE
        self.seats = Seats(self.router, self.hub, self.hands, utc_now, QUICK)

    async def hands(self, agent_id: str) -> Hands:  # noqa: ARG002 - the shape that seats ask for
        return self.working

    def after_work(self, mode: str, seconds: float) -> None:
        """Let the router give after-work from now on."""
        until = (utc_now() + timedelta(seconds=seconds)).isoformat()
        self.router.wrap_up = {"contact_id": "c0", "mode": mode, "until": until}

    def presences(self) -> list[str]:
        return [presence for _, presence, _ in self.router.presences]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    await made.seats.start()
    yield made
    await made.seats.stop()


async def test_sitting_is_the_heartbeat(bench):
    bench.seats.sit("maria")
    await eventually(lambda: bench.presences().count("away") >= 3)


async def test_an_agent_who_is_ready_and_free_gets_the_next_contact(bench):
    bench.seats.sit("maria")
    reader = bench.hub.subscribe(["agent:maria"])
    await bench.seats.choose("maria", "ready")
    bench.router.add(CONTACT)
    told = [(await asyncio.wait_for(anext(reader), 5)).name for _ in range(2)]
    assert told == ["presence", "offer"]
    offer = bench.seats.offer_of("maria")
    assert offer is not None
    assert offer["contact_id"] == "c1"


@pytest.mark.parametrize("presence", ["away", "wrap_up"])
async def test_nothing_is_pulled_for_somebody_who_is_not_ready(bench, presence):
    bench.seats.sit("maria")
    await bench.seats.choose("maria", presence)
    bench.router.add(CONTACT)
    await eventually(lambda: bench.presences().count("away") >= 4)
    assert bench.seats.offer_of("maria") is None
    assert ("maria", "away", presence) in bench.router.presences


async def test_nothing_is_pulled_while_she_talks_until_it_ends(bench):
    bench.working = Hands.TALKING
    bench.seats.sit("maria", "ready")
    bench.router.add(CONTACT)
    await eventually(lambda: bench.presences().count("ready") >= 4)
    assert bench.seats.offer_of("maria") is None
    bench.working = Hands.FREE
    bench.seats.wake("maria")
    await eventually(lambda: bench.seats.offer_of("maria"))


async def test_while_she_writes_only_calls_and_visits_are_pulled(bench):
    bench.working = Hands.WRITING
    bench.seats.sit("maria", "ready")
    bench.router.add({**CONTACT, "contact_id": "m1", "channel": "email"})
    await eventually(lambda: bench.presences().count("ready") >= 4)
    assert bench.seats.offer_of("maria") is None
    bench.router.add(CONTACT)
    await eventually(lambda: (bench.seats.offer_of("maria") or {}).get("contact_id") == "c1")
    assert {tuple(asked or ()) for asked in bench.router.channels_pulled} == {("phone", "visit")}


async def test_when_the_mail_is_done_the_waiting_is_for_everything_at_once(bench, monkeypatch):
    monkeypatch.setattr(bench.seats, "_times", replace(QUICK, wait=60))
    bench.working = Hands.WRITING
    bench.seats.sit("maria", "ready")
    bench.router.add({**CONTACT, "contact_id": "m1", "channel": "email"})
    await eventually(lambda: bench.router.channels_pulled == [["phone", "visit"]])
    bench.working = Hands.FREE
    bench.seats.wake("maria")
    await eventually(lambda: (bench.seats.offer_of("maria") or {}).get("contact_id") == "m1")


async def test_after_work_is_told_and_nothing_is_pulled_until_it_is_over(bench):
    bench.after_work("mandatory", 0.3)
    reader = bench.hub.subscribe(["agent:maria"])
    bench.seats.sit("maria", "ready")
    bench.router.add(CONTACT)
    assert (await asyncio.wait_for(anext(reader), 5)).name == "presence"
    assert bench.seats.wrap_up_of("maria")
    assert bench.seats.offer_of("maria") is None
    with pytest.raises(ConflictError):
        await bench.seats.end_wrap_up("maria")
    assert bench.seats.wrap_up_of("maria")
    bench.router.wrap_up = None
    await eventually(lambda: bench.seats.offer_of("maria"))
    assert bench.seats.wrap_up_of("maria") is None


async def test_after_work_is_ended_early_and_the_next_contact_comes(bench):
    bench.after_work("timed", 60)
    bench.seats.sit("maria", "ready")
    bench.router.add(CONTACT)
    await eventually(lambda: bench.seats.wrap_up_of("maria"))
    await bench.seats.end_wrap_up("maria")
    await eventually(lambda: bench.seats.offer_of("maria"))


async def test_her_way_of_working_goes_along_with_every_heartbeat(bench):
    bench.router.own_modes = ["reception", "mail"]
    bench.seats.sit("maria", "ready")
    await eventually(lambda: bench.seats.seat("maria").modes == ("reception", "mail"))
    await bench.seats.choose("maria", mode="reception")
    await eventually(lambda: bench.router.modes_chosen.count("reception") >= 3)
    assert bench.seats.seat("maria").presence == "ready"


async def test_a_way_of_working_that_she_no_longer_has_does_not_stop_her_heartbeat(bench):
    bench.seats.sit("maria", "ready", "reception")
    await eventually(lambda: bench.presences().count("ready") >= 3)
    assert bench.seats.seat("maria").mode == ""


async def test_sent_away_by_a_supervisor_until_she_says_that_she_is_ready(bench):
    bench.seats.sit("maria", "ready")
    await eventually(lambda: "ready" in bench.presences())
    bench.router.sent_away = True
    await eventually(lambda: bench.seats.seat("maria").sent_away)
    assert bench.seats.seat("maria").presence == "away"
    await bench.seats.choose("maria", "ready")
    assert not bench.seats.seat("maria").sent_away
    bench.router.add(CONTACT)
    await eventually(lambda: bench.seats.offer_of("maria"))


async def test_a_peak_is_told_when_it_begins_and_when_it_ends(bench):
    bench.seats.sit("maria")
    await eventually(lambda: bench.seats.queues == [])
    reader = bench.hub.subscribe(["queues"])
    bench.router.peak_now = {"active": True, "until": "2026-11-25T10:30:00+00:00", "mail_waits": True}
    await eventually(lambda: bench.seats.peak)
    assert (await asyncio.wait_for(anext(reader), 5)).name == "peak"
    bench.router.peak_now = {"active": False}
    await eventually(lambda: bench.seats.peak is None)


async def test_one_offer_at_a_time_and_a_declined_one_makes_room(bench):
    bench.seats.sit("maria", "ready")
    bench.router.add(CONTACT)
    bench.router.add({**CONTACT, "contact_id": "c2"})
    await eventually(lambda: bench.seats.offer_of("maria"))
    assert len(bench.router.waiting) == 1
    await bench.seats.decline("maria", "agent")
    await eventually(lambda: (bench.seats.offer_of("maria") or {}).get("contact_id") == "c2")
    assert bench.router.declined == ["c1"]


@pytest.mark.parametrize("away", [False, True])
async def test_that_a_caller_has_left_is_said_before_it_is_known_whether_she_can_be_called(bench, monkeypatch, away):
    known = asyncio.Event()

    async def callable_now(contact_id: str) -> bool:
        assert contact_id == "c1"
        await known.wait()
        if away:
            raise TransientError("database")
        return True

    monkeypatch.setattr(bench.seats, "_callable_now", callable_now)
    monkeypatch.setattr(bench.seats, "_times", replace(QUICK, gone=0.3))
    bench.seats.sit("maria", "ready")
    bench.router.add(CONTACT)
    await eventually(lambda: bench.seats.offer_of("maria"))
    reader = bench.hub.subscribe(["agent:maria"])
    bench.seats.withdraw("c1")
    assert (await asyncio.wait_for(anext(reader), 5)).name == "offer"
    assert not bench.seats.gone_of("maria").callable
    known.set()
    if not away:
        assert (await asyncio.wait_for(anext(reader), 5)).name == "offer"
        assert bench.seats.gone_of("maria").callable
    await eventually(lambda: bench.seats.gone_of("maria") is None)


async def test_choosing_a_break_ends_the_waiting_but_not_the_desk(bench):
    bench.seats.sit("maria", "ready")
    await eventually(lambda: bench.seats.seat("maria").pulling is not None)
    await bench.seats.choose("maria", "away")
    bench.router.add(CONTACT)
    await eventually(lambda: bench.seats.seat("maria").pulling is None)
    assert bench.seats.offer_of("maria") is None
    await bench.seats.choose("maria", "ready")
    await eventually(lambda: bench.seats.offer_of("maria"))


async def test_an_offer_that_is_not_answered_passes(bench, monkeypatch):
    bench.seats.sit("maria", "ready")
    bench.router.add(CONTACT)
    await eventually(lambda: bench.seats.offer_of("maria"))
    late = utc_now().replace(year=utc_now().year + 1)
    monkeypatch.setattr(bench.seats, "_clock", lambda: late)
    assert bench.seats.offer_of("maria") is None


async def test_a_router_that_is_down_is_asked_again(bench, monkeypatch):
    real, asked = bench.router.pull, []

    async def down(*args: object, **more: object) -> None:
        asked.append(args)
        raise TransientError

    monkeypatch.setattr(bench.router, "pull", down)
    bench.seats.sit("maria", "ready")
    bench.router.add(CONTACT)
    await eventually(lambda: len(asked) >= 2)
    monkeypatch.setattr(bench.router, "pull", real)
    await eventually(lambda: bench.seats.offer_of("maria"))


async def test_a_reload_keeps_the_seat_and_leaving_frees_it(bench):
    seat = bench.seats.sit("maria", "ready")
    bench.seats.rise(seat)
    assert bench.seats.sit("maria") is seat
    assert seat.presence == "ready"
    bench.seats.rise(seat)
    await eventually(lambda: "offline" in bench.presences())
    await eventually(lambda: bench.seats.seat("maria") is not seat)


async def test_a_browser_without_scripts_pulls_once_and_is_held(bench):
    bench.router.add(CONTACT)
    offer = await bench.seats.pull_once("maria")
    assert offer is not None
    bench.seats.hold("maria")
    await eventually(lambda: bench.presences().count("ready") >= 3)
    assert await bench.seats.pull_once("maria") == offer


async def test_the_queues_are_watched_and_a_silent_router_is_said(bench, monkeypatch):
    bench.seats.sit("maria")
    reader = bench.hub.subscribe(["queues"])
    await eventually(lambda: bench.seats.queues == [])
    bench.router.add(CONTACT)
    await eventually(lambda: bench.seats.queues and bench.seats.queues[0]["waiting"] == 1)
    assert (await asyncio.wait_for(anext(reader), 5)).name == "waiting"

    async def down() -> None:
        raise TransientError

    monkeypatch.setattr(bench.router, "queues", down)
    await eventually(lambda: bench.seats.queues is None)
