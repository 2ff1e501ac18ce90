"""No class waits for ever: the bound holds in simulations that would starve the lowest class without the share."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

import pytest

from services.router.domain.bound import bound_seconds, choices_before, stays_short
from services.router.domain.line import GRACE_SECONDS, Counter, Lines, Waiting
from services.router.domain.order import SHARE

LONGEST = 300.0
CALLS, MAILS, LOW = "0|phone|", "2|email|", "3|email|"
EVERYTHING = frozenset({CALLS, MAILS, LOW})


@dataclass
class Watched:
    """A late contact, from the moment that it is: who was late before it, and the choices made since."""

    contact: Waiting
    ahead: int
    choices: int = 0
    waited: float | None = None


@dataclass
class World:
    """Agents who are never idle: calls wait without end, mails and low ones trickle in and become late."""

    dice: random.Random
    agents: int
    late_each: float
    """Seconds between two that are to become late."""
    share: int = SHARE
    only_calls: int = 0
    """More agents, who can take calls alone."""
    patience: float = 100.0
    """Callers hang up after so long; those who never do become late too, and are ahead of what becomes late later."""
    now: float = 0.0
    events: list[tuple[float, int, str, int]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    watched: list[Watched] = field(default_factory=list)
    done: list[Watched] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        self.lines = Lines(share=self.share)
        counters = [Counter() for _ in range(self.agents + self.only_calls)]
        for agent in range(len(counters)):
            self.at(self.dice.uniform(0, LONGEST), "choice", agent)
        self.at(0, "mail")
        while self.events and self.events[0][0] < seconds:
            self.now, _, kind, agent = heappop(self.events)
            if kind == "mail":
                self.mail()
            else:
                self.choice(agent, counters[agent])

    def at(self, moment: float, kind: str, agent: int = 0) -> None:
        heappush(self.events, (moment, next(self.numbers), kind, agent))

    def mail(self) -> None:
        """One comes that is late at once, as they are watched from there: its turn passed a grace ago."""
        number = self.dice.choice([2, 3])
        signature = MAILS if number == 2 else LOW
        made = Waiting(f"m{next(self.numbers)}", number, self.now - GRACE_SECONDS[number], self.now, signature)
        self.watched.append(Watched(made, ahead=sum(each.late_at <= self.now for each in self.waiting.values())))
        self.wait(made)
        self.at(self.now + self.dice.expovariate(1 / self.late_each), "mail")

    def wait(self, contact: Waiting) -> None:
        self.waiting[contact.id] = contact
        self.lines.add(contact)

    def hang_up(self) -> None:
        for each in list(self.waiting.values()):
            if each.signature == CALLS and each.arrived + self.patience < self.now:
                each.waits = False
                del self.waiting[each.id]

    def choice(self, agent: int, counter: Counter) -> None:
        self.hang_up()
        self.wait(Waiting(f"c{next(self.numbers)}", 0, self.now + 60, self.now, CALLS))
        able = agent < self.agents
        lines = EVERYTHING if able else frozenset({CALLS})
        taken = self.lines.choose(str(agent), lines.__contains__, counter, self.now)
        assert taken is not None
        del self.waiting[taken.id]
        for each in self.watched if able else ():
            each.choices += 1
            if each.contact is taken:
                each.waited = self.now - each.contact.late_at
                self.done.append(each)
        self.watched = [each for each in self.watched if each.contact is not taken]
        self.at(self.now + self.dice.uniform(10, LONGEST), "choice", agent)


def within_bound(each: Watched, agents: int) -> bool:
    assert each.waited is not None
    return each.choices <= choices_before(each.ahead, agents) and each.waited <= bound_seconds(
        each.ahead, agents, LONGEST
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("agents", [1, 3, 20])
@pytest.mark.parametrize("load", [0.3, 0.9, 2.0])
def test_no_late_contact_waits_beyond_the_bound(seed: int, agents: int, load: float):
    dice = random.Random(seed)
    mean = (10 + LONGEST) / 2
    patience = 100.0 if seed % 2 else float("inf")
    world = World(dice, agents, late_each=mean * SHARE / agents / load, only_calls=seed, patience=patience)
    world.run(100 * LONGEST)
    assert len(world.done) > 10 * agents * load
    assert all(within_bound(each, agents) for each in world.done)
    overdue = [each for each in world.watched if each.choices >= choices_before(each.ahead, agents)]
    assert not overdue, "nor does one that still waits"


def test_without_the_share_the_lowest_class_would_wait_for_ever():
    world = World(random.Random(1), 3, late_each=1000, share=0)
    world.run(200 * LONGEST)
    assert not world.done
    assert any(each.choices > 10 * choices_before(each.ahead, 3) for each in world.watched)


def test_the_bound_is_met_exactly_by_one_agent():
    """The last choice of a count has just been given away: so the one before it and it itself wait for two counts."""
    lines, counter = Lines(), Counter()
    for name in ("first", "second"):
        lines.add(Waiting(name, 3, -GRACE_SECONDS[3] - (name == "first"), 0, LOW))
    taken = []
    for number in range(choices_before(1)):
        lines.add(Waiting(f"call {number}", 0, 60, 0, CALLS))
        chosen = lines.choose("anna", EVERYTHING.__contains__, counter, 0)
        assert chosen is not None
        taken.append(chosen.id)
    assert taken == ["call 0", "call 1", "first", "call 2", "call 3", "second"]


def test_the_late_ones_stay_few_while_they_are_no_more_than_the_share():
    mean = (10 + LONGEST) / 2
    most = {}
    for load in (0.8, 1.5):
        world = World(random.Random(7), 6, late_each=mean * SHARE / 6 / load)
        assert stays_short(1 / world.late_each, 6, mean) is (load < 1)
        world.run(600 * LONGEST)
        most[load] = max(each.ahead for each in world.done)
    assert most[0.8] < 40
    assert most[1.5] > 200


def test_what_is_promised_in_numbers():
    assert choices_before(0) == 3
    assert choices_before(4, agents=2) == 17
    assert bound_seconds(0, 1, 300) == 900
    assert bound_seconds(9, 5, 300) == 1800
    assert bound_seconds(9, 0, 300) == float("inf")
