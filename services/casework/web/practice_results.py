"""The team leader's page: how practice goes, who is signed off for what, and what a unit asks of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.domain.practice import SignOff
from services.casework.web.house import casework_of, names_of
from services.casework.web.practice import RunId
from services.casework.web.typed import SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/practice/results", include_in_schema=False)

Lead = Annotated[Person, requires(Action.SUPERVISE)]
Id = Annotated[str, Path(max_length=200)]
_ASKS = frozenset(one.value for one in SignOff)
_WHOLE = "*"
_LONGEST = 1_000


@router.get("")
async def page(request: Request, person: Lead) -> Response:
    """Show every unit with what its agents have practised."""
    return await _page(request, person)


async def _page(request: Request, person: Person, refused: Refused | None = None) -> Response:
    units = await casework_of(request).practice.results.run(person)
    status = refused.status if refused else 200
    found: Response = request.app.state.pages.render(
        request, "pages/practice_results.html", status_code=status, units=units, refused=refused
    )
    return found


@router.post("/asks")
async def asks(request: Request, person: Lead) -> Response:
    """Say what a unit, or all of hers, asks; a refusal is the page again."""
    form = await typed(request)
    try:
        unit, what = form.text("unit", wanted=True, most=200), form.one_of("asks", _ASKS)
        form.check()
        shown = await casework_of(request).practice.results.run(person)
        units = [one.unit for one in shown] if unit == _WHOLE else [unit]
        await casework_of(request).practice.ask.run(units, SignOff(what), person)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _page(request, person, Refused.by(error, request, "asks", form))
    return RedirectResponse("/practice/results", status_code=303)


@router.get("/runs/{run_id}")
async def run(request: Request, run_id: RunId, person: Lead) -> Response:
    """Show one run of an agent."""
    shown = await casework_of(request).practice.read.result(run_id, person, leads=True)
    found: Response = request.app.state.pages.render(request, "pages/practice_result.html", shown=shown, mine=False)
    return found


@router.get("/{unit}/{agent_id}")
async def agent(request: Request, unit: Id, agent_id: Id, person: Lead) -> Response:
    """Show an agent's runs of a unit, and what was decided of her there."""
    return await _agent(request, unit, agent_id, person)


async def _agent(
    request: Request, unit: str, agent_id: str, person: Person, refused: Refused | None = None
) -> Response:
    runs, history = await casework_of(request).practice.results.agent(agent_id, unit, person)
    called = await names_of(request)()
    facts = {"unit": unit, "unit_name": called.units.get(unit, unit), "agent_id": agent_id, "refused": refused}
    found: Response = request.app.state.pages.render(
        request,
        "pages/practice_agent.html",
        status_code=refused.status if refused else 200,
        runs=runs,
        history=history,
        held=next((one for one in history if one.ended_at is None), None),
        agent_name=called.person(agent_id),
        **facts,
    )
    return found


@router.post("/{unit}/{agent_id}/sign-off")
async def sign_off(request: Request, unit: Id, agent_id: Id, person: Lead) -> Response:
    """Sign her off for the unit."""
    try:
        await casework_of(request).practice.sign.off(agent_id, unit, person)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _agent(request, unit, agent_id, person, Refused.by(error, request, "off", Typed({})))
    return RedirectResponse(f"/practice/results/{unit}/{agent_id}", status_code=303)


@router.post("/{unit}/{agent_id}/take-back")
async def take_back(request: Request, unit: Id, agent_id: Id, person: Lead) -> Response:
    """Take it back, and say why; a refusal is the page again, with what was typed."""
    form = await typed(request)
    try:
        reason = form.text("reason", wanted=True, most=_LONGEST)
        form.check()
        await casework_of(request).practice.sign.back(agent_id, unit, person, reason)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _agent(request, unit, agent_id, person, Refused.by(error, request, "back", form))
    return RedirectResponse(f"/practice/results/{unit}/{agent_id}", status_code=303)
