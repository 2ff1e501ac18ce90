"""Writing to the citizen by SMS: whom it reaches, and the confirmation after a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.casework.channels.numbers import mobile
from services.casework.domain.case import Case
from services.casework.domain.sms import short_enough
from services.casework.mail import when
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.protection import hold
from shared.clock import Clock
from shared.errors import DomainError
from shared.vocabulary import CaseState, Secrecy
from shared.web.access import Person


class NoMobileError(DomainError):
    """The citizen has given no mobile number, or the entrance sends no SMS."""

    type = "no-mobile"
    status = 422
    title = "Det går inte att skicka sms i det här ärendet."


@dataclass(frozen=True, slots=True)
class Reach:
    """To which number (E.164) and in whose name an SMS goes."""

    number: str
    sender: str


def reach(contacts: Sequence[Row], entrance: Row | None, case: Case | Row) -> Reach | None:
    """Return whom an SMS of the case reaches: the current contact's mobile, or the latest; None when nobody."""
    sender = entrance["sms_sender"] if entrance else ""
    current = case.current_contact if isinstance(case, Case) else case["current_contact"]
    latest_first = [one for one in reversed(contacts) if one["sender_phone"] and not one["purged_at"]]
    for one in sorted(latest_first, key=lambda row: row["id"] != current):
        if sender and (number := mobile(one["sender_phone"])):
            return Reach(number, sender)
    return None


async def send_sms(work: Work, case: Case, kind: str, nonce: str, body: str, now: datetime) -> bool:
    """Queue an SMS to the citizen of a case, once per kind and nonce; False when nobody is reached or it is there.

    A `receipt` goes out at most once, whatever happens.
    """
    found = reach(await work.contacts.of_case(case.id), await work.catalogue.entrance(case.entrance), case)
    if found is None:
        return False
    return await work.sms.queue(
        id=f"{case.id}.{kind}.{nonce}",
        case_id=case.id,
        kind=kind,
        recipient=found.number,
        sender=found.sender,
        body=short_enough(body),
        created_at=now,
        next_at=now,
    )


@dataclass(frozen=True, slots=True)
class ConfirmBySms:
    """After a call, when the citizen wants it: the number of the case, and by when an answer is promised."""

    uow: UnitOfWork
    clock: Clock
    sms: bool

    async def run(self, number: str, person: Person) -> bool:
        """Queue the confirmation, once per contact and state; False when it cannot be sent."""
        if not self.sms:
            return False
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            now = self.clock()
            nonce = f"{case.current_contact}-{case.state.value}".replace("-", "").replace("_", "")
            return await send_sms(work, case, "receipt", nonce, await self._words(work, case), now)

    async def _words(self, work: Work, case: Case) -> str:
        """Return what it says: only the number where secrecy is presumed, since anybody may read a phone."""
        run = await work.runs.of(case)
        if run is not None and run.checklist.secrecy is Secrecy.PRESUMED:
            return f"Ditt ärendenummer är {case.number}."
        entrance = await work.catalogue.entrance(case.entrance)
        name = (entrance and (entrance["sender_name"] or entrance["name"])) or "kontaktcenter"
        promise = ""
        if case.state is CaseState.HANDED_OVER and (handovers := await work.handovers.of_case(case.id)):
            promise = f" Du får svar senast {when(handovers[-1]['answer_by'])}."
        return f"Tack för ditt samtal. Ditt ärendenummer är {case.number}.{promise} {name}"
