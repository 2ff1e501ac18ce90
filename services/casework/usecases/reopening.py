"""A closed case lives again, within somebody else's transaction."""

from datetime import datetime

from services.casework.domain.case import Case
from services.casework.store.unit_of_work import Work
from services.casework.usecases.first_contact import reopened
from services.casework.usecases.park import waited
from shared.events import CaseReopened
from shared.vocabulary import CaseState


async def reopen(work: Work, case: Case, agent: str | None, now: datetime) -> None:
    """Open a closed case at an agent's desk, and tell it; that it was solved at first contact counts no longer."""
    await reopened(work, case.id, now)
    cleared = dict.fromkeys(("closed_at", "closed_by", "resolution", "cause", "parked_until"))
    waits = await waited(work, case, now)
    await work.cases.change(case.id, now, state=CaseState.OPEN.value, agent_id=agent, **cleared, **waits)
    work.tell(CaseReopened(case_id=case.id, case_number=case.number, contact_id=case.current_contact, by=agent, at=now))
    work.ring(agent)
