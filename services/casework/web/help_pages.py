"""Asking for help: the agent's strip at her desk, and the team leader's page of who asks, live."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.usecases.views import CaseView
from services.casework.web.desk import Agent
from services.casework.web.desk_case import keep_note
from services.casework.web.desk_view import answer_with_work
from services.casework.web.house import casework_of
from services.casework.web.typed import SHORT, Refused, typed
from shared.errors import ConflictError, DomainError, NotFoundError
from shared.ids import new_id
from shared.vocabulary import Role
from shared.web.access import Action, Person, requires
from shared.web.live import Event, stream

router = APIRouter(include_in_schema=False)

Lead = Annotated[Person, requires(Action.SUPERVISE)]
_LONGEST = 1_000


@router.post("/desk/cases/{number}/help")
async def ask(request: Request, number: str, person: Agent) -> Response:
    """Show my case to the team leader, with what I have written."""
    form = await typed(request)
    await keep_note(request, number, person, form.values.get("note"))
    case = await casework_of(request).read_case.run(number, person)
    await casework_of(request).day.ask_help.run(number, person, case.draft)
    return await answer_with_work(request, person, number)


@router.post("/desk/cases/{number}/help/end")
async def end(request: Request, number: str, person: Agent) -> Response:
    """I need no more help."""
    await casework_of(request).day.end_help.run(number, person)
    return await answer_with_work(request, person, number)


@router.get("/desk/help")
async def strip(request: Request, person: Agent, case: str = "") -> Response:
    """Show how it stands with the help that I have asked for."""
    shown = await casework_of(request).read_case.run(case, person) if case else None
    helped = await casework_of(request).day.read_help.of_case(shown.id, person) if shown else None
    part: Response = request.app.state.pages.render(request, "partials/desk_help.html", case=shown, helped=helped)
    return part


@router.get("/help")
async def page(request: Request, person: Lead, ask: str = "") -> Response:
    """Show who asks, and beside it the case of one of them, to read."""
    return await _page(request, person, ask)


async def _page(request: Request, person: Person, ask: str = "", refused: Refused | None = None) -> Response:
    asking = await casework_of(request).day.read_help.run(person)
    chosen = next((one for one in asking if one.id == ask), None)
    case = await _case(request, person, chosen.number) if chosen else None
    colleague = Role.AGENT in person.roles
    facts = {"asking": asking, "chosen": chosen, "case": case, "colleague": colleague}
    found: Response = request.app.state.pages.render(
        request,
        "pages/help.html",
        status_code=refused.status if refused else 200,
        refused=refused,
        request_id=new_id(),
        over=bool(ask) and chosen is None,
        **facts,
    )
    return found


async def _case(request: Request, person: Person, number: str) -> CaseView | None:
    try:
        return await casework_of(request).read_case.run(number, person)
    except NotFoundError:
        return None


@router.get("/help/part")
async def part(request: Request, person: Lead, ask: str = "") -> Response:
    """Show the list alone."""
    asking = await casework_of(request).day.read_help.run(person)
    found: Response = request.app.state.pages.render(request, "partials/help_list.html", asking=asking, ask=ask)
    return found


@router.get("/help/notice")
async def notice(request: Request, person: Lead) -> Response:
    """Show at the leader's own desk that somebody asks."""
    asking = await casework_of(request).day.read_help.run(person)
    others = [one for one in asking if one.agent_id != person.id]
    found: Response = request.app.state.pages.render(request, "partials/help_notice.html", asking=others)
    return found


@router.get("/help/live")
async def live(request: Request, person: Lead) -> Response:  # noqa: ARG001 - the guard
    """Keep the page live."""
    return await stream(request, _events(request))


async def _events(request: Request) -> AsyncIterator[Event]:
    reader = request.app.state.hub.subscribe(["help"])
    try:
        yield Event("help")
        async for one in reader:
            yield one
    finally:
        await reader.aclose()


@router.post("/help/{ask_id}/lines")
async def answer(request: Request, ask_id: str, person: Lead) -> Response:
    """Write a line, which she sees at once; one that is refused stands there still."""
    form = await typed(request)
    try:
        text = form.text("text", wanted=True, most=_LONGEST)
        request_id = form.text("request_id", wanted=True, most=SHORT)
        form.check()
        await casework_of(request).day.answer_help.run(ask_id, person, text, request_id)
    except ConflictError:
        return _to(ask_id)
    except DomainError as error:
        if error.status != 422:
            raise
        return await _page(request, person, ask_id, Refused.by(error, request, "line", form))
    return _to(ask_id)


@router.post("/help/{ask_id}/take")
async def take(request: Request, ask_id: str, person: Lead) -> Response:
    """Offer to take it over: she gives it with one key."""
    await casework_of(request).day.answer_help.offer(ask_id, person)
    return _to(ask_id)


@router.post("/help/{ask_id}/end")
async def over(request: Request, ask_id: str, person: Lead) -> Response:
    """End it: she has been helped otherwise."""
    casework = casework_of(request)
    await casework.day.end_help.run(await casework.day.read_help.number_of(ask_id), person)
    return RedirectResponse("/help", status_code=303)


def _to(ask_id: str) -> Response:
    return RedirectResponse(f"/help?ask={ask_id}", status_code=303)
