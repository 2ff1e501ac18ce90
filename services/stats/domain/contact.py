"""A contact as stats sees it: waiting, taken or done, and counted once whatever is told twice."""

from dataclasses import dataclass
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
    ended_at: datetime | None = None
    waited: float | None = None
    """Seconds until the first accept, or until the citizen left."""
    agent: str = ""
    """Who has it now; empty when nobody has."""
    taken_over: str = TakenOver.TAKEN
    """What the router said of it; a case's own end says more."""

    def advance(self, fact: Fact, tally: Tally) -> None:
        """Take in one fact of the contact and add what it means to `tally`.

        A fact with a lower epoch than one already seen is history, and a contact is received, answered and
        abandoned at most once.
        """
        if fact.type == "contact.routed":
            self._routed(fact, tally)
            return
        if fact.type == "supervisor.acted":  # what it did to the contact is told by the contact's own facts
            return
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
            case "contact.transferred":
                self.agent = fact.agent_id
            case "contact.completed":
                self.state, self.ended_at, self.agent = COMPLETED, fact.at, ""
            case "contact.abandoned":
                self._abandoned(fact, tally)
            case _:  # an offer made, declined or expired: it still waits; held, connected, moved: nothing to count
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
        if self.accepted_at is None:
            self.accepted_at, self.waited = fact.at, fact.seconds
            tally.add(self._cell(fact.at), Measures(answered=1, waited=fact.seconds))

    def _abandoned(self, fact: Fact, tally: Tally) -> None:
        self.state, self.ended_at = ABANDONED, fact.at
        if self.waited is None:
            self.waited = fact.seconds
            tally.add(self._cell(fact.at), Measures(abandoned=1))

    def _cell(self, moment: datetime) -> Cell:
        return Cell(bin_of(moment), self.channel, self.unit, self.case_type, self.entrance)
