"""A close or a hand-over at the desk taken back: for some seconds nobody outside has heard of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from services.casework.domain.case import Case, Deed
from services.casework.store.sql import Row
from services.casework.store.texts import REPLY, REPLY_FILES
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.protection import hold
from services.casework.usecases.reply import files_of_draft
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import DomainError, NotFoundError
from shared.ids import new_id
from shared.vocabulary import CaseState
from shared.web.access import Person

UNDONE = {Deed.CLOSE: "undo_close", Deed.HAND_OVER: "undo_hand_over"}
"""What the history calls it."""
_LED_TO = {Deed.CLOSE: CaseState.CLOSED, Deed.HAND_OVER: CaseState.HANDED_OVER}


class DeedGoneError(DomainError):
    """The time is up, or somebody has gone on with the case."""

    type = "deed-gone"
    status = 409
    title = "Det kan inte ångras längre. Öppna ärendet igen, eller ta tillbaka överlämningen, från ärendets sida."


@dataclass(frozen=True, slots=True)
class Undoable:
    """A deed about to be done, with the case as it is before it."""

    before: Any
    undo: timedelta

    @classmethod
    async def begin(cls, work: Work, case: Case, undo: timedelta) -> "Undoable":
        """Remember the case as it is."""
        return cls(await work.undos.snapshot(case.id), undo)

    async def keep(
        self, work: Work, case: Case, deed: Deed, by: str, now: datetime, handover: str | None = None
    ) -> None:
        """Let what was told and queued in this transaction wait until the deed cannot be taken back any more."""
        until = now + self.undo
        facts = {"id": new_id(), "case_id": case.id, "kind": deed.value, "by": by, "at": now, "until": until}
        await work.undos.add(work.withhold(), before=self.before, handover_id=handover, **facts)
        await work.undos.hold_back(case.id, now, until)


async def back_to_draft(work: Work, case: Case, person: Person, said: Row, now: datetime) -> None:
    """Put the words and files of a reply before what she has begun to write since."""
    begun = await work.texts.draft(case.id, person.id, REPLY)
    later = begun["body"].strip() if begun else ""
    words = "\n\n".join(filter(None, (said["body"], later if later != said["body"] else "")))
    await work.texts.save_draft(case.id, person.id, words, now, REPLY)
    files = [*said["attachments"], *await files_of_draft(work, case.id, person.id)]
    if files:
        await work.texts.save_draft(case.id, person.id, orjson.dumps(files).decode(), now, REPLY_FILES)


async def take_back(work: Work, case: Case, person: Person, row: Row, now: datetime) -> bool:
    """Make the case what it was before a deed; returns whether its contact is in her hands again.

    Not while she talks with somebody else: then the case stands open on her desk, and the talk goes on.
    """
    deed = Deed(row["kind"])
    if now >= row["until"] or case.state is not _LED_TO[deed] or not await work.undos.take_back(case.id, row["at"]):
        raise DeedGoneError
    if row["handover_id"] and not await work.undos.forget_handover(row["handover_id"]):
        raise DeedGoneError
    for said in await work.undos.replies(case.id, row["by"], row["at"]):
        await work.texts.take_back(said["id"], now)
        await back_to_draft(work, case, person, said, now)
    await work.undos.restore(case.id, row["before"])
    free = not await work.undos.talks(row["by"], case.current_contact)
    if free:
        await work.undos.undo_contact(case.current_contact, row["at"])
    await work.cases.change(case.id, now)
    await work.undos.undone(row["id"], now)
    await work.history.write(case.id, now, by=row["by"], by_name=person.name, what=UNDONE[deed])
    work.ring(row["by"])
    return free


@dataclass(frozen=True, slots=True)
class UndoDeed:
    """Take back a close or a hand-over of one's own; DeedGoneError (409) when it is too late."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, undo_id: str) -> bool:
        """Take it back; again is the same. Returns whether the contact is in her hands again."""
        async with self.uow.begin() as work:
            case, now = await hold(work, number, person), self.clock()
            row = await work.undos.pending(case.id)
            if row is None or row["id"] != undo_id:
                row = await work.undos.get(undo_id)
                if row is None or row["case_id"] != case.id:
                    raise NotFoundError
                if row["undone_at"] is None:
                    raise DeedGoneError
                return True
            if row["by"] != author(person, case) and row["by"] != person.id:
                raise NotFoundError
            return await take_back(work, case, person, row, now)


@dataclass(frozen=True, slots=True)
class TellDeeds:
    """Tell the events of closes and hand-overs whose time for second thoughts is over; each once."""

    uow: UnitOfWork
    clock: Clock

    async def run(self) -> int:
        """Tell a batch; returns how many events it was."""
        async with self.uow.begin() as work:
            return work.repeat(await work.undos.due(self.clock(), 100))
