"""The door of Qmatic Orchestra: unsigned, so a token in the address and, where it is set, the sender's addresses.

Its sender forgets us after one failure: what we cannot use is answered 200, too.
"""

import json

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel

from services.intake.channels.qmatic import read
from services.intake.domain.qmatic import Outcome
from services.intake.settings import Settings
from services.intake.web.reception import TOPIC
from shared.clock import utc_now
from shared.web.access import open_to_all
from shared.web.callers import check_key

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/webhooks/qmatic", tags=["visits"])


class Told(BaseModel):
    """What became of it."""

    outcome: Outcome


@router.post("/{token}", dependencies=[open_to_all("the token in the address, and the sender's addresses")])
async def told(request: Request, token: str) -> Told:
    """Take in one event of a visit; 404 for a wrong token."""
    settings: Settings = request.app.state.settings
    check_key(request, "qmatic", token, (settings.qmatic_token, settings.qmatic_old_token), settings.qmatic_networks)
    try:
        said = read(json.loads(await request.body()), utc_now())
    except (ValueError, RecursionError):
        said = None
    if said is None:
        return Told(outcome=Outcome.IGNORED)
    outcome = await request.app.state.follow_qmatic.tell(said)
    log.info("qmatic_told", happened=said.happened.value, outcome=outcome.value)
    request.app.state.hub.publish(TOPIC, "visits")
    return Told(outcome=outcome)
