"""What a case has of the one it came from or is linked with: its people, and how they are hidden."""

from datetime import datetime

from services.casework.domain.case import Case
from services.casework.store.unit_of_work import Work
from shared.ids import new_id
from shared.vocabulary import PersonRole


async def same_people(work: Work, case_id: str, to: str) -> None:
    """Let a new case be about the same people."""
    for row in await work.people.of_cases([case_id]):
        await work.people.add(**{**row, "id": new_id(), "case_id": to})


async def stay_anonymous(work: Work, case_id: str, to: str) -> None:
    """Let somebody who is anonymous in one case be so in the other one too; said already, nothing changes."""
    rows = [one for one in await work.people.of_cases([case_id, to]) if one["role"] == PersonRole.ANONYMOUS]
    said = next((one for one in rows if one["case_id"] == case_id), None)
    if said is not None and all(one["case_id"] != to for one in rows):
        await work.people.add(**{**said, "id": new_id(), "case_id": to})


async def stay_hidden(work: Work, case: Case, to: str, now: datetime) -> None:
    """Hide the same person in the other case as she is hidden in this one: protected, anonymous or both."""
    if case.protected:
        await work.cases.protect(to, now, protected=True)
    await stay_anonymous(work, case.id, to)
