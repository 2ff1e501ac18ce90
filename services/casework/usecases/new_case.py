"""Opening a case out of another one: with its person, linked with where it came from."""

from datetime import datetime
from typing import Any

from services.casework.domain.case import Case, case_id_of
from services.casework.store.unit_of_work import Work
from services.casework.usecases.inherited import same_people
from services.casework.usecases.opening import open_cases
from shared.vocabulary import LinkKind


async def open_from(work: Work, case: Case, contact_id: str, by: str, kind: LinkKind, now: datetime) -> tuple[str, str]:
    """Open a case for a contact, its agent the doer; return id and number, those of before when it was opened before.

    It is as urgent and as protected as the one it came from, and about the same people.
    """
    row: dict[str, Any] = dict(await work.contacts.get(contact_id) or {})
    case_id = case_id_of(contact_id)
    opened = {**row, "case_id": None, "follows": None, "agent_id": by, "priority": None, "due_at": None}
    if kind is LinkKind.SPLIT:
        opened |= {"due_at": case.due_at}
    numbers = await open_cases(work, [opened], now)
    number = numbers.get(contact_id) or await work.cases.number_of(case_id)
    if contact_id in numbers:
        await work.cases.change(case_id, now, protected=case.protected)
        await same_people(work, case.id, case_id)
        await work.links.add(case_id, case.id, kind.value, by=by, at=now)
    return case_id, number
