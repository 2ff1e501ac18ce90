"""Holding the cases that go on: while one is waited for, it may become part of another."""

from collections.abc import Collection

from services.casework.domain.case import Case
from services.casework.store.unit_of_work import Work


async def hold_going_on(work: Work, ids: Collection[str]) -> tuple[dict[str, str], dict[str, Case]]:
    """Hold for each case the one that goes on; return its id by the one asked for, and the cases held by id.

    A case that does not exist (yet) is in neither. What has been merged while its row was waited for is followed on.
    """
    goes_on = await work.moving.going_on(ids)
    held = {case.id: case for case in await work.cases.lock_many(list(goes_on.values()))}
    while any(held[one].merged_into for one in goes_on.values() if one in held):
        goes_on = await work.moving.going_on(ids)
        held |= {case.id: case for case in await work.cases.lock_many(list(goes_on.values()))}
    return goes_on, held
