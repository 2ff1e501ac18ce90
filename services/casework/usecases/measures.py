"""The measures of a case, for whoever looks at it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.casework.domain.return_call import MOST_TRIES, next_try, try_number
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.calendars import calendar_for
from services.casework.usecases.handling import time_of
from services.casework.usecases.views.measures import CallingView, Measures, TryView
from shared.vocabulary import CaseState, WorkKind


async def measured(
    work: Work, row: Row, contacts: Sequence[Row], names: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Return the fields of a case's view that say what it has taken and how it was solved."""
    time = time_of(row, contacts, now)
    current = next((one for one in contacts if one["id"] == row["current_contact"]), None)
    calls = current is not None and current["kind"] == WorkKind.RETURN_CALL
    rows = await work.call_tries.of_case(row["id"])
    tries = tuple(
        TryView(one["at"], names.get(one["by"], one["by"]), one["try_number"], one["next_at"]) for one in rows
    )
    calling = await _calling(work, row, current, rows, now) if calls and current else None
    measures = Measures(time, _first_contact(row), tries, calling)
    return {"handling_seconds": round(time.total, 1), "measures": measures}


async def _calling(work: Work, row: Row, contact: Row, tries: Sequence[Row], now: datetime) -> CallingView | None:
    if contact["done_at"] is not None:
        return None
    number = try_number(sum(one["contact_id"] == contact["id"] for one in tries))
    next_at = next_try(now, number, await calendar_for(work, row["unit"]))
    moves = [one for one in await work.moves.of_case(row["id"]) if one["what"] == WorkKind.RETURN_CALL]
    mine = [one["next_at"] for one in tries if one["contact_id"] == contact["id"]]
    waits = (mine or [one["call_at"] for one in moves] or [None])[-1] if contact["agent_id"] is None else None
    return CallingView(number, MOST_TRIES, next_at, waits)


def _first_contact(row: Row) -> str:
    if row["first_contact_withdrawn_why"]:
        return str(row["first_contact_withdrawn_why"])
    if row["state"] != CaseState.CLOSED or row["merged_into"] is not None:
        return ""
    return "strict" if row["first_contact"] else "wide" if row["first_contact_wide"] else "no"
