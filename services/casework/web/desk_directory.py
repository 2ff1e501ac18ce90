"""A hit of the directory at the desk: where the person or function is reached, and *Koppla*."""

from fastapi import APIRouter, Request, Response

from services.casework.usecases.connect import NoNumberError, NotACallError, OwnPhoneError
from services.casework.web.again_dialog import show
from services.casework.web.desk import Agent
from services.casework.web.house import casework_of
from services.casework.web.typed import SHORT, Refused, typed
from shared.vocabulary import Channel
from shared.web.access import Person

router = APIRouter(prefix="/desk/cases/{number}/directory/{entry_id}", include_in_schema=False)

_DIALOG, _TITLE = "partials/dialog_connect.html", "Koppla"
_REFUSALS = (NoNumberError, NotACallError, OwnPhoneError)


@router.get("")
async def ask(request: Request, number: str, entry_id: str, person: Agent) -> Response:
    """Show where somebody is reached, and offer to pass the caller on."""
    return await _show(request, number, entry_id, person)


@router.post("")
async def connect(request: Request, number: str, entry_id: str, person: Agent) -> Response:
    """Pass the caller on to the entry, or to its stand-in; what cannot be done is said in the dialog."""
    form = await typed(request)
    whom = form.text("to", most=SHORT) or entry_id
    try:
        dialled = await casework_of(request).directory.connect.run(number, person, whom)
    except _REFUSALS as error:
        return await _show(request, number, entry_id, person, Refused.by(error, request, "connect", form))
    return await _show(request, number, entry_id, person, dialled=dialled)


async def _show(
    request: Request,
    number: str,
    entry_id: str,
    person: Person,
    refused: Refused | None = None,
    *,
    dialled: str = "",
) -> Response:
    case = await casework_of(request).read_case.run(number, person)
    contact = case.contact
    mine = case.agent_id == person.id and bool(contact.epoch)
    return show(
        request,
        _DIALOG,
        _TITLE,
        refused,
        case=case,
        entry=await casework_of(request).directory.read.one(entry_id),
        calls=mine and contact.channel == Channel.PHONE,
        dialled=dialled,
    )
