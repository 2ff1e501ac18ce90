"""Notes (tjänsteanteckningar): locked with author and time, corrected only by adding another; and what is typed."""

from dataclasses import dataclass

from services.casework.domain.case import Deed
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.protection import hold
from services.casework.usecases.standing import permitted
from services.casework.usecases.who import author
from services.casework.usecases.work_case import LONGEST_TEXT, same_words, wanted
from shared.clock import Clock
from shared.errors import DomainError
from shared.ids import natural_event_id, new_id
from shared.web.access import Person


class UnknownNoteError(DomainError):
    """There is no such note in the case, so it cannot be corrected."""

    type = "unknown-note"
    status = 422
    title = "Anteckningen finns inte i ärendet."


@dataclass(frozen=True, slots=True)
class AddNote:
    """Lock a note: it has an author and a time and is never changed; what it `corrects` stays beside it, readable."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self, number: str, person: Person, text: str, request_id: str | None = None, corrects: str | None = None
    ) -> str:
        """Lock a note and forget the draft; the same `request_id` locks it once. Returns the note's id."""
        body = wanted(text)
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await permitted(work, case, Deed.NOTE, self.clock)
            if corrects is not None:
                corrects = await self._first(work, case.id, corrects)
            now = self.clock()
            note_id = natural_event_id("note", case.id, request_id) if request_id else new_id()
            by = author(person, case)
            fresh = await work.texts.add_note(
                id=note_id, case_id=case.id, author=by, author_name=person.name, body=body, at=now, corrects=corrects
            )
            if not fresh:
                await same_words(work, note_id, body)
            if corrects is None:
                await work.texts.drop_draft(case.id, person.id)
            await work.cases.change(case.id, now)
        return note_id

    async def _first(self, work: Work, case_id: str, note_id: str) -> str:
        """Return the note that was wrong from the beginning: a correction of a correction stands under it, too."""
        notes = {one["id"]: one for one in await work.texts.notes_of(case_id)}
        if note_id not in notes:
            raise UnknownNoteError
        return str(notes[note_id]["corrects"] or note_id)


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Keep what a person types as a note, so that nothing typed is ever lost."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, text: str) -> None:
        """Save a draft; an empty one is forgotten."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            if text.strip():
                await work.texts.save_draft(case.id, person.id, text.replace("\x00", "")[:LONGEST_TEXT], self.clock())
            else:
                await work.texts.drop_draft(case.id, person.id)
