"""The page of one hand-over: what came along and what did not, its clocks, what was done, and the forms."""

from typing import Any

from fastapi import Request, Response

from services.casework.usecases.views import CaseView, HandoverView
from services.casework.web.desk_view import is_part
from services.casework.web.house import casework_of, names_of
from services.casework.web.typed import Refused
from shared.clock import local, utc_now
from shared.ids import new_id
from shared.web.access import ALL_UNITS, Person


async def show_handover(
    request: Request, person: Person, handover_id: str, refused: Refused | None = None, *, done: str = ""
) -> Response:
    """Render the page, or its part for scripts; `refused` is a form that comes back, `done` a deed that was done."""
    house = casework_of(request)
    one = await house.read_handover.run(handover_id, person)
    case = await house.read_case.run(one.case_number, person)
    template = "partials/handover.html" if is_part(request) else "pages/handover.html"
    found: Response = request.app.state.pages.render(
        request,
        template,
        status_code=refused.status if refused else 200,
        refused=refused,
        done=done,
        **await _facts(request, person, one, case),
    )
    return found


async def _facts(request: Request, person: Person, one: HandoverView, case: CaseView) -> dict[str, Any]:
    called, house = await names_of(request)(), casework_of(request)
    mine = ALL_UNITS in person.units or one.unit in person.units
    alive = one.ended_at is None and (one.deliver_at is None or one.delivered_at is not None)
    deeds = await house.read_deeds.run(one, case.id)
    return {
        "one": one,
        "case": case,
        "deeds": deeds,
        "seen": deeds[-1].id if deeds else 0,
        "colleagues": await house.read_colleagues.run(one.unit) if alive and mine else (),
        "units": sorted(((key, name) for key, name in called.units.items() if key != one.unit), key=lambda it: it[1]),
        "acts": alive and mine,
        "name_of": called.person,
        "unit_of": lambda unit: called.units.get(unit, unit),
        "today": local(utc_now()).date().isoformat(),
        "local": local,
        "request_id": new_id(),
    }
