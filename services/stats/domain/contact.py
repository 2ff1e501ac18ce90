"""A contact as stats sees it: waiting, taken or done, and counted once whatever is told twice."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.stats.domain.cube import Cell, Measures, Tally, bin_of
from services.stats.domain.fact import Fact
from shared.vocabulary import TakenOver

WAITING = "waiting"
ASSIGNED = "assigned"
COMPLETED = "completed"
ABANDONED = "abandoned"
BACKLOG = "backlog"
"""The detail of a routing whose contact had come long before: no load of the day that it was taken in."""
_ENDED = frozenset({COMPLETED, ABANDONED})


@dataclass(slots=True)
class Contact:
    """The projection of one contact; `state` is empty until something but its routing is known."""

    id: str
    channel: str = ""
    unit: str = ""
    entrance: str = ""
    case_type: str = ""
    queue: str = ""
    skills: tuple[str, ...] = ()
    person_key: str = ""
    state: str = ""
    epoch: int = 0
    received_at: datetime | None = None
    queued_at: datetime | None = None
    accepted_at: datetime | None = None
    """When it was answered: accepted, or through where its telephony tells that."""
    ended_at: datetime | None = None
    waited: float | None = None
    """Seconds until it was answered, or until the citizen left."""
    agent: str = ""
    """Who has it now; empty when nobody has."""
    taken_over: str = TakenOver.TAKEN
    """What the router said of it; a case's own end says more."""
    left_at: datetime | None = None
    """When the citizen left before anybody had answered."""
    short: bool = False
    """Left so soon that nobody could have answered: counted apart."""

    def advance(self, fact: Fact, tally: Tally) -> None:
        """Take in one fact of the contact and add what it means to `tally`.

        A fact with a lower epoch than one already seen is history, and a contact is received, answered and
        abandoned at most once.
        """
        match fact.type:
            case "contact.routed":
                self._routed(fact, tally)
            case "contact.left":  # it may be told after the end of its case, and changes nothing but the figures
                self._left(fact, tally)
            case "supervisor.acted":  # what it did to the contact is told by the contact's own facts
                return
            case _:
                self._moved_on(fact, tally)

    def _moved_on(self, fact: Fact, tally: Tally) -> None:
        self.queue = fact.queue or self.queue
        self.channel = fact.channel or self.channel
        if fact.epoch < self.epoch or (self.state in _ENDED and fact.epoch == self.epoch):
            return
        self.epoch = fact.epoch
        match fact.type:
            case "contact.queued" | "contact.requeued" | "contact.return_call_promised":
                self.state, self.ended_at, self.agent = WAITING, None, ""
                self.queued_at = self.queued_at or fact.at
            case "offer.accepted":
                self._accepted(fact, tally)
            case "contact.connected":
                self._answered(fact.at, fact.seconds, tally)
            case "contact.transferred":
                self.agent = fact.agent_id
                self._answered(fact.at, self._waits(fact.at), tally)
            case "contact.completed":
                self.state, self.ended_at, self.agent = COMPLETED, fact.at, ""
            case "contact.abandoned":
                self.state, self.ended_at = ABANDONED, fact.at
                self._gave_up(fact, tally)
            case _:  # an offer made, declined or expired: it still waits; held, moved: nothing to count
                return

    def _routed(self, fact: Fact, tally: Tally) -> None:
        new = self.received_at is None
        self.channel, self.unit, self.entrance = fact.channel, fact.unit, fact.entrance
        self.queue, self.skills = self.queue or fact.queue, fact.skills
        self.person_key, self.taken_over = fact.person_key, fact.taken_over
        if new and fact.detail == BACKLOG:
            self.case_type = fact.case_type
        elif new:
            self.case_type, self.received_at = fact.case_type, fact.at
            tally.add(self._cell(fact.at), Measures(contacts=1))

    def _accepted(self, fact: Fact, tally: Tally) -> None:
        self.state, self.agent = ASSIGNED, fact.agent_id
        if not fact.connecting:
            self._answered(fact.at, fact.seconds, tally)

    def _left(self, fact: Fact, tally: Tally) -> None:
        seconds = fact.seconds or self._waits(fact.at)
        if fact.abandoned:
            self._gave_up(replace(fact, seconds=seconds), tally)
        elif fact.abandoned is False:  # talked, though nobody had said that they were through
            self._answered(fact.at, seconds, tally)

    def _waits(self, moment: datetime) -> float:
        return max(0.0, (moment - self.queued_at).total_seconds()) if self.queued_at else 0.0

    def _answered(self, moment: datetime, seconds: float, tally: Tally) -> None:
        if self.waited is None:
            self.accepted_at, self.waited = moment, seconds
            tally.add(self._cell(moment), Measures(answered=1, waited=seconds))

    def _gave_up(self, fact: Fact, tally: Tally) -> None:
        if self.waited is None:
            self.left_at, self.waited, self.short = fact.at, fact.seconds, fact.short
            tally.add(self._cell(fact.at), Measures(abandoned=int(not fact.short)))

    def _cell(self, moment: datetime) -> Cell:
        return Cell(bin_of(moment), self.channel, self.unit, self.case_type, self.entrance)
