"""Answering the citizen by mail, in the citizen's own thread."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.case import Case, Deed, after
from services.casework.mail import Letters
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.who import author
from services.casework.usecases.work_case import same_words, wanted
from shared.clock import Clock
from shared.errors import DomainError
from shared.ids import natural_event_id, new_id
from shared.web.access import Person, visible_units


class NoAddressError(DomainError):
    """The citizen has given no mail address."""

    type = "no-address"
    status = 422
    title = "Det finns ingen e-postadress att svara till."


def answered(contacts: list[Row], current: str) -> Row | None:
    """Return the contact that a reply answers: the current one, or the latest that has an address."""
    reachable = [one for one in contacts if one["sender_email"] and not one["purged_at"]]
    mine = [one for one in reachable if one["id"] == current]
    found = mine or reachable
    return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Replies:
    """Writes a reply within somebody else's transaction."""

    letters: Letters

    async def write(self, work: Work, case: Case, by: str, text: str, request_id: str | None, now: datetime) -> str:
        """Queue a reply and put it in the conversation, once per `request_id`; NoAddressError without an address."""
        body = wanted(text)
        contact = answered(await work.contacts.of_case(case.id), case.current_contact)
        if contact is None:
            raise NoAddressError
        reply_id = natural_event_id("reply", case.id, request_id) if request_id else new_id()
        subject = contact["subject"] or ""
        fresh = await work.texts.add_message(
            id=reply_id,
            case_id=case.id,
            kind="reply",
            author=by,
            recipient=contact["sender_email"],
            subject=subject,
            body=body,
            at=now,
        )
        if fresh:
            entrance = await work.catalogue.entrance(contact["entrance"])
            sender = (entrance and (entrance["sender_name"] or entrance["name"])) or "Kontaktcenter"
            nonce = reply_id.replace("-", "")
            mail = self.letters.reply(case.id, case.number, contact, body, sender, nonce, now)
            await work.mails.queue([mail])
        else:
            await same_words(work, reply_id, body)
        return reply_id


@dataclass(frozen=True, slots=True)
class ReplyCase:
    """Send the citizen an answer while the case goes on."""

    uow: UnitOfWork
    replies: Replies
    clock: Clock

    async def run(self, number: str, person: Person, text: str, request_id: str | None = None) -> str:
        """Queue the answer; returns its id, the same for the same `request_id`."""
        async with self.uow.begin() as work:
            case = await work.cases.lock(number, visible_units(person))
            after(case.state, Deed.REPLY)
            now = self.clock()
            reply_id = await self.replies.write(work, case, author(person, case), text, request_id, now)
            await work.cases.change(case.id, now)
        return reply_id
