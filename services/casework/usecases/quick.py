"""Quick registration: somebody wanted an extension, or the way to the library; a contact and its closed case at once.

No queue has seen the contact: nothing was offered, nobody waited. It is counted by its case.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Deed, case_id_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.close_case import close
from services.casework.usecases.first_contact import came_back
from services.casework.usecases.opening import take
from services.casework.usecases.standing import write_down
from services.casework.usecases.work_case import UnknownCaseTypeError, wanted
from shared.clock import Clock
from shared.events import CaseClassified
from shared.ids import natural_contact_id, new_id
from shared.vocabulary import Cause, Channel, Resolution
from shared.web.access import Person

QUICK = (Channel.PHONE, Channel.VISIT)
"""How somebody can have asked whom no queue has seen."""


@dataclass(frozen=True, slots=True)
class Quick:
    """What is registered."""

    words: str
    case_type: str
    resolution: Resolution | None
    """None: the case stays open at the desk."""
    channel: Channel = Channel.PHONE
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class RegisterQuickly:
    """Register a contact that is over as soon as it is written down."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, quick: Quick, request_id: str) -> str:
        """Return the number of its case, the same for the same `request_id`.

        ObligatoryStepOpenError (409) when the checklist of its type asks for a step first: it can be opened instead.
        """
        words, now = wanted(quick.words), self.clock()
        contact_id = natural_contact_id("quick", person.id, request_id)
        async with self.uow.begin() as work:
            if (before := await work.cases.number_of_contact(contact_id)) is not None:
                return before
            row = await work.catalogue.case_type(quick.case_type)
            if row is None or row["deprecated"]:
                raise UnknownCaseTypeError
            number = await self._open(work, person, contact_id, row, quick.channel, now)
            if number is None:  # the same press came in between and has written it
                return str(await work.cases.number_of_contact(contact_id))
            case = await work.cases.lock_id(case_id_of(contact_id))
            note = {"case_id": case.id, "author": person.id, "author_name": person.name, "at": now}
            await work.texts.add_note(id=new_id(), body=words, **note)
            if quick.resolution is not None:
                await close(work, case, person.id, quick.resolution, quick.cause, now)
                facts = {"resolution": quick.resolution.value}
                await write_down(work, case.id, person, person.id, Deed.CLOSE, self.clock, **facts)
            await came_back(work, now)
        return number

    async def _open(
        self, work: Work, person: Person, contact_id: str, row: Row, channel: Channel, now: datetime
    ) -> str | None:
        """Open the case, its type confirmed by the one who chose it; None when it has been opened meanwhile."""
        contact: dict[str, Any] = {"id": contact_id, "channel": channel.value, "entrance": "", "unit": row["unit"]}
        contact |= {"queue": "", "agent_id": person.id, "epoch": 1, "waited_seconds": 0.0}
        taken = await work.contacts.accept([{**contact, "received_at": now, "accepted_at": now}])
        if not taken:
            return None
        number = (await take(work, taken, now))[contact_id]
        case_id = case_id_of(contact_id)
        checklist = {name: row[name] for name in ("checklist_id", "checklist_version")}
        typed = {"case_type": row["id"], "classified_how": "confirmed", "unit": row["unit"], **checklist}
        await work.cases.change(case_id, now, **typed)
        work.first_contacts.typed(case_id)
        at: dict[str, Any] = {"case_id": case_id, "case_number": number, "contact_id": contact_id, "at": now}
        work.tell(CaseClassified(**at, case_type=row["id"], unit=row["unit"], how="confirmed", by=person.id))
        return number
