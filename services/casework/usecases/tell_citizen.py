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
from shared.clock import Clock

MOST = 50
"""Citizens told in one transaction."""


@dataclass(frozen=True, slots=True)
class TellCitizen:
    """Queues notices within somebody else's transaction: never to a robot, never twice about the same promise.

    Notices carry the headers of an automatic mail, so that no robot answers them. Where secrecy is presumed or the
    citizen's identity protected they name no unit, and are written in the name of the entrance.
    """

    letters: Letters
    links: Links

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
        contact = self.reached(known, case)
        if contact is None:
            return False
        if secret := case.protected or any(one["why"] == Why.SECRECY for one in row["withheld"]):
            facts = {name: "" if name == "unit_name" else said for name, said in facts.items()}
        promise = f"{int(row['answer_by'].timestamp())}x{row.get('version', 1)}"
        mail = self.letters.notice(
            case.id,
            case.number,
            contact,
            what,
            sender=await sender_of(work, "" if secret else case.unit, contact["entrance"]),
            nonce=f"{what}x{row['id'].replace('-', '')}x{promise}",
            now=now,
            url=self.links.status(case.id),
            answer_by=row["answer_by"],
            secret=secret or await is_secret(work, case),
            **facts,
        )
        await work.mails.queue([mail])
        await work.handovers.change(row["id"], citizen_told_by=row["answer_by"])
        return True


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
