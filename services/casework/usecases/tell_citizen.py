"""The citizen hears where her case is: once when it is handed over, and once when the promised time moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.case import Case
from services.casework.domain.handover import Why
from services.casework.links import Links
from services.casework.mail import Letters
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.reply import answered, sender_of
from services.casework.usecases.secrecy import is_secret
from services.casework.usecases.sms_words import News, notice
from services.casework.usecases.text_citizen import Reach, own_mobiles, queue_sms, reach
from shared.clock import Clock
from shared.vocabulary import PersonRole

MOST = 50
"""Citizens told in one transaction."""


@dataclass(frozen=True, slots=True)
class TellCitizen:
    """Queues notices within somebody else's transaction: never to a robot, never twice about the same promise.

    By mail; by SMS to one who has given no mail address and calls from a mobile, where the entrance sends SMS.

    Notices carry the headers of an automatic mail, so that no robot answers them. Where secrecy is presumed or the
    citizen's identity protected they name no unit, and are written in the name of the entrance.
    """

    letters: Letters
    links: Links
    sms: bool = False
    """Whether SMS can be sent at all."""

    async def handed_over(
        self, work: Work, case: Case, row: Row, *, unit_name: str, now: datetime, contacts: Sequence[Row]
    ) -> bool:
        """Say who has the case and by when she gets an answer; an empty `unit_name` is a unit of the municipality."""
        return await self._write(work, case, row, "handed_over", now, contacts, unit_name=unit_name)

    async def moved(self, work: Work, case: Case, row: Row, *, reason: str, now: datetime) -> bool:
        """Say by when she gets an answer instead, and why."""
        return await self._write(work, case, row, "moved", now, reason=reason)

    async def resumed(self, work: Work, case: Case, row: Row, *, now: datetime) -> bool:
        """Say that we have what we waited for, and by when she gets an answer now."""
        return await self._write(work, case, row, "resumed", now)

    async def late(self, work: Work, case: Case, row: Row, *, unit_name: str, now: datetime) -> bool:
        """Say that the promised time has passed, who has the case, and that the unit has been told."""
        return await self._write(work, case, row, "late", now, unit_name=unit_name)

    def reached(self, contacts: Sequence[Row], case: Case) -> Row | None:
        """Return the contact whose sender would be told; None when she cannot be, or must not be."""
        contact = answered(list(contacts), case.current_contact)
        if contact is None or contact["automatic"]:
            return None
        return contact if contact["sender_email"].strip().lower() not in self.letters.own_addresses else None

    async def texted(self, work: Work, case: Case, contacts: Sequence[Row]) -> Reach | None:
        """Return whom an SMS tells instead: who has given a mobile number and no mail address, and is not anonymous.

        A number of our own is told nothing: it might answer.
        """
        if not self.sms or answered(list(contacts), case.current_contact) is not None:
            return None
        hers = [one for one in contacts if not one["of_unit"] and not one["automatic"]]
        found = reach(hers, await work.catalogue.entrance(case.entrance), case)
        if found is None or found.number in await own_mobiles(work):
            return None
        anonymous = any(one["role"] == PersonRole.ANONYMOUS for one in await work.people.of_cases([case.id]))
        return None if anonymous else found

    async def _write(
        self,
        work: Work,
        case: Case,
        row: Row,
        what: str,
        now: datetime,
        contacts: Sequence[Row] | None = None,
        **facts: str,
    ) -> bool:
        known = await work.contacts.of_case(case.id) if contacts is None else contacts
        if secret := case.protected or any(one["why"] == Why.SECRECY for one in row["withheld"]):
            facts = {name: "" if name == "unit_name" else said for name, said in facts.items()}
        contact = self.reached(known, case)
        if contact is None:
            told = await self._text(work, case, row, what, now, known, unit=facts.get("unit_name", ""), secret=secret)
        else:
            told = await self._mail(work, case, row, what, now, contact, secret=secret, **facts)
        if told:
            await work.handovers.change(row["id"], citizen_told_by=row["answer_by"])
        return told

    async def _mail(  # noqa: PLR0913 - what a notice is made of
        self,
        work: Work,
        case: Case,
        row: Row,
        what: str,
        now: datetime,
        contact: Row,
        *,
        secret: bool,
        **facts: str,
    ) -> bool:
        mail = self.letters.notice(
            case.id,
            case.number,
            contact,
            what,
            sender=await sender_of(work, "" if secret else case.unit, contact["entrance"]),
            nonce=_nonce(what, row),
            now=now,
            url=self.links.status(case.id),
            answer_by=row["answer_by"],
            secret=secret or await is_secret(work, case),
            **facts,
        )
        await work.mails.queue([mail])
        return True

    async def _text(  # noqa: PLR0913 - what a notice is made of
        self,
        work: Work,
        case: Case,
        row: Row,
        what: str,
        now: datetime,
        contacts: Sequence[Row],
        *,
        unit: str,
        secret: bool,
    ) -> bool:
        """Queue it as an SMS, once per promise; False when there is nobody to tell so."""
        found = await self.texted(work, case, contacts)
        if found is None:
            return False
        quiet = secret or await is_secret(work, case)  # anybody may read a phone
        ours = await sender_of(work, case.unit, case.entrance)
        more = {} if quiet else {"unit": unit, "url": self.links.status(case.id), "sender": ours.name}
        said = notice(what, News(case.number, row["answer_by"], **more), found.language)
        await queue_sms(work, case, found, "notice", _nonce(what, row), said, now)
        return True


def _nonce(what: str, row: Row) -> str:
    """Return what makes a notice the same: what it says of which promise."""
    promise = f"{int(row['answer_by'].timestamp())}x{row.get('version', 1)}"
    return f"{what}x{row['id'].replace('-', '')}x{promise}"


@dataclass(frozen=True, slots=True)
class TellResumed:
    """Tell citizens whose answer's clock has run on, each once: what they have heard is no longer when they get it."""

    uow: UnitOfWork
    tell: TellCitizen
    clock: Clock

    async def run(self) -> int:
        """Tell a batch; returns how many there were."""
        now = self.clock()
        async with self.uow.begin() as work:
            rows = await work.handovers.promised_otherwise(MOST)
            for row in rows:
                if not await self.tell.resumed(work, await work.cases.lock_id(row["case_id"]), row, now=now):
                    await work.handovers.change(row["id"], citizen_told_by=None)
        return len(rows)
