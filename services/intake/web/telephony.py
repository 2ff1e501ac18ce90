"""The doors of 46elks: a ring, its next turns, its end, and text messages."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from services.intake.channels import elks
from services.intake.domain.call import Turn
from shared.web.access import open_to_all
from shared.web.callers import check_telephony

router = APIRouter(
    prefix="/webhooks/46elks",
    tags=["telephony"],
    dependencies=[
        open_to_all("telephony: a token in the address, or the provider's own addresses"),
        Depends(check_telephony),
    ],
)


@router.post("/voice")
async def voice(request: Request) -> Response:
    """Answer a ring: the entrance's recording while the router finds somebody."""
    return await _turn(request, None)


@router.post("/next")
async def following(request: Request, after: Turn = Turn.HOLD) -> Response:
    """Answer the end of a turn: more hold sound, or the agent."""
    return await _turn(request, after)


@router.post("/hangup", status_code=204)
async def hangup(request: Request) -> None:
    """Note that the call is over."""
    await request.app.state.end_call.end(elks.hang_up(await request.form()))


@router.post("/sms", status_code=204)
async def sms() -> None:
    """Take a text message: no channel here, and an empty answer sends nothing back to the citizen."""


async def _turn(request: Request, after: Turn | None) -> Response:
    ring = elks.ring(await request.form())
    if not ring.incoming:
        return Response(status_code=204)
    heard = await request.app.state.answer_call.answer(ring, after)
    actions: elks.Actions = request.app.state.elks
    return JSONResponse(actions.write(heard))
