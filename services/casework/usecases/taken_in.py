"""What a case that goes on takes in from a merged one and gives back: its contacts and its time, each second once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case, Deed
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.handling import time_of


def added(case: Case, target: Case) -> dict[str, object]:
    """Return the columns of the case that goes on: what was told of the other one stays told."""
    return {
        "contact_count": target.contact_count + case.contact_count,
        "handling_seconds": target.handling_seconds + case.handling_seconds,
        "reported_seconds": target.reported_seconds + case.reported_seconds,
    }


def noted(case: Case, target: Case) -> dict[str, Any]:
    """Return what the history keeps of it, for the day it is undone."""
    time = {"worked": case.handling_seconds, "told": case.reported_seconds, "told_before": target.reported_seconds}
    return {"state": case.state.value, "count": case.contact_count, **time}


async def kept_of(work: Work, case_id: str) -> dict[str, Any]:
    """Return what the history keeps of a case's last merge, less what has left it since, while part of another."""
    kept: dict[str, Any] = {}
    for row in await work.history.of_case(case_id):
        if row["what"] == Deed.MERGE:
            kept = dict(row["facts"])
        for name, much in row["facts"].get("left", {}).items():
            kept[name] = kept.get(name, 0) - much
    return kept


async def give_back(
    work: Work, case: Case, target: Case, within: Sequence[str], by: str, now: datetime
) -> dict[str, Any]:
    """Move back what came with a case, and take its time from the one that goes on; return the case's own columns.

    `within` are the cases between them: it had become part of those before they became part of the one that goes on.
    What the holders have told since of its time stays told.
    """
    kept = await kept_of(work, case.id)
    await work.moving.back(kept.get("moved", {}), target.id, case.id)
    worked, told = float(kept.get("worked", case.handling_seconds)), float(kept.get("told", case.reported_seconds))
    row = {"channel": case.channel, "handling_seconds": worked, "reported_seconds": told}
    untold = max(0.0, time_of(row, await work.contacts.of_case(case.id), now).total - told)
    at, count = kept, int(kept.get("count", 1))
    for holder in within:
        next_ = await kept_of(work, holder)
        share = _told_since(at, next_.get("told", 0.0), untold)
        told, untold = told + share, untold - share
        facts = {"other": case.number, "left": {"count": count, "worked": worked, "told": told}}
        await work.history.write(holder, now, by=by, by_name="", what=Deed.SPLIT.value, facts=facts)
        at = next_
    told += _told_since(at, target.reported_seconds, untold)
    await _let_go(work, target, count, worked, told, now)
    return {"contact_count": count, "handling_seconds": worked, "reported_seconds": round(told, 1)}


def _told_since(kept: Row, reported: float, untold: float) -> float:
    """Return how much of what was untold at a merge the holder has told since."""
    if "told_before" not in kept:
        return 0.0
    return float(min(untold, max(0.0, reported - kept["told_before"] - kept["told"])))


async def _let_go(work: Work, target: Case, count: int, worked: float, told: float, now: datetime) -> None:
    left = await work.contacts.of_case(target.id)
    current = target.current_contact
    if left and current not in {one["id"] for one in left}:
        current = left[-1]["id"]
    values: dict[str, object] = {
        "contact_count": max(1, target.contact_count - count),
        "handling_seconds": max(0.0, target.handling_seconds - worked),
        "reported_seconds": max(0.0, round(target.reported_seconds - told, 1)),
    }
    await work.cases.change(target.id, now, current_contact=current, **values)
