"""The operator's doors: whether reading has stopped, and the way on."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from shared.consume import Inflow
from shared.web.access import Action, requires

router = APIRouter(prefix="/ops", tags=["drift"])


class Reading(BaseModel):
    """Whether too many dead records have stopped the router's reading, and which groups it reads in."""

    halted: bool
    groups: list[str]


@router.get("/reading", dependencies=[requires(Action.OPERATE)])
async def reading(request: Request) -> Reading:
    """Say whether the router reads."""
    inflow: Inflow = request.app.state.inflow
    return Reading(halted=inflow.halted, groups=sorted(inflow.reads))


@router.post("/resume", status_code=204, dependencies=[requires(Action.OPERATE)])
async def resume(request: Request) -> None:
    """Go on reading after too many dead records stopped it."""
    inflow: Inflow = request.app.state.inflow
    inflow.resume()
