"""A case as stats sees it: how its first contact ended decides the lösningsgrad, whatever follows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.stats.domain.cube import Cell, Measures, Tally, bin_of
from services.stats.domain.fact import Fact
from shared.vocabulary import WIDELY_SOLVED, Channel, Outcome, TakenOver

DaysTaken = Callable[[datetime, datetime], int]
"""Working days between two moments: 1 is within one working day."""


@dataclass(slots=True)
class Case:
    """The projection of one case; `outcome` and what follows it are those of the first end."""

    id: str
    contact_id: str = ""
    channel: str = ""
    unit: str = ""
    entrance: str = ""
    case_type: str = ""
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    solved: bool = False
    solved_wide: bool = False
    days: int | None = None
    """Working days until the first end, for mail."""
    taken_over: str = TakenOver.TAKEN
    """Whether the contact centre answered for it at its first end; what it did not is in no share of solved."""

    def advance(self, fact: Fact, tally: Tally, days_taken: DaysTaken) -> None:
        """Take in one fact of the case and add what it means to `tally`; only the first end is counted."""
        match fact.type:
            case "case.opened":
                self.contact_id, self.entrance = fact.contact_id, fact.entrance
                self.channel, self.unit = fact.channel, self.unit or fact.unit
                self.opened_at = self.opened_at or fact.at
            case "case.classified":
                self.case_type, self.unit = fact.case_type, fact.unit
            case "case.closed" | "case.handed_over":
                if self.ended_at is None:
                    self._end(fact, tally, days_taken)
            case _:
                return

    def _end(self, fact: Fact, tally: Tally, days_taken: DaysTaken) -> None:
        closed = fact.type == "case.closed"
        self.channel, self.unit = fact.channel or self.channel, fact.unit or self.unit
        self.contact_id = self.contact_id or fact.contact_id
        self.case_type = fact.case_type or self.case_type
        self.ended_at = fact.at
        self.outcome = Outcome.CLOSE if closed else Outcome.HANDOVER
        self.solved = closed and fact.first_contact
        self.solved_wide = self.solved or (closed and fact.detail in WIDELY_SOLVED)
        if self.channel == Channel.EMAIL and self.opened_at:
            self.days = days_taken(self.opened_at, fact.at)
        self.taken_over = fact.taken_over
        cell = Cell(bin_of(fact.at), self.channel, self.unit, self.case_type, self.entrance)
        tally.add(cell, self._ended(closed=closed))

    def _ended(self, *, closed: bool) -> Measures:
        if self.taken_over == TakenOver.NOT:
            return Measures(not_taken=1)
        return Measures(
            closed=int(closed),
            solved=int(self.solved),
            solved_wide=int(self.solved_wide),
            handed_over=int(not closed),
        )
