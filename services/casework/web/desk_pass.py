"""Giving the contact on her desk away: to a queue, a colleague, an officer, or a later time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response

from services.casework.web.desk import Agent, dialog
from services.casework.web.desk_view import answer_with_work
from services.casework.web.house import casework_of, seats_of
from shared.clock import STOCKHOLM
from shared.errors import DomainError
from shared.vocabulary import Role
from shared.web.access import Person

router = APIRouter(prefix="/desk/cases/{number}", include_in_schema=False)

Act = Literal["give", "ask", "transfer", "return_call"]


class NobodyChosenError(DomainError):
    """The form does not say to whom."""

    type = "nobody-chosen"
    title = "Välj en kö, en kollega eller en handläggare."


class NoTimeError(DomainError):
    """The time cannot be read."""

    type = "no-time"
    title = "Skriv datum och klockslag."


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
    case = await casework_of(request).read_case.run(number, person)
    return dialog(
        request,
        "partials/dialog_pass_on.html",
        "Koppla eller ring upp senare",
        case=case,
        choices=await choices_for(request, person),
    )


@router.post("/pass-on")
async def pass_on(
    request: Request,
    number: str,
    person: Agent,
    act: Annotated[Act, Form()],
    to: Annotated[str, Form(max_length=200)] = "",
    at: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Give the contact away, or ask first; the case follows it."""
    casework = casework_of(request)
    kind, _, whom = to.partition(":")
    match act, kind:
        case "return_call", _:
            await casework.promise_return_call.run(number, person, _moment(at))
        case "transfer", _:
            await casework.transfer_to_colleague.run(number, person)
        case "ask", "agent" if whom:
            await casework.ask_colleague.run(number, person, whom)
            return await answer_with_work(request, person, number, done=True)
        case _, "officer" if whom:
            await casework.invite_officer.run(number, person, whom)
            return await answer_with_work(request, person, number, done=True)
        case "give", "agent" if whom:
            await casework.pass_on.run(number, person, to_agent=whom)
        case "give", "queue" if whom:
            await casework.pass_on.run(number, person, queue=whom)
        case _:
            raise NobodyChosenError
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
    if not at:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise NoTimeError from error
    return moment if moment.tzinfo else moment.replace(tzinfo=STOCKHOLM)
