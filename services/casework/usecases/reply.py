"""Answering the citizen: by mail in the citizen's own thread, or by SMS where the entrance has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson

from services.casework.domain.case import Case, Deed
from services.casework.domain.outgoing import LATELY, UNDO, AnsweredError
from services.casework.domain.sms import short_enough
from services.casework.domain.template import refuse_blanks
from services.casework.mail import Letters, Sender
from services.casework.store.sql import Row
from services.casework.store.texts import REPLY, REPLY_FILES
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.protection import hold
from services.casework.usecases.secrecy import is_secret
from services.casework.usecases.standing import permitted, write_down
from services.casework.usecases.text_citizen import NoMobileError, reach
from services.casework.usecases.who import author
from services.casework.usecases.work_case import same_words, wanted
from shared.clock import Clock
from shared.errors import DomainError, KeyReusedError
from shared.ids import natural_event_id, new_id
from shared.web.access import Person

By = Literal["email", "sms"]


class NoAddressError(DomainError):
    """The citizen has given no mail address."""

    type = "no-address"
    status = 422
    title = "Det finns ingen e-postadress att svara till."


class NoFilesBySmsError(DomainError):
    """An SMS carries no files."""

    type = "no-files-by-sms"
    status = 422
    title = "Filer kan inte skickas med sms. Ta bort dem eller svara med mejl."


class TakenBackError(KeyReusedError):
    """The reply of that key was taken back; sent again it is another one, under a key of its own."""

    title = "Svaret har ångrats. Läs in sidan igen och skicka det därefter på nytt."


@dataclass(frozen=True, slots=True)
class Said:
    """A reply in the conversation."""

    id: str
    fresh: bool
    """False when it stood there already: the same request came again."""


def answered(contacts: list[Row], current: str) -> Row | None:
    """Return the contact that a reply answers: the current one, or the latest with an address; never the unit's own."""
    reachable = [one for one in contacts if one["sender_email"] and not one["purged_at"] and not one["of_unit"]]
    mine = [one for one in reachable if one["id"] == current]
    found = mine or reachable
    return found[-1] if found else None


async def sender_of(work: Work, unit: str, entrance_id: str) -> Sender:
    """Return in whose name we write: the unit's own terms, else the entrance's, else the contact centre's."""
    terms, entrance = await work.unit_terms.of(unit), await work.catalogue.entrance(entrance_id)
    ours = (entrance and (entrance["sender_name"] or entrance["name"])) or "Kontaktcenter"
    address = terms["sender_address"] or (entrance["sender_address"] if entrance else "")
    return Sender(terms["sender_name"] or ours, address)


