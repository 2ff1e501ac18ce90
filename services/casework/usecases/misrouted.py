"""How often a checklist sends people's matters to the wrong place: what its owner should look at first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from shared.errors import DomainError, FieldError
from shared.web.access import Person, visible_units

LONGEST = timedelta(days=400)
"""So much time one question may be about."""


class BadPeriodError(DomainError):
    """The period ends before it begins, or is too long."""

    type = "bad-period"
    status = 422
    title = "Perioden går inte att använda."


@dataclass(frozen=True, slots=True)
class MisroutedRow:
    """One version of a checklist: how many hand-overs it led to, and how many came back as misplaced."""

    checklist: str
    """Empty for hand-overs without a checklist."""
    version: int | None
    sent: int
    wrong_place: int
    wrong_type: int
    share: float
    """Of those sent, how many came back as the wrong place or the wrong type."""


@dataclass(frozen=True, slots=True)
class ReadMisrouted:
    """Count the hand-overs of a period per checklist and version, with those that came back as misplaced."""

    uow: UnitOfWork

    async def run(self, person: Person, begin: datetime, end: datetime) -> tuple[MisroutedRow, ...]:
        """Return what the reader's units were sent from `begin` until before `end`, the worst first."""
        if not begin < end or end - begin > LONGEST:
            raise BadPeriodError(errors=[FieldError("/to", "Slutet ska komma efter början, högst 400 dagar senare.")])
        async with self.uow.read() as work:
            rows = await work.handovers.misrouted(begin, end, visible_units(person))
        found = [_row(row["checklist_id"], row["checklist_version"], **_counts(row)) for row in rows]
        return tuple(sorted(found, key=lambda one: (-one.share, -one.sent, one.checklist)))


def _counts(row: Row) -> dict[str, int]:
    return {name: int(row[name]) for name in ("sent", "wrong_place", "wrong_type")}


def _row(checklist: str, version: int | None, *, sent: int, wrong_place: int, wrong_type: int) -> MisroutedRow:
    share = round((wrong_place + wrong_type) / sent, 4)
    return MisroutedRow(checklist, version, sent, wrong_place, wrong_type, share)
