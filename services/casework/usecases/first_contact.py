"""Withdrawing a first-contact resolution that was none, and saying so once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.casework.domain.first_contact import REPEAT_DAYS, Withdrawn
from services.casework.store.unit_of_work import Work
from shared.events import FirstContactWithdrawn
from shared.ids import natural_event_id
from shared.vocabulary import Channel


async def reopened(work: Work, case_id: str, now: datetime) -> None:
    """Count that a closed case lives again; to be called while it still says when it was closed."""
    row = await work.first_contacts.reopened(case_id, now, Withdrawn.REOPENED)
    if row is not None:
        await _tell(work, row, Withdrawn.REOPENED, None, now)


async def came_back(work: Work, now: datetime) -> None:
    """Withdraw what the cases that got their type in this transaction say was not solved.

    Last in the transaction: it holds rows of cases that are none of its own.
    """
    for row in await work.first_contacts.came_back(now, Withdrawn.CAME_BACK, REPEAT_DAYS):
        await _tell(work, row, Withdrawn.CAME_BACK, row["by_case"], now)


async def _tell(work: Work, row: Mapping[str, Any], why: Withdrawn, by_case: str | None, now: datetime) -> None:
    facts: dict[str, object] = {"why": why.value}
    if by_case:
        facts["by_case"] = await work.cases.number_of(by_case)
    await work.history.write(row["id"], now, by="", by_name="", what="first_contact_withdrawn", facts=facts)
    event = FirstContactWithdrawn(
        case_id=row["id"],
        case_number=row["number"],
        contact_id=row["contact_id"],
        channel=Channel(row["channel"]),
        unit=row["unit"],
        case_type=row["case_type"],
        why=why,
        by_case=by_case,
        closed_at=row["closed_at"],
        at=now,
    )
    work.tell(event, event_id=natural_event_id(FirstContactWithdrawn.event_type, row["id"]))
