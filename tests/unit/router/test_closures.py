"""Closed queues: where what is new goes meanwhile, and who is let in when they open."""

from datetime import UTC, datetime, timedelta

import pytest

from services.router.domain.closing import FAR, is_closing, marked, sent_on, until_opened
from services.router.domain.rule_steps import Step
from services.router.domain.rules import Decision
from services.router.jobs.reopen import once
from services.router.usecases.closures import ClosureCircleError, ClosureEndError, Closures, NotClosedError
from shared.vocabulary import Channel, Priority
from tests.support.decided import MONDAY, Moved, Rules

HOUR = timedelta(hours=1)


class House(Rules):
    """The table, and a gate that has three pages for each line."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[str, str, datetime, str]] = []

    async def let_in(self, queue: str, channel: str, since: datetime, cursor: str = "0") -> tuple[int, str]:
        self.opened.append((queue, channel, since, cursor))
        return 2, {"0": "5", "5": "3"}.get(cursor, "0")


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def clock() -> Moved:
    return Moved()


@pytest.fixture
def closures(house: House, clock: Moved) -> Closures:
    return Closures(house.decided, house, clock)


async def close(closures: Closures, queue: str, instead: str | None = None, until: datetime | None = None) -> None:
    await closures.close(queue, until=until, instead=instead, by="lead", reason="sick")


async def test_what_is_new_waits_until_the_queue_is_opened(closures: Closures, house: House):
    assert closures.place("skola", MONDAY) == ("skola", None)
    await close(closures, "skola")
    assert closures.place("skola", MONDAY) == ("skola", until_opened("skola"))
    assert [one.queue for one in closures.closed()] == ["skola"]
    assert house.acts == [("queue_closed", "lead", "sick", "skola")]
    await closures.open("skola", "lead", "back")
    assert closures.place("skola", MONDAY) == ("skola", None)
    assert house.acts[-1] == ("queue_opened", "lead", "back", "skola")
    lines = [(queue, channel) for queue, channel, _, cursor in house.opened if cursor == "0"]
    assert lines == [("skola", channel) for channel in Channel]
    assert [cursor for *_, cursor in house.opened[:3]] == ["0", "5", "3"]
    assert {since for _, _, since, _ in house.opened} == {until_opened("skola")}


async def test_the_clock_opens_it_too(closures: Closures, clock: Moved):
    await close(closures, "skola", until=MONDAY + HOUR)
    assert closures.place("skola", MONDAY) == ("skola", marked(MONDAY + HOUR))
    clock.forward(hours=1, seconds=1)
    assert closures.place("skola", clock.now) == ("skola", None)
    assert closures.closed() == []
    with pytest.raises(NotClosedError):
        await closures.open("skola", "lead", "back")


async def test_it_goes_to_another_queue_and_on_from_there(closures: Closures):
    await close(closures, "a", "b")
    assert closures.place("a", MONDAY) == ("b", None)
    await close(closures, "b", "c")
    await close(closures, "c", "d")
    assert closures.place("a", MONDAY) == ("d", None)
    await close(closures, "d", until=MONDAY + HOUR)
    assert closures.place("a", MONDAY) == ("d", marked(MONDAY + HOUR))
    await closures.open("b", "lead", "back")
    assert closures.place("a", MONDAY) == ("b", None)


@pytest.mark.parametrize("chain", [["aa"], ["ab", "ba"], ["ab", "bc", "ca"], ["ab", "bc", "cd", "de"]])
async def test_circles_and_long_ways_are_refused_when_they_would_close(closures: Closures, house: House, chain):
    for queue, instead in chain[:-1]:
        await close(closures, queue, instead)
    known = dict(house.latest)
    with pytest.raises(ClosureCircleError) as refused:
        await close(closures, chain[-1][0], chain[-1][1])
    assert refused.value.params == {"queue": chain[-1][0], "instead": chain[-1][1]}
    assert house.latest == known


async def test_a_circle_that_two_made_at_once_loses_nobody(closures: Closures, house: House, clock: Moved):
    other = House()
    await close(closures, "a", "b")
    await close(Closures(other.decided, other, clock), "b", "a")
    house.latest |= other.latest
    assert closures.place("a", MONDAY) == ("b", until_opened("b"))


@pytest.mark.parametrize("until", [MONDAY, MONDAY - HOUR, (MONDAY + HOUR).replace(tzinfo=None)])
async def test_it_is_closed_until_a_time_to_come(closures: Closures, house: House, until: datetime):
    with pytest.raises(ClosureEndError):
        await close(closures, "skola", until=until)
    assert (house.log, house.acts) == ([], [])


class HeldQueues:
    async def queues(self) -> list[tuple[str, datetime]]:
        return [(queue, until_opened(queue)) for queue in ("skola", "vatten")]


async def test_who_is_held_for_an_open_queue_is_let_in(closures: Closures, house: House):
    await close(closures, "skola")
    assert await once(closures, HeldQueues()) == 6 * len(Channel)
    assert {queue for queue, *_ in house.opened} == {"vatten"}


def test_whoever_works_the_other_queue_can_take_what_is_sent_on():
    steps = (Step(after=60, skills=()), Step(after=90, skills=("skola",)), Step(after=120, offer_return_call=True))
    decision = Decision("skola", Priority.HIGH, ("skola=2", "lang:fi", "vatten"), None, ("rule",), steps)
    moved = sent_on(decision, "vatten", has_skill=True)
    assert (moved.queue, moved.skills) == ("vatten", ("vatten=2", "lang:fi", "vatten"))
    assert [step.skills for step in moved.steps] == [(), ("vatten",), None]
    assert moved.why == ("rule", "closed:skola")
    assert sent_on(decision, "jour", has_skill=False).skills == ("lang:fi", "vatten")


def test_moments_of_closures_are_told_apart_from_all_others():
    opens = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
    assert not is_closing(opens)
    assert is_closing(marked(opens))
    assert timedelta(0) < marked(opens) - opens < timedelta(seconds=1)
    assert is_closing(until_opened("skola"))
    assert until_opened("skola") > FAR
    assert until_opened("skola") != until_opened("vatten")
