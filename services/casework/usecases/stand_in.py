"""Who does the work of somebody: herself, while she is away the first of her substitutes who is here."""

from datetime import datetime

from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work

_CHAIN = 5
"""So many substitutes are asked in turn; then it stays with the one who is away."""


async def stand_in(work: Work, person_id: str | None, now: datetime) -> Row | None:
    """Return the person who does it; None when she has left and nobody stands in for her."""
    first = at = await work.catalogue.person(person_id) if person_id else None
    for _ in range(_CHAIN):
        if at is None:
            break
        away = at["away_until"] is not None and at["away_until"] > now
        if at["active"] and not away:
            return at
        at = await work.catalogue.person(at["substitute"]) if at["substitute"] else None
    return first if first is not None and first["active"] else None


async def address_of(work: Work, person_id: str | None, now: datetime) -> str:
    """Return the mail address of whoever does a person's work, empty when there is none."""
    person = await stand_in(work, person_id, now)
    return str(person["email"] or "") if person is not None else ""
