"""Ending a case: closed with a resolution, and told with what the router and stats need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case, Deed
from services.casework.domain.ending import Ending, may_end
from services.casework.domain.first_contact import allows, solved
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.handling import told_in_end
from services.casework.usecases.park import rested
from services.casework.usecases.protection import hold
from services.casework.usecases.reply import Replies
from services.casework.usecases.standing import not_behind, permitted, write_down
from services.casework.usecases.take_over import taken_over
from services.casework.usecases.undo_deed import Undoable
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.events import CaseClosed, ChecklistRef
from shared.vocabulary import CaseState, Cause, Resolution
from shared.web.access import Person


async def ending(
    work: Work, case: Case, by: str | None, now: datetime, *, read: Sequence[Row] | None = None
) -> dict[str, Any]:
    """Return what both ending events carry, and note that the work on the current contact is done.

    `read` are the contacts of the case, if this transaction has read them.
    """
    await work.contacts.done(case.current_contact, now)
    contacts = await work.contacts.of_case(case.id) if read is None else _done(read, case.current_contact, now)
    mine = (one for one in contacts if one["id"] == case.current_contact)
    contact = next(mine, None) or await work.contacts.get(case.current_contact)
    work.ring(case.agent_id, contact["agent_id"] if contact else None)
    times = await told_in_end(work, case, contacts, now)
    run = await work.runs.of(case)
    named = case.checklist_id is not None and case.checklist_version is not None
    return {
        "case_id": case.id,
        "case_number": case.number,
        "contact_id": case.current_contact,
        "epoch": int(contact["epoch"]) if contact else 0,
        "channel": case.channel,
        "unit": case.unit,
        "case_type": case.case_type,
        "checklist": ChecklistRef(id=str(case.checklist_id), version=int(case.checklist_version or 0))
        if named
        else None,
        **times,
        "checklist_allows": allows(run.checklist if run else None),
        "taken_over": (await taken_over(work, case, contact))[0],
        "by": by,
        "at": now,
    }


def _done(contacts: Sequence[Row], contact_id: str, now: datetime) -> list[Row]:
    return [{**one, "done_at": one["done_at"] or now} if one["id"] == contact_id else one for one in contacts]


async def close(  # noqa: PLR0913 - who ended what, how and why
    work: Work,
    case: Case,
    by: str,
    resolution: Resolution,
    cause: Cause | None,
    now: datetime,
    *,
    how: Ending = Ending.CLOSE,
) -> None:
    """Write and tell that the case is closed; ObligatoryStepOpenError when it may not end in that way yet."""
    may_end(await work.runs.of(case), how)
    first, wide = solved(resolution, once=await work.first_contacts.once(case.id))
    await work.cases.change(
        case.id,
        now,
        state=CaseState.CLOSED.value,
        resolution=resolution.value,
        cause=cause.value if cause else None,
        closed_at=now,
        closed_by=by,
        first_contact=first,
        first_contact_wide=wide,
        **await rested(work, case, now),
    )
    facts = await ending(work, case, by, now)
    counted = {"first_contact": first, "first_contact_wide": wide}
    work.tell(CaseClosed(**facts, **counted, resolution=resolution, cause=cause))


@dataclass(frozen=True, slots=True)
class Closed:
    """How a case has ended."""

    number: str
    resolution: Resolution
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class CloseCase:
    """Close a case; ObligatoryStepOpenError (409) while an obligatory step lies ahead."""

    uow: UnitOfWork
    replies: Replies
    clock: Clock

    async def run(  # noqa: PLR0913 - how it ended, by name
        self,
        number: str,
        person: Person,
        *,
        resolution: Resolution,
        cause: Cause | None = None,
        text: str | None = None,
        request_id: str | None = None,
        seen: int | None = None,
        undoable: bool = False,
    ) -> Closed:
        """Close, with an answer to the citizen if `text` is given; the same close again changes nothing.

        `seen` is the version of the case that the closer was shown (`usecases.standing.not_behind`). `undoable`: for
        some seconds she may take it back, and until then nothing is told or sent.
        """
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            now, by = self.clock(), author(person, case)
            if case.state is CaseState.CLOSED and (case.resolution, case.closed_by) == (resolution.value, by):
                return Closed(case.number, resolution, case.closed_at or now)
            await not_behind(work, case, person, seen, self.clock)
            await permitted(work, case, Deed.CLOSE, self.clock)
            may_end(await work.runs.of(case), Ending.CLOSE)
            undo = await Undoable.begin(work, case, self.replies.undo) if undoable and self.replies.undo else None
            if text and text.strip():
                await self.replies.write(work, case, by, text, request_id, now, undoable=True)
            await close(work, case, by, resolution, cause, now)
            await write_down(work, case.id, person, by, Deed.CLOSE, self.clock, resolution=resolution.value)
            if undo is not None:
                await undo.keep(work, case, Deed.CLOSE, by, now)
        return Closed(case.number, resolution, now)
