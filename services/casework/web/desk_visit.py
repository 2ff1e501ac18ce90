"""Visits at the desk: who does not come is called again or let go, and where the agent receives."""

import contextlib
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.desk import Agent
from services.casework.web.desk_view import answer_with_work, is_part
from services.casework.web.house import casework_of, seats_of
from shared.errors import KontaktcenterError

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.post("/cases/{number}/missed")
async def missed(
    request: Request, number: str, person: Agent, request_id: Annotated[str, Form(max_length=64)]
) -> Response:
    """Say that the called visitor did not come: she is called again, or the case is over and the desk free."""
    casework = casework_of(request)
    contact = (await casework.read_case.run(number, person)).contact
    follows = await casework.no_show.run(number, person, request_id)
    if follows.again:
        return await answer_with_work(request, person, number)
    if contact.epoch:
        with contextlib.suppress(KontaktcenterError):  # the event frees her, too, a moment later
            await casework.router.complete(contact.id, contact.epoch, None)
    await seats_of(request).refresh(person.id)
    return await answer_with_work(request, person, done=True)


@router.post("/place")
async def place(request: Request, person: Agent, place: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Say where she receives visitors."""
    await casework_of(request).places.set(person.id, place)
    return Response(status_code=204) if is_part(request) else RedirectResponse("/desk", status_code=303)
