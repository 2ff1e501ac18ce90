"""Writing to the citizen by SMS: whom it reaches, and the confirmation after a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.casework.channels.numbers import mobile
from services.casework.domain.case import Case
from services.casework.domain.sms import short_enough
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.protection import hold
from services.casework.usecases.secrecy import is_secret
from services.casework.usecases.sms_words import confirmed, only_number
from shared.clock import Clock
from shared.errors import DomainError
from shared.vocabulary import CaseState, EntranceKind
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
    language: str = "sv"
    """Of the contact that gave the number."""


def reach(contacts: Sequence[Row], entrance: Row | None, case: Case | Row) -> Reach | None:
    """Return whom an SMS of the case reaches: the current contact's mobile, or the latest; None when nobody."""
    sender = entrance["sms_sender"] if entrance else ""
    current = case.current_contact if isinstance(case, Case) else case["current_contact"]
    latest_first = [one for one in reversed(contacts) if one["sender_phone"] and not one["purged_at"]]
    for one in sorted(latest_first, key=lambda row: row["id"] != current):
        if sender and (number := mobile(one["sender_phone"])):
            return Reach(number, sender, one["language"] or "sv")
    return None


async def own_mobiles(work: Work) -> frozenset[str]:
    """Return our own numbers that an SMS would reach."""
    values = (one["value"] for one in await work.catalogue.entrances() if one["kind"] == EntranceKind.NUMBER)
    return frozenset(filter(None, map(mobile, values)))


async def queue_sms(  # noqa: PLR0913, PLR0917 - what an SMS is made of
    work: Work, case: Case, to: Reach, kind: str, nonce: str, body: str, now: datetime
) -> bool:
    """Queue an SMS to somebody of a case, once per kind and nonce; False when it is there.

    A `receipt` goes out at most once, whatever happens.
    """
    return await work.sms.queue(
        id=f"{case.id}.{kind}.{nonce}",
        case_id=case.id,
        kind=kind,
        recipient=to.number,
        sender=to.sender,
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
        """Queue the confirmation, once per contact and state; False when it cannot be sent.

        The SMS that tells of a hand-over has said it already.
        """
        if not self.sms:
            return False
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            to = reach(await work.contacts.of_case(case.id), await work.catalogue.entrance(case.entrance), case)
            if to is None:
                return False
            handed = await work.handovers.of_case(case.id) if case.state is CaseState.HANDED_OVER else []
            if handed and await _told(work, case, handed[-1]):
                return True
            said = await self._words(work, case, to, handed[-1]["answer_by"] if handed else None)
            nonce = f"{case.current_contact}-{case.state.value}".replace("-", "").replace("_", "")
            now = self.clock()
            fresh = await queue_sms(work, case, to, "receipt", nonce, said, now)
            if (undo := await work.undos.pending(case.id)) is not None:
                await work.undos.hold_back(case.id, now, undo["until"])
            return fresh

    async def _words(self, work: Work, case: Case, to: Reach, answer_by: datetime | None) -> str:
        """Return what it says: only the number where secrecy is presumed, since anybody may read a phone."""
        if await is_secret(work, case):
            return only_number(case.number, to.language)
        entrance = await work.catalogue.entrance(case.entrance)
        name = (entrance and (entrance["sender_name"] or entrance["name"])) or "kontaktcenter"
        return confirmed(case.number, answer_by, sender=name, language=to.language)


async def _told(work: Work, case: Case, handover: Row) -> bool:
    """Return whether the SMS about a hand-over has said the same already."""
    own = handover["id"].replace("-", "")
    return any(one["kind"] == "notice" and own in one["id"] for one in await work.sms.of_case(case.id))
