"""What the provider of SMS says became of one: it is in the phone, or never came there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.casework.domain.outgoing import UNDELIVERED, OutgoingDeed
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.bounces import not_arrived
from shared.clock import Clock
from shared.metrics import MAILS_OUT


@dataclass(frozen=True, slots=True)
class TakeDelivery:
    """Take a report of delivery: the same again, or one of an SMS that is not ours, changes nothing."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self, provider_id: str, status: Literal["delivered", "failed"], at: datetime | None = None, own_id: str = ""
    ) -> None:
        """Write it at the SMS; one that did not arrive is heard of where a mail that came back is."""
        now = self.clock()
        async with self.uow.begin() as work:
            if status == "delivered":
                one = await work.sms.reported(own_id, provider_id, at or now, arrived=True)
            else:
                one = await work.sms.reported(own_id, provider_id, now, arrived=False, problem=UNDELIVERED)
                if one is not None:
                    await not_arrived(work, one, OutgoingDeed.FAILED, UNDELIVERED, now)
        if one is not None:
            MAILS_OUT.labels(f"sms_{one['kind']}", status).inc()
