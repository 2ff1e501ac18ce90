"""Writing a draft: begin one, change it, or make it anew of another version."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from services.casework.domain.checklist import Checklist
from services.casework.domain.lifecycle import Act, InWorkError, Phase, Version, after
from services.casework.store.bodies import body_of
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.store.versions import hash_of
from services.casework.usecases.checklists.acting import acted, held, not_taken, noted
from services.casework.usecases.work_case import UnknownCaseTypeError
from shared.clock import Clock
from shared.errors import DomainError, FieldError, ForbiddenError, KeyReusedError, NotFoundError
from shared.ids import natural_event_id
from shared.vocabulary import Priority, Resolution
from shared.web.access import Action, Person, allow, visible_units

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_ID = 80
MOST_STEPS = 300
LONGEST = 300_000
"""Bytes of a whole checklist."""
_NOT_ONE = "Värdet är inte ett av dem som går att välja."


class UnusableError(DomainError):
    """What was written cannot be kept even as a draft; `errors` says why."""

    type = "checklist-unusable"
    status = 422
    title = "Checklistan går inte att spara."


async def sound(work: Work, checklist: Checklist) -> str:
    """Return the id of the unit that owns a draft; refused when it names what is not there or is far too large."""
    if not _ID.fullmatch(checklist.id) or len(checklist.id) > LONGEST_ID:
        text = "Ska vara små bokstäver a–z, siffror och bindestreck."
        raise UnusableError(errors=(FieldError("/id", text),))
    if len(checklist.steps) > MOST_STEPS or len(checklist.ends) > MOST_STEPS:
        raise UnusableError(errors=(FieldError("/steps", "Det är för många."),))
    case_type = await work.catalogue.case_type(checklist.case_type)
    if case_type is None or case_type["deprecated"]:
        raise UnknownCaseTypeError
    await not_taken(work, checklist)
    if found := _unusable(checklist):
        raise UnusableError(errors=found)
    unit = await work.catalogue.unit_called(checklist.owner_unit)
    if unit is None:
        raise UnusableError(errors=(FieldError("/owner_unit", "Verksamheten finns inte."),))
    return str(unit["id"])


def _unusable(checklist: Checklist) -> list[FieldError]:
    """Return words that no page and no file knows, and a content that is far too large."""
    found = []
    for end in checklist.ends:
        if end.priority not in set(Priority):
            found.append(FieldError(f"/ends/{end.id}/priority", _NOT_ONE))
        if end.resolution is not None and end.resolution not in set(Resolution):
            found.append(FieldError(f"/ends/{end.id}/resolution", _NOT_ONE))
    if len(orjson.dumps(body_of(checklist))) > LONGEST:
        found.append(FieldError("/steps", "Texten är för lång."))
    return found


async def begin(  # noqa: PLR0913 - what a new version is made of
    work: Work,
    checklist: Checklist,
    unit: str,
    person: Person,
    now: datetime,
    request_key: str = "",
    *,
    example: bool = False,
) -> Version:
    """Write a new draft of a checklist that the caller holds; InWorkError when there is one in work."""
    if (working := await work.versions.in_work(checklist.id)) is not None:
        raise InWorkError(version=working.number)
    live = await work.versions.live(checklist.id)
    numbered = replace(checklist, version=await work.versions.next_number(checklist.id))
    draft = Version(
        numbered,
        Phase.DRAFT,
        unit,
        example=example,
        author=person.id,
        author_name=person.name,
        based_on=live.number if live else None,
        changed_at=now,
    )
    await work.versions.add(draft, request_key)
    facts = {"based_on": draft.based_on, **({"example": True} if example else {})}
    await noted(work, draft, "begin", person, now, **facts)
    return draft


def _may_write(person: Person, unit: str) -> None:
    if not allow(person, Action.EDIT_CHECKLISTS, unit):
        raise ForbiddenError


def _key(person: Person, request_id: str | None) -> str:
    return natural_event_id("checklist.draft", person.id, request_id) if request_id else ""


async def _asked(work: Work, key: str, checklist_id: str) -> Version | None:
    """Return what the request has made already, whatever has become of it since; it must be for the same checklist."""
    made = await work.versions.asked(key) if key else None
    if made is not None and made.id != checklist_id:
        raise KeyReusedError
    return made


@dataclass(frozen=True, slots=True)
class CreateChecklist:
    """Begin a checklist that was not there."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, checklist: Checklist, request_id: str | None = None) -> Version:
        """Return its first draft; the same `request_id` begins it once, KeyReusedError with other content."""
        async with self.uow.begin() as work:
            await work.versions.hold(checklist.id)
            key = _key(person, request_id)
            if (made := await _asked(work, key, checklist.id)) is not None:
                return made
            unit = await sound(work, checklist)
            _may_write(person, unit)
            return await begin(work, checklist, unit, person, self.clock(), key)


@dataclass(frozen=True, slots=True)
class DraftChecklist:
    """Begin a draft of the version that is live (or, where none is, of the latest), or of the one that is named."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self, person: Person, checklist_id: str, request_id: str | None = None, number: int | None = None
    ) -> Version:
        """Return the draft; the same `request_id` begins it once, InWorkError when there is another."""
        async with self.uow.begin() as work:
            await work.versions.hold(checklist_id)
            key = _key(person, request_id)
            if (made := await _asked(work, key, checklist_id)) is not None:
                return made
            known = await work.versions.listed(visible_units(person), checklist_id=checklist_id)
            if not known:
                raise NotFoundError
            if number is None:
                base = next((one for one in known if one.current), known[0])
            else:
                base = await work.versions.get(checklist_id, number, visible_units(person))
            _may_write(person, base.unit)
            return await begin(work, base.checklist, base.unit, person, self.clock(), key)


@dataclass(frozen=True, slots=True)
class CopyVersion:
    """Make a draft anew of any version, over what is live now; one in work gives way to it."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, checklist_id: str, number: int, revision: int | None = None) -> Version:
        """Return the new draft, with the content of version `number`."""
        async with self.uow.begin() as work:
            await work.versions.hold(checklist_id)
            source = await work.versions.get(checklist_id, number, visible_units(person))
            _may_write(person, source.unit)
            now = self.clock()
            if (working := await work.versions.in_work(checklist_id)) is not None:
                await held(work, person, checklist_id, working.number, Act.WITHDRAW, _seen(working, number, revision))
                await acted(work, working, Act.WITHDRAW, person, now, scheduled=False, facts={"copied_from": number})
            return await begin(work, source.checklist, source.unit, person, now)


def _seen(working: Version, number: int, revision: int | None) -> int | None:
    """Return the revision to hold a caller to: hers is of the version she copies."""
    return revision if working.number == number else None


@dataclass(frozen=True, slots=True)
class WriteDraft:
    """Replace the content of a draft; an example that is changed is nobody's example any more."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, checklist: Checklist, revision: int | None = None) -> Version:
        """Return the draft as it is now; `checklist.id` and `.version` say which, the same content changes nothing."""
        async with self.uow.begin() as work:
            version = await held(work, person, checklist.id, checklist.version, Act.WRITE, revision)
            if hash_of(checklist) == hash_of(version.checklist):
                return version
            unit = await sound(work, checklist)
            _may_write(person, unit)
            written = replace(version, checklist=checklist, unit=unit, example=False)
            after(version.phase, Act.WRITE)
            hers: dict[str, Any] = {"author": person.id, "author_name": person.name}
            return await acted(work, written, Act.WRITE, person, self.clock(), content=True, **hers)
