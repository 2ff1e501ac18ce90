"""What the clock does with checklists: publish what has come to its day, end what nobody approved, remind owners."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.casework.domain.lifecycle import LIVE, Act, Phase, Version
from services.casework.domain.reread import Due, due_of
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.checklists.acting import faults_of, noted
from services.casework.usecases.checklists.going_live import go_live, leave
from services.casework.usecases.checklists.telling import Telling
from shared.clock import Clock, local

MOST = 50


@dataclass(frozen=True, slots=True)
class TurnChecklists:
    """Publish and end versions whose time has come, one at a time, each once whoever else does the same."""

    uow: UnitOfWork
    tell: Telling
    clock: Clock

    async def run(self) -> int:
        """Return how many were turned."""
        async with self.uow.read() as work:
            due = await work.versions.due(self.clock(), MOST)
        return sum([await self._turn(checklist_id, number) for checklist_id, number in due])

    async def _turn(self, checklist_id: str, number: int) -> bool:
        async with self.uow.begin() as work:
            await work.versions.hold(checklist_id)
            version = await work.versions.get(checklist_id, number)
            now = self.clock()
            if version.phase is Phase.URGENT and version.urgent_until is not None and version.urgent_until <= now:
                back = await leave(work, version, Act.LAPSE, None, now)
                await self.tell.owners(work, version, "lapsed", now, detail=str(back or ""))
                return True
            if version.scheduled and version.valid_from is not None and version.valid_from <= now:
                await self._publish(work, version, now)
                return True
        return False

    async def _publish(self, work: Work, version: Version, now: datetime) -> None:
        """Publish what waits, unless it is not ready any more: then it waits for a person, and its owners are told."""
        live = await work.versions.live(version.id)
        overtaken = live is not None and live.number != version.based_on
        case_type = await work.catalogue.case_type(version.checklist.case_type)
        taken = case_type is not None and case_type["checklist_id"] not in {None, version.id}
        if not overtaken and not taken and not await faults_of(work, version):
            await go_live(work, version, Act.PUBLISH, None, now)
            return
        waits = replace(version, scheduled=False, revision=version.revision + 1, changed_at=now)
        await work.versions.save(waits)
        await noted(work, waits, "stopped", None, now, overtaken=overtaken)
        await self.tell.owners(work, waits, "stopped", now, detail=str(waits.revision))


@dataclass(frozen=True, slots=True)
class RemindOwners:
    """Tell owners what is to be read again within thirty days, once for each version and reason."""

    uow: UnitOfWork
    tell: Telling
    clock: Clock

    async def run(self) -> int:
        """Return how many reasons were told."""
        today = local(self.clock()).date()
        async with self.uow.read() as work:
            live = await work.versions.listed(None, LIVE)
        told = [(version, one) for version in live for one in due_of(version, today)]
        return sum([await self._told(version, one) for version, one in told])

    async def _told(self, version: Version, one: Due) -> bool:
        async with self.uow.begin() as work:
            reason = f"{one.kind}:{one.day.isoformat()} {one.text}".strip()
            return await self.tell.owners(work, version, "reread", self.clock(), detail=reason)
