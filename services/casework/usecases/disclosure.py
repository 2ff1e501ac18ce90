"""Which cases a reader sees as one of another legal person: what was handed over is hers to read, not what was said.

Within one controller the whole case is read. To another one a hand-over is a disclosure of its fields and no more.
"""

from collections.abc import Sequence

from services.casework.domain.handover import controller_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from shared.web.access import ALL_UNITS, Person


async def disclosed(work: Work, rows: Sequence[Row], person: Person) -> frozenset[str]:
    """Return the ids of those cases that came to none but units of the reader that are another controller's.

    By whose they are now, not by what was withheld when it was sent: presumed secrecy goes before it there, and a
    hand-over is passed on.
    """
    cases = [row for row in rows if not _hers(row, person)]
    if not cases:
        return frozenset()
    names = ("legal_form", "controller", "name")
    controllers = {one["id"]: controller_of(*(one[name] for name in names)) for one in await work.catalogue.units()}
    came: dict[str, set[str]] = {}
    for one in await work.inbox.of_cases([row["id"] for row in cases]):
        if one["delivered_at"] is not None:
            reached = {one["unit"], *one["passed_by"]} & person.units
            came.setdefault(one["case_id"], set()).update(controllers.get(unit, "") for unit in reached)
    return frozenset(row["id"] for row in cases if controllers.get(row["unit"], "") not in came.get(row["id"], ()))


def _hers(row: Row, person: Person) -> bool:
    return ALL_UNITS in person.units or row["unit"] in person.units or row["agent_id"] == person.id or person.machine
