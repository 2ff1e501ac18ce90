"""The JSON doors of hand-overs: acknowledge, say how it goes, pass on, send back, answer."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from services.casework.usecases import views
from services.casework.web.given import House
from shared.web.access import Action, Person, requires
from shared.web.errors import InvalidError

router = APIRouter(prefix="/api/v1/handovers", tags=["handovers"])

Receiver = Annotated[Person, requires(Action.WORK_INBOX)]
Text = Annotated[str, Field(max_length=20_000)]


class Deed(BaseModel):
    """What the receiver does; `by` is a named person or function."""

    by: Annotated[str, Field(min_length=1, max_length=200)]
    text: Text | None = None
    reason: Text | None = None
    to: str | None = None
    external_ref: str | None = None


class Progress(BaseModel):
    """How it goes (*Läget just nu*)."""

    by: Annotated[str, Field(min_length=1, max_length=200)]
    planned_for: AwareDatetime | None = None
    performer: str | None = None
    text: Text | None = None
    external_ref: str | None = None


@router.get("/{handover_id}")
async def show(house: House, person: Receiver, handover_id: str) -> views.HandoverView:
    """Return a hand-over."""
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/acknowledge")
async def acknowledge(house: House, person: Receiver, handover_id: str, body: Deed) -> views.HandoverView:
    """Confirm that it has been received."""
    await house.acknowledge.run(handover_id, person, body.by, body.external_ref)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/progress")
async def progress(house: House, person: Receiver, handover_id: str, body: Progress) -> views.HandoverView:
    """Say how it goes."""
    facts = body.model_dump(exclude={"by"})
    await house.progress.run(handover_id, person, body.by, **facts)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/reassign")
async def reassign(house: House, person: Receiver, handover_id: str, body: Deed) -> dict[str, str]:
    """Pass it on; it may then be out of the reader's sight."""
    if not body.to:
        raise InvalidError("to")
    await house.reassign.run(handover_id, person, body.to, body.reason or body.text or "")
    return {"handover_id": handover_id, "to": body.to}


@router.post("/{handover_id}/return")
async def send_back(house: House, person: Receiver, handover_id: str, body: Deed) -> views.HandoverView:
    """Send it back: it came to the wrong place."""
    await house.send_back.run(handover_id, person, body.by, body.reason or body.text or "")
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/answer")
async def answer(house: House, person: Receiver, handover_id: str, body: Deed) -> views.HandoverView:
    """The citizen has the answer."""
    await house.answer.run(handover_id, person, body.by, body.text, body.external_ref)
    return await house.read_handover.run(handover_id, person)
