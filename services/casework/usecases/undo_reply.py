"""Second thoughts: a reply taken back before it goes out, and one sent again that did not arrive."""

from dataclasses import dataclass
from datetime import timedelta

from services.casework.domain.case import Case
from services.casework.domain.outgoing import UNDO, GoneError, NotFailedError, OutgoingDeed, may_undo
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.protection import hold
from services.casework.usecases.reopening import reopen
from services.casework.usecases.undo_deed import back_to_draft, take_back
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import NotFoundError
from shared.vocabulary import CaseState
from shared.web.access import Person


@dataclass(frozen=True, slots=True)
class UndoReply:
    """Take back a reply of one's own before it goes out; GoneError (409) when it has, or the time is up."""

    uow: UnitOfWork
    clock: Clock
    undo: timedelta = UNDO

    async def run(self, number: str, person: Person, reply_id: str) -> str:
        """Take it back: its words and files are her draft again, and a case it closed is open. Returns the words.

        Again is the same: what was taken back stays so.
        """
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            said, by, now = await work.texts.message(reply_id), author(person, case), self.clock()
            if said is None or said["case_id"] != case.id or said["kind"] != "reply" or said["author"] != by:
                raise NotFoundError
            if said["undone_at"]:
                return str(said["body"])
            deed = await work.undos.pending(case.id)
            if deed is not None and deed["at"] == said["at"]:
                await take_back(work, case, person, deed, now)
                return str(said["body"])
            if not may_undo(said["at"], now, self.undo) or not await _take_back(work, case, said):
                raise GoneError
            await work.texts.take_back(reply_id, now)
            await back_to_draft(work, case, person, said, now)
            if case.state is CaseState.CLOSED and case.closed_at == said["at"]:
                await reopen(work, case, by, now)
            else:
                await work.cases.change(case.id, now)
            what = OutgoingDeed.UNDO_REPLY.value
            await work.history.write(case.id, now, by=by, by_name=person.name, what=what)
            work.ring(by)
        return str(said["body"])


async def _take_back(work: Work, case: Case, said: Row) -> bool:
    queue = work.sms if said["channel"] == "sms" else work.mails
    return await queue.take_back(case.id, said["id"])


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Send once more what failed or came back, under its Message-ID; NotFailedError (409) for anything else."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, queued_id: str) -> None:
        """Put it back into its queue; `queued_id` is its id there."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            queued = await work.mails.get(queued_id) or await work.sms.get(queued_id)
            if queued is None or queued["case_id"] != case.id:
                raise NotFoundError
            now = self.clock()
            if not await work.mails.again(queued_id, now) and not await work.sms.again(queued_id, now):
                raise NotFailedError
            await work.cases.change(case.id, now)
            facts = {"what": queued["kind"]}
            what = OutgoingDeed.SEND_AGAIN.value
            await work.history.write(case.id, now, by=person.id, by_name=person.name, what=what, facts=facts)
