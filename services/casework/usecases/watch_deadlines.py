"""Promises that were broken are told, each once."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from shared.clock import Clock
from shared.events import DeadlineMissed
from shared.ids import natural_event_id


@dataclass(frozen=True, slots=True)
class WatchDeadlines:
    """Find receipts, answers and cases whose time has passed."""

    uow: UnitOfWork
    clock: Clock

    async def run(self) -> int:
        """Tell every newly broken promise; returns how many."""
        now = self.clock()
        async with self.uow.begin() as work:
            missed = 0
            for row in await work.handovers.late(now):
                missed += await self._handover(work, row, now)
            for row in await work.handovers.overdue_cases(now):
                self._tell(work, row["id"], row["number"], "due", row["due_at"], now)
                missed += 1
        return missed

    async def _handover(self, work: Work, row: Row, now: datetime) -> int:
        kinds = ("acknowledge", "answer") if row["state"] == "sent" else ("answer",)
        broken = [kind for kind in kinds if not row[f"{kind}_missed"] and row[f"{kind}_by"] < now]
        await work.handovers.change(row["id"], **{f"{kind}_missed": True for kind in broken})
        for kind in broken:
            self._tell(work, row["case_id"], row["number"], kind, row[f"{kind}_by"], now)
        return len(broken)

    def _tell(self, work: Work, case_id: str, number: str, kind: str, due: datetime, now: datetime) -> None:
        event = DeadlineMissed(case_id=case_id, case_number=number, kind=kind, due_at=due, at=now)
        work.tell(event, event_id=natural_event_id(event.event_type, case_id, kind, due.isoformat()))
