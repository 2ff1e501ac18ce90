"""The proof as people and programs see it: per mailbox and day the five outcomes, their sum, and what is missing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.intake.channels.census import Census
from services.intake.domain.outcome import Line, Outcome
from services.intake.domain.reconciliation import Difference, Kind
from services.intake.domain.trouble import in_swedish
from services.intake.store.checks import Check, Checks, Differing
from services.intake.store.ledger import Ledger
from shared.health import Health

MOST = 200
"""Differences and mails in quarantine that are listed; the counts are of all."""


NOTES = ("move", "fetch", "entrance")
"""What is said of a mailbox beside whether it is read, behind its name at `/health/ready`."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a mailbox: how many mails came to each outcome, and how many came to none."""

    day: date
    counts: Mapping[Outcome, int]
    difference: int
    """Mails that were seen and have no outcome: 0 is the proof."""
    listed: int
    """Differences of any kind that somebody should see to."""

    @property
    def total(self) -> int:
        """The sum of the five outcomes."""
        return sum(self.counts.values())

    @property
    def seen(self) -> int:
        """How many mails were seen."""
        return self.total + self.difference


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox: how it is right now, when it was compared, and its days, newest first."""

    name: str
    label: str
    problem: str | None
    since: datetime | None
    check: Check | None
    days: tuple[Day, ...]
    notes: tuple[str, ...] = ()
    """What else of it needs a person, in the sentences of `/health/ready`."""

    def sentences(self, language: str) -> list[str]:
        """Return all that is wrong with it in the reader's language."""
        said = [self.problem, *self.notes] if self.problem else list(self.notes)
        return [one if language == "en" else in_swedish(one) for one in said if one]


@dataclass(frozen=True, slots=True)
class Overview:
    """All mailboxes, what differs, and what is in quarantine."""

    boxes: tuple[Box, ...]
    differences: tuple[Difference, ...]
    quarantined: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class MailOverview:
    """Put together what the ledger, the comparisons and the mailboxes' health say."""

    boxes: Mapping[str, Census]
    ledger: Ledger
    checks: Checks
    health: Health

    async def view(self, first: date, last: date) -> Overview:
        """Return the days from `first` to `last`; differences and quarantine are those of now, whatever their day."""
        counts = await self.ledger.counts(first, last)
        checks = {check.mailbox: check for check in await self.checks.all()}
        differing = await self.checks.counts()
        failing = await self.health.failing()
        names = sorted({*self.boxes, *checks, *(count.mailbox for count in counts)})
        boxes = []
        for name in names:
            tally: dict[date, Counter[Outcome]] = {}
            for one in counts:
                if one.mailbox == name:
                    tally.setdefault(one.day, Counter())[one.outcome] += one.count
            ours = [one for one in differing if one.mailbox == name]
            boxes.append(self._box(name, checks.get(name), _days(tally, ours, first, last), failing))
        differences = await self.checks.differences(MOST)
        return Overview(tuple(boxes), tuple(differences), tuple(await self.ledger.quarantined(MOST)))

    def _box(self, name: str, check: Check | None, days: tuple[Day, ...], failing: Mapping[str, str]) -> Box:
        read = self.boxes.get(name)
        if read is None:
            return Box(name, name, None, None, check, days)
        part = read.account.part
        problem, since = failing.get(part), self.health.since(part)
        if problem is None and check is not None and check.problem is not None:
            problem, since = check.problem, check.problem_since
        notes = tuple(failing[f"{part}.{what}"] for what in NOTES if f"{part}.{what}" in failing)
        return Box(name, read.account.label or read.account.address or name, problem, since, check, days, notes)


def _days(
    tally: Mapping[date, Counter[Outcome]], differing: Sequence[Differing], first: date, last: date
) -> tuple[Day, ...]:
    missing: Counter[date] = Counter()
    listed: Counter[date] = Counter()
    for one in differing:
        listed[one.day] += one.count
        missing[one.day] += one.count if one.kind in {Kind.WAITING, Kind.UNKNOWN} else 0
    days = sorted({*tally, *(day for day in listed if first <= day <= last)}, reverse=True)
    none: Counter[Outcome] = Counter()
    return tuple(
        Day(day, {one: tally.get(day, none)[one] for one in Outcome}, missing[day], listed[day]) for day in days
    )
