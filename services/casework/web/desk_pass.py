"""Giving the contact on her desk away: to a queue, a colleague, an officer, or a later time."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from services.casework.domain.return_call import PastTimeError, next_working_hour, promised
from services.casework.web.desk import Agent
from services.casework.web.desk_view import answer_with_work, is_part
from services.casework.web.house import casework_of, seats_of
from services.casework.web.typed import SHORT, Refused, Typed, typed
from shared.clock import local, utc_now
from shared.errors import DomainError, KontaktcenterError
from shared.vocabulary import Role
from shared.web.access import Person
from shared.web.languages import choose_language

router = APIRouter(prefix="/desk/cases/{number}", include_in_schema=False)


class NobodyChosenError(DomainError):
    """The form does not say to whom."""

    type = "nobody-chosen"
    title = "Välj en kö, en kollega eller en handläggare."


class NoTimeError(DomainError):
    """The time cannot be read."""

    type = "no-time"
    title = "Skriv datum och klockslag."


_DIALOG = "partials/dialog_pass_on.html"
_REFUSALS = (NobodyChosenError, NoTimeError, PastTimeError)
"""What comes back as the dialog, the words beside the field."""


@dataclass(frozen=True, slots=True)
class Choices:
    """To whom a contact can go: queues, colleagues and officers, each with id and name."""

    queues: list[tuple[str, str]]
    colleagues: list[tuple[str, str]]
    officers: list[tuple[str, str]]


async def choices_for(request: Request, person: Person) -> Choices:
    """Return to whom this person can give a contact."""
    casework = casework_of(request)
    units, people = await casework.read_catalogue.units(), await casework.read_people.run()
    return Choices(
        queues=[(unit.id, unit.name) for unit in units],
        colleagues=[(one.id, one.name) for one in people if Role.AGENT in one.roles and one.id != person.id],
        officers=[(one.id, one.name) for one in people if Role.OFFICER in one.roles],
    )


@router.get("/pass-on")
async def pass_on_dialog(request: Request, number: str, person: Agent) -> Response:
    """Ask to whom, or when."""
    return await _show(request, number, person)


@router.post("/pass-on")
async def pass_on(request: Request, number: str, person: Agent) -> Response:
    """Give the contact away, or ask first; the case follows it. A refusal is the dialog again, with what was typed."""
    form = await typed(request)
    try:
        stays = await _pass_on(request, number, person, form)
    except _REFUSALS as error:
        beside = "to" if isinstance(error, NobodyChosenError) else "at"
        title = request.app.state.texts.text(choose_language(request), error.title)
        return await _show(
            request, number, person, Refused("pass_on", error.status, title, form.values, {beside: title})
        )
    if not stays:
        await seats_of(request).refresh(person.id)
    return await answer_with_work(request, person, number if stays else "", done=True)


async def _pass_on(request: Request, number: str, person: Person, form: Typed) -> bool:
    """Do what was chosen; returns whether the contact stays hers."""
    casework = casework_of(request)
    kind, _, whom = form.text("to", most=SHORT).partition(":")
    match form.text("act", most=SHORT), kind:
        case "return_call", _:
            await casework.promise_return_call.run(number, person, _moment(form.text("at", most=SHORT)))
        case "transfer", _:
            await casework.transfer_to_colleague.run(number, person)
        case "ask", "agent" if whom:
            await casework.ask_colleague.run(number, person, whom)
            return True
        case "give" | "ask", "officer" if whom:
            await casework.invite_officer.run(number, person, whom)
            return True
        case "give", "agent" if whom:
            await casework.pass_on.run(number, person, to_agent=whom)
        case "give", "queue" if whom:
            await casework.pass_on.run(number, person, queue=whom)
        case _:
            raise NobodyChosenError
    return False


async def _show(request: Request, number: str, person: Person, refused: Refused | None = None) -> Response:
    """Render the dialog: alone for scripts, inside a page of its own otherwise."""
    facts = {
        "case": await casework_of(request).read_case.run(number, person),
        "choices": await choices_for(request, person),
        "at": refused.values.get("at", "") if refused else f"{local(next_working_hour(utc_now())):%Y-%m-%dT%H:%M}",
        "to": refused.values.get("to", "") if refused else "",
        "refused": refused,
    }
    status, pages = refused.status if refused else 200, request.app.state.pages
    if not is_part(request):
        title = {"dialog": _DIALOG, "dialog_title": "Koppla eller ring upp senare"}
        whole: Response = pages.render(request, "pages/dialog.html", status_code=status, **title, **facts)
        return whole
    part: Response = pages.render(request, _DIALOG, status_code=status, **facts)
    part.headers["hx-retarget"], part.headers["hx-reswap"] = "#dialog-body", "innerHTML"
    return part


@router.post("/no-answer")
async def no_answer(request: Request, number: str, person: Agent) -> Response:
    """Nobody answered the return call: it is tried again later, or the citizen is told and the case rests."""
    casework = casework_of(request)
    contact = (await casework.read_case.run(number, person)).contact
    tried = await casework.try_again.run(number, person)
    if tried.next_at is None and contact.epoch:
        with contextlib.suppress(KontaktcenterError):  # the event frees her, too, a moment later
            await casework.router.complete(contact.id, contact.epoch, None)
    await seats_of(request).refresh(person.id)
    return await answer_with_work(request, person, done=True)


@router.post("/question/end")
async def end_question(request: Request, number: str, person: Agent) -> Response:
    """Be done with a colleague's question; the contact stays hers."""
    await casework_of(request).end_question.run(number, person)
    await seats_of(request).refresh(person.id)
    return await answer_with_work(request, person, done=True)


def _moment(at: str) -> datetime | None:
    """Return the local time of a form's field; None when it is empty: when it is the citizen's turn."""
    try:
        return promised(at, utc_now())
    except ValueError as error:
        raise NoTimeError from error