@dataclass(frozen=True, slots=True)
class Replies:
    """Writes a reply within somebody else's transaction."""

    letters: Letters
    undo: timedelta = UNDO
    """How long a reply of an agent waits, so that she can take it back."""
    sms: bool = False
    """Whether SMS can be sent at all."""

    async def write(  # noqa: PLR0913 - what a reply is made of
        self,
        work: Work,
        case: Case,
        by: str,
        text: str,
        request_id: str | None,
        now: datetime,
        *,
        channel: By = "email",
        files: Sequence[Row] = (),
        undoable: bool = False,
    ) -> Said:
        """Queue a reply and put it in the conversation, once per `request_id`; NoAddressError without an address.

        BlankFieldsError while a field of a template is not filled in. `undoable` waits so that it can be taken back;
        TakenBackError when that was done under the same `request_id`.
        """
        body = wanted(text)
        refuse_blanks(body)
        reply_id = natural_event_id("reply", case.id, request_id) if request_id else new_id()
        at = now + self.undo if undoable else now
        if channel == "sms":
            fresh = await self._text(work, case, reply_id, by, body, now, at, files)
        else:
            fresh = await self._mail(work, case, reply_id, by, body, now, at, files)
        return Said(reply_id, fresh)

    async def _mail(  # noqa: PLR0913, PLR0917 - what a reply is made of
        self,
        work: Work,
        case: Case,
        reply_id: str,
        by: str,
        body: str,
        now: datetime,
        at: datetime,
        files: Sequence[Row],
    ) -> bool:
        contact = answered(await work.contacts.of_case(case.id), case.current_contact)
        if contact is None:
            raise NoAddressError
        said = {"recipient": contact["sender_email"], "subject": contact["subject"] or "", "body": body}
        fresh = await _written(work, case, reply_id, by, now, {**said, "attachments": [dict(one) for one in files]})
        if fresh:
            sender = await sender_of(work, case.unit, contact["entrance"])
            nonce = reply_id.replace("-", "")
            secret = await is_secret(work, case)
            mail = self.letters.reply(
                case.id, case.number, contact, body, sender, nonce, now, files=files, secret=secret
            )
            await work.mails.queue([{**mail, "next_at": at}])
        return fresh

    async def _text(  # noqa: PLR0913, PLR0917 - what a reply is made of
        self,
        work: Work,
        case: Case,
        reply_id: str,
        by: str,
        body: str,
        now: datetime,
        at: datetime,
        files: Sequence[Row],
    ) -> bool:
        found = reach(await work.contacts.of_case(case.id), await work.catalogue.entrance(case.entrance), case)
        if not self.sms or found is None:
            raise NoMobileError
        if files:
            raise NoFilesBySmsError
        said = short_enough(body)
        written = {"recipient": found.number, "body": said, "channel": "sms"}
        fresh = await _written(work, case, reply_id, by, now, written)
        if fresh:
            await work.sms.queue(
                id=f"{case.id}.reply.{reply_id.replace('-', '')}",
                case_id=case.id,
                kind="reply",
                recipient=found.number,
                sender=found.sender,
                body=said,
                created_at=now,
                next_at=at,
            )
        return fresh


async def _written(work: Work, case: Case, reply_id: str, by: str, now: datetime, said: dict[str, Any]) -> bool:
    """Put a message in the conversation; False when it is there, KeyReusedError when that says else or is undone."""
    fresh = await work.texts.add_message(id=reply_id, case_id=case.id, kind="reply", author=by, at=now, **said)
    if not fresh:
        await same_words(work, reply_id, said["body"])
        before = await work.texts.message(reply_id)
        if before is not None and before["undone_at"]:
            raise TakenBackError
    return fresh


async def files_of_draft(work: Work, case_id: str, person: str) -> list[dict[str, Any]]:
    """Return the files that a person has put to the reply that she writes."""
    draft = await work.texts.draft(case_id, person, REPLY_FILES)
    return list(orjson.loads(draft["body"])) if draft and draft["body"] else []


@dataclass(frozen=True, slots=True)
class ReplyCase:
    """Send the citizen an answer while the case goes on."""

    uow: UnitOfWork
    replies: Replies
    clock: Clock

    async def run(
        self,
        number: str,
        person: Person,
        text: str,
        request_id: str | None = None,
        *,
        channel: By = "email",
        seen: str | None = None,
    ) -> str:
        """Queue the answer with the files of her draft, and forget the draft; the same `request_id`, the same id.

        `seen` is the latest reply of the case that she has seen ("" for none): AnsweredError when a colleague has
        answered lately after that. None asks nothing.
        """
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await permitted(work, case, Deed.REPLY, self.clock)
            now, by = self.clock(), author(person, case)
            await _ask(work, case, by, seen, now)
            files = await files_of_draft(work, case.id, person.id)
            said = await self.replies.write(
                work, case, by, text, request_id, now, channel=channel, files=files, undoable=True
            )
            await work.texts.drop_draft(case.id, person.id, REPLY, REPLY_FILES)
            await work.cases.change(case.id, now)
            await write_down(work, case.id, person, by, Deed.REPLY, self.clock)
        return said.id


async def _ask(work: Work, case: Case, by: str, seen: str | None, now: datetime) -> None:
    """Refuse an answer that would be the second on the same thing, until its writer has seen the first."""
    if seen is None:
        return
    other = await work.sending.by_another(case.id, by, now - LATELY)
    if other is not None and other["id"] != seen:
        found = await work.catalogue.person(other["author"])
        raise AnsweredError(name=found["name"] if found else "En kollega", reply=other["id"])
