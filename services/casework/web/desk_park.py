"""Parking the case from the desk: until when, why, and whether it waits for the citizen."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from services.casework.usecases.park import quick_choices
from services.casework.web.again_dialog import show
from services.casework.web.desk import Agent
from services.casework.web.desk_case import ended, keep_note
from services.casework.web.house import casework_of
from services.casework.web.typed import SHOWN_AGAIN, Refused, Typed, typed
from shared.clock import utc_now
from shared.errors import DomainError
from shared.web.access import Person

router = APIRouter(prefix="/desk/cases/{number}/park", include_in_schema=False)

_OWN = "own"
_LONGEST_WHY = 500


@router.get("")
async def ask(request: Request, number: str, person: Agent, seen: int | None = None) -> Response:
    """Ask until when."""
    return await _ask(request, number, person, seen)


async def _ask(
    request: Request, number: str, person: Person, seen: int | None, refused: Refused | None = None
) -> Response:
    case = await casework_of(request).read_case.run(number, person)
    shown = case.version if refused or seen is None else seen
    choices = quick_choices(utc_now())
    return show(request, "partials/dialog_park.html", "Parkera", refused, case=case, choices=choices, seen=shown)


@router.post("")
async def park(request: Request, number: str, person: Agent) -> Response:
    """Park the case; a refusal is the dialog again, with what was typed."""
    form = await typed(request)
    await keep_note(request, number, person, form.values.get("note"))
    try:
        case = await casework_of(request).read_case.run(number, person)
        until, why = _until(form), form.text("why", most=_LONGEST_WHY)
        form.check()
        await casework_of(request).deeds.park.run(
            number, person, until=until, why=why, waiting="waiting" in form.values, seen=form.number("seen")
        )
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _ask(request, number, person, None, Refused.by(error, request, "park", form))
    return await ended(request, case, person)


def _until(form: Typed) -> datetime | None:
    """Return the moment that was chosen: by a key, or in words of one's own."""
    choices = quick_choices(utc_now())
    chosen = form.one_of("when", frozenset({*choices, _OWN}))
    if chosen != _OWN:
        return choices.get(chosen)
    return form.moment("day", "clock", wanted=True, otherwise=choices["morning"].time())
