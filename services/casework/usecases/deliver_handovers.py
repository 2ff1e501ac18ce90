"""Hand-overs that could wait reach their unit at the time that it has picked, each once."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.handover import STORED, HandoverDeed, after
from services.casework.mail import Letters
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.hand_over import send
from services.casework.usecases.handover_parts import event_facts, standing
from services.casework.usecases.pass_handover import plan_of
from shared.clock import Clock
from shared.events import HandoverDelivered

THE_CLOCK = "clock"
"""Who delivers, as events and the history say it."""
_BATCH = 50


@dataclass(frozen=True, slots=True)
class DeliverHandovers:
    """Deliver what is due; several processes may do it at once."""

    uow: UnitOfWork
    letters: Letters
    clock: Clock

    async def run(self) -> int:
        """Deliver a batch; returns how many."""
        now = self.clock()
        async with self.uow.begin() as work:
            rows = await work.handovers.to_deliver(now, _BATCH)
            for row in rows:
                await self._deliver(work, row, now)
        return len(rows)

    async def _deliver(self, work: Work, row: Row, now: datetime) -> None:
        state = after(standing(row), HandoverDeed.DELIVER, now)
        await work.handovers.change(row["id"], state=STORED[state], delivered_at=now)
        case = await work.cases.lock_id(row["case_id"])
        unit = await work.catalogue.unit(row["unit"])
        plan = plan_of(row, str(unit["name"]) if unit else row["unit"])
        await send(work, self.letters, case, plan, row, now)
        facts = {"handover_id": row["id"], "unit": row["unit"]}
        await work.history.write(
            row["case_id"], now, by=THE_CLOCK, by_name="", what=HandoverDeed.DELIVER.value, facts=facts
        )
        work.tell(HandoverDelivered(**event_facts(row, case, THE_CLOCK, now), to=row["unit"]))
