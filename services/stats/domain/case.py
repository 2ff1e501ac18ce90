"""A case as stats sees it: how its first contact ended decides the lösningsgrad.

What follows changes it in one way: a solution that was none is taken back, on the day of the closing. What a case has
taken grows with each of its ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.stats.domain.cube import Cell, Measures, Tally, bin_of
from services.stats.domain.fact import Fact
from shared.vocabulary import Channel, Outcome, Resolution, TakenOver

DaysTaken = Callable[[datetime, datetime], int]
"""Working days between two moments: 1 is within one working day."""


NO_SHOW = "no_show"
"""The outcome of a case whose visitor did not come when she was called: in no share of solved."""
MERGED = "merged"
"""How the outcome of a case begins that has become part of another: it counts as nothing while it is.

What it counted as before follows, for it may be made a case of its own again.
"""


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
    withdrawn: bool = False
    """It had counted as solved at the first contact, and was not."""
    allowed: bool | None = None
    """Whether its checklist had an end that closes."""
    handling: float = 0.0
    """Seconds of work, as told in its ends and after them."""
    cause: str = ""
    """Why the contact arose, as first told in a close; it stays with the case, whichever end is the first."""

    def advance(self, fact: Fact, tally: Tally, days_taken: DaysTaken) -> None:
        """Take in one fact of the case and add what it means to `tally`; only the first end is counted."""
        match fact.type:
            case "case.opened":
                self.contact_id, self.entrance = fact.contact_id, fact.entrance
                self.channel, self.unit = fact.channel, self.unit or fact.unit
                self.opened_at = self.opened_at or fact.at
            case "case.classified":
                if self.ended_at is None:  # a later correction moves no figure of the first end
                    self.case_type, self.unit = fact.case_type, fact.unit
            case "case.closed" | "case.handed_over":
                self.handling += fact.seconds
                self.cause = self.cause or fact.cause
                if self.ended_at is None:
                    self._end(fact, tally, days_taken)
            case "case.time_added":
                self.handling += fact.seconds
            case "case.first_contact_withdrawn":
                self._withdraw(tally)
            case "case.merged":
                self._merge(fact, tally)
            case "case.split":
                self._split(tally)
            case _:
                return

    def _end(self, fact: Fact, tally: Tally, days_taken: DaysTaken) -> None:
        closed = fact.type == "case.closed"
        self.channel, self.unit = fact.channel or self.channel, fact.unit or self.unit
        self.contact_id = self.contact_id or fact.contact_id
        self.case_type = fact.case_type or self.case_type
        self.ended_at = fact.at
        self.outcome = Outcome.CLOSE if closed else Outcome.HANDOVER
        if closed and fact.detail == Resolution.NO_SHOW:
            self.outcome = NO_SHOW
        self.solved = closed and fact.first_contact
        self.solved_wide = self.solved or (closed and fact.first_contact_wide)
        self.allowed = False if self.outcome == NO_SHOW else fact.allowed
        if self.channel == Channel.EMAIL and self.opened_at:
            self.days = days_taken(self.opened_at, fact.at)
        self.taken_over = fact.taken_over
        tally.add(self._cell(fact.at), self._counted())

    def _cell(self, end: datetime) -> Cell:
        return Cell(bin_of(end), self.channel, self.unit, self.case_type, self.entrance)

    def _counted(self, times: int = 1) -> Measures:
        """Return what the first end counts as; `times` -1 takes it back."""
        if self.taken_over == TakenOver.NOT:
            return Measures(not_taken=times)
        return Measures(
            closed=times * (self.outcome == Outcome.CLOSE),
            solved=times * self.solved,
            solved_wide=times * self.solved_wide,
            handed_over=times * (self.outcome == Outcome.HANDOVER),
        )

    @property
    def _merged(self) -> bool:
        return self.outcome.startswith(MERGED)

    def _withdraw(self, tally: Tally) -> None:
        """It was no solution: taken back where it was counted, on the day of the closing."""
        if self.ended_at is None or not (self.solved or self.solved_wide):
            return
        if self.taken_over != TakenOver.NOT and not self._merged:
            taken_back = Measures(solved=-int(self.solved), solved_wide=-int(self.solved_wide))
            tally.add(self._cell(self.ended_at), taken_back)
        self.solved, self.solved_wide, self.withdrawn = False, False, True

    def _merge(self, fact: Fact, tally: Tally) -> None:
        """It is none of its own any more: what it counted as is taken back."""
        if self._merged:
            return
        if self.ended_at is not None:
            tally.add(self._cell(self.ended_at), self._counted(-1))
        self.ended_at = self.ended_at or fact.at
        self.outcome = f"{MERGED} {self.outcome}".rstrip()

    def _split(self, tally: Tally) -> None:
        """It is one of its own again: it counts as before the merge; one that had not ended has its end to come."""
        if not self._merged:
            return
        self.outcome = self.outcome.removeprefix(MERGED).lstrip()
        if not self.outcome:
            self.ended_at = None
        elif self.ended_at is not None:
            tally.add(self._cell(self.ended_at), self._counted())
