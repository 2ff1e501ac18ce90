"""A version becomes the live one, or stops being it; the catalogue tells what is live, and nothing else."""

from datetime import datetime
from typing import Any, cast

from services.casework.domain.deadline import review_by
from services.casework.domain.lifecycle import Act, Version
from services.casework.store.bodies import record_of
from services.casework.store.catalogue import case_type_record
from services.casework.store.unit_of_work import Work
from services.casework.usecases.checklists.acting import acted
from shared.topics import CATALOGUE
from shared.web.access import Person


async def go_live(
    work: Work, version: Version, act: Act, person: Person | None, now: datetime, **changes: Any
) -> Version:
    """Make a version the live one instead of the one that was; its review date counts from now."""
    await step_aside(work, version, now)
    since = {"published_at": now, "review_by": review_by(now, version.checklist.review_months)}
    live = await acted(work, version, act, person, now, current=True, scheduled=False, **{**since, **changes})
    await tell_live(work, live)
    return live


async def step_aside(work: Work, version: Version, now: datetime) -> None:
    """Let the version that is live, if it is another, be superseded."""
    old = await work.versions.live(version.id)
    if old is not None and old.number != version.number:
        await acted(work, old, Act.SUPERSEDE, None, now, facts={"by_version": version.number}, current=False)


async def tell_live(work: Work, version: Version) -> None:
    """Let the case type name the version, and tell everybody."""
    moved = await work.catalogue.unname(version.id, version.checklist.case_type)
    named = await work.catalogue.name_checklist(version.id, version.number, version.checklist.case_type)
    await tell_record(work, version)
    for row in (*moved, named):
        work.tell(case_type_record(row))


async def tell_record(work: Work, version: Version) -> None:
    """Tell everybody what a live version says, with the local facts of its unit as they are now."""
    facts = await work.params.values(version.unit)
    checklist = version.checklist.with_facts({name: facts.get(name, "") for name in version.checklist.params})
    record = record_of(checklist, cast("datetime", version.published_at), version.review_by)
    urgent = {"urgent_until": version.urgent_until, "urgent_reason": version.urgent_reason}
    work.tell(record.model_copy(update=urgent) if version.urgent_until else record)


async def leave(work: Work, version: Version, act: Act, person: Person | None, now: datetime, **changes: Any) -> int:
    """Take a live version away; return the number of the one that holds again, 0 when none does.

    An urgent change gives way to the approved version before it, anything else to none.
    """
    gone = await acted(work, version, act, person, now, current=False, urgent_until=None, **changes)
    back = gone.falls_back_to if version.urgent_until else None
    before = await work.versions.find(gone.id, back) if back else None
    if before is not None:
        facts = {"instead_of": gone.number}
        await tell_live(work, await acted(work, before, Act.RESTORE, None, now, facts=facts, current=True))
        return before.number
    for row in await work.catalogue.unname(gone.id):
        work.tell(case_type_record(row))
    work.gone(CATALOGUE, f"checklist:{gone.id}")
    return 0
