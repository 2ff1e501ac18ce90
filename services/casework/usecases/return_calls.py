"""Return calls that nobody answered: three tries, then an SMS, and the case lives on; nobody has to remember it."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.case import Case
from services.casework.domain.return_call import MOST_TRIES, NoReturnCallError, next_try, try_number
from services.casework.router_client import RouterClient
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.calendars import calendar_for
from services.casework.usecases.opening import let_go
from services.casework.usecases.park import ParkCase
from services.casework.usecases.pass_on import held
from services.casework.usecases.secrecy import is_secret
from services.casework.usecases.sms_words import looked_for
from services.casework.usecases.text_citizen import queue_sms, reach
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.events import ReturnCallTried
from shared.ids import natural_event_id
from shared.vocabulary import EntranceKind, WorkKind
from shared.web.access import Person

TRIED = "call_tried"
"""What the history calls it."""
_WHY = "Ringde tre gånger, inget svar."


@dataclass(frozen=True, slots=True)
class Tried:
    """A try that nobody answered: which, when we call again, and whether the citizen was told by SMS instead."""

    number: int
    next_at: datetime | None
    told: bool = False


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Nobody answered: promise the call again, or after the third try tell the citizen and let the case rest.

    The case stays the agent's and is never closed by this: she is reminded on the next working day. Pressed twice it
    is one try: a try is known by the contact and the epoch in which the agent has it.
    """

    uow: UnitOfWork
    router: RouterClient
    park: ParkCase
    clock: Clock
    sms: bool = False
    """Whether SMS can be sent at all."""

    async def run(self, number: str, person: Person) -> Tried:
        """Note the try and do what follows; ConflictError when the contact is no longer hers."""
        async with self.uow.begin() as work:
            case, contact = await held(work, number, person)
            if contact["kind"] != WorkKind.RETURN_CALL:
                raise NoReturnCallError
            tried = await self._note(work, case, contact, person)
        if tried.next_at is None:
            await self.park.run(number, person, why=_WHY, waiting=True)
            return tried
        key = {"id": contact["id"], "epoch": int(contact["epoch"])}
        await self.router.return_call(key["id"], key["epoch"], tried.next_at)
        async with self.uow.begin() as work:
            await work.cases.hold_of([key["id"]])
            await work.contacts.return_call([key])
            await let_go(work, [key], self.clock())
        return tried

    async def _note(self, work: Work, case: Case, contact: Row, person: Person) -> Tried:
        """Write the try down, once; the router is asked after that, and may be asked again."""
        try_id = natural_event_id(ReturnCallTried.event_type, contact["id"], str(contact["epoch"]))
        known = await work.call_tries.get(try_id)
        if known is not None:
            return Tried(known["try_number"], known["next_at"])
        now, by = self.clock(), author(person, case)
        one = try_number(await work.call_tries.count(contact["id"]))
        next_at = next_try(now, one, await calendar_for(work, case.unit))
        row = {"case_id": case.id, "contact_id": contact["id"], "by": by, "try_number": one, "next_at": next_at}
        await work.call_tries.add(now, id=try_id, **row)
        facts = {"number": one, "next_at": next_at.isoformat() if next_at else None}
        await work.history.write(case.id, now, by=by, by_name=person.name, what=TRIED, facts=facts)
        at = {"case_id": case.id, "case_number": case.number, "contact_id": contact["id"], "at": now}
        work.tell(ReturnCallTried(**at, try_number=one, next_at=next_at, by=by), event_id=try_id)
        told = next_at is None and self.sms and await self._tell_citizen(work, case, try_id, now)
        return Tried(one, next_at, told)

    async def _tell_citizen(self, work: Work, case: Case, try_id: str, now: datetime) -> bool:
        """Queue "we have looked for you", when the entrance sends SMS and a mobile number is known."""
        entrance = await work.catalogue.entrance(case.entrance)
        to = reach(await work.contacts.of_case(case.id), entrance, case)
        if to is None or entrance is None:
            return False
        ours: dict[str, str] = {}
        if not await is_secret(work, case):  # anybody may read a phone
            phone = entrance["value"] if entrance["kind"] == EntranceKind.NUMBER else ""
            ours = {"phone": phone, "sender": entrance["sender_name"] or entrance["name"]}
        said = looked_for(case.number, MOST_TRIES, **ours, language=to.language)
        return await queue_sms(work, case, to, "notice", try_id.replace("-", ""), said, now)
