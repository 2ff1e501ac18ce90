"""Sending again what did not arrive, from the page of its case."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.house import casework_of
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/cases/{number}/messages/{queued_id}", include_in_schema=False)

Agent = Annotated[Person, requires(Action.WORK_DESK)]


@router.post("/again")
async def again(
    request: Request, number: str, queued_id: Annotated[str, Path(max_length=200)], person: Agent
) -> Response:
    """Send it once more and show the case."""
    await casework_of(request).outgoing.again.run(number, person, queued_id)
    return RedirectResponse(f"/cases/{number}", status_code=303)
