"""The doors of 46elks: a ring, its next turns, its end, and text messages."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData

from services.intake.channels import elks
from services.intake.domain.call import Turn
from shared.web.access import open_to_all
from shared.web.callers import check_telephony
from shared.web.fields import fields_of

router = APIRouter(
    prefix="/webhooks/46elks",
    tags=["telephony"],
    dependencies=[
        open_to_all("telephony: a token in the address, or the provider's own addresses"),
        Depends(check_telephony),
    ],
)


Step = Annotated[int | None, Query(alias="n", ge=0, le=1_000_000)]


@router.post("/voice")
async def voice(request: Request) -> Response:
    """Answer a ring: what the entrance says while the router finds somebody."""
    return await _turn(request, None, 0)


@router.post("/next")
async def following(request: Request, after: Turn = Turn.HOLD, step: Step = None) -> Response:
    """Answer the end of a turn: what comes next, or the agent."""
    return await _turn(request, after, step)


@router.post("/hangup", status_code=204)
async def hangup(request: Request) -> None:
    """Note that the call is over."""
    await request.app.state.end_call.end(elks.hang_up(await request.form()))


@router.post("/sms", status_code=204)
async def sms(request: Request) -> None:
    """Take a text message in; an answer without a body sends nothing back to the citizen."""
    form = await request.form()
    await request.app.state.receive_sms.receive(elks.text_message(form), json.dumps(_words(form)).encode())


def _words(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _turn(request: Request, after: Turn | None, step: int | None) -> Response:
    ring = elks.ring(await fields_of(request), step)
    if not ring.incoming:
        return Response(status_code=204)
    heard = await request.app.state.answer_call.answer(ring, after)
    actions: elks.Actions = request.app.state.elks
    return JSONResponse(actions.write(heard))
