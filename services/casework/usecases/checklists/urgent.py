"""*Akutändring*: a change that holds at once, for at most seven days, while somebody else reads it."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.lifecycle import Act, Phase, Version, urgent_end
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.checklists.acting import because, held, not_overtaken, ready
from services.casework.usecases.checklists.going_live import go_live
from services.casework.usecases.checklists.telling import Telling
from shared.clock import Clock
from shared.web.access import Person


@dataclass(frozen=True, slots=True)
class HurryVersion:
    """Make a draft live at once, with the reason; its unit is told that it must be approved in time."""

    uow: UnitOfWork
    tell: Telling
    clock: Clock

    async def run(
        self,
        person: Person,
        checklist_id: str,
        number: int,
        reason: str,
        revision: int | None = None,
        until: datetime | None = None,
    ) -> Version:
        """Return it live; a draft that is broken, misses a local fact or was overtaken is refused as ever."""
        plain = because(reason)
        async with self.uow.begin() as work:
            version = await held(work, person, checklist_id, number, Act.HURRY, revision)
            await not_overtaken(work, version)
            await ready(work, version)
            now = self.clock()
            before = await work.versions.live(checklist_id)
            running = before if before is not None and before.phase is Phase.URGENT else None
            end = urgent_end(now, until, running.urgent_until if running else None)
            back = running.falls_back_to if running else before.number if before else None
            facts = {"reason": plain, "until": end.isoformat()}
            urgent = {"urgent_until": end, "urgent_reason": plain, "falls_back_to": back}
            live = await go_live(work, version, Act.HURRY, person, now, facts=facts, **urgent)
            await self.tell.owners(work, live, "urgent", now, but={person.id})
            return live


@dataclass(frozen=True, slots=True)
class Newer:
    """The version that holds now, for somebody who stands in another one."""

    version: int
    urgent: bool
    reason: str = ""
    since: datetime | None = None


async def newer_than(work: Work, checklist_id: str, number: int) -> Newer | None:
    """Return what holds now instead of a version: a later one, or the one before a change that fell; None if itself.

    None also when the checklist was withdrawn: what has begun goes on.
    """
    row = await work.versions.head(checklist_id)
    if row is None or row["version"] == number:
        return None
    urgent = row["phase"] == Phase.URGENT.value
    return Newer(row["version"], urgent, row["urgent_reason"] if urgent else "", row["published_at"])


@dataclass(frozen=True, slots=True)
class IsThereNewer:
    """Whether a run stands in a version that no longer holds."""

    uow: UnitOfWork

    async def run(self, checklist_id: str, number: int) -> Newer | None:
        """Return the version that holds instead."""
        async with self.uow.read() as work:
            return await newer_than(work, checklist_id, number)
