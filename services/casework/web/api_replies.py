"""The JSON doors of what goes out: templates, answers by mail or SMS, taking one back, sending one again."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from services.casework.usecases.reply_draft import TemplateView
from services.casework.web.given import House, RequestId
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1", tags=["replies"])

Reader = Annotated[Person, requires(Action.READ_CASES)]
Worker = Annotated[Person, requires(Action.WORK_DESK)]
Kind = Literal["reply", "sms"]


class Reply(BaseModel):
    """An answer to the citizen; `seen` is the latest answer of the case that the writer has seen ("" for none).

    With `seen`, an answer that a colleague has sent in the last minutes and that was not seen is refused (409).
    """

    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    channel: Literal["email", "sms"] = "email"
    seen: Annotated[str, Field(max_length=64)] | None = None


class Queued(BaseModel):
    """A message that is on its way; for ten seconds it can be taken back."""

    message_id: str


class TakenBack(BaseModel):
    """An answer that was taken back: what it said."""

    text: str


class Templates(BaseModel):
    """Texts to write from."""

    items: list[TemplateView]
    next: None = None


class MailServer(BaseModel):
    """Since when mail has waited because the mail server is away; null when it does not."""

    away_since: AwareDatetime | None


@router.get("/templates")
async def templates(
    house: House,
    person: Reader,
    case: Annotated[str | None, Query(max_length=40)] = None,
    kind: Kind = "reply",
) -> Templates:
    """List templates: all, with their fields in braces; or those of a case, most specific first, filled in."""
    if case is None:
        return Templates(items=list(await house.outgoing.templates.run()))
    return Templates(items=list(await house.outgoing.templates.fitting(case, person, kind)))


@router.post("/cases/{number}/reply", status_code=202)
async def reply(house: House, person: Worker, number: str, body: Reply, key: RequestId = None) -> Queued:
    """Answer the citizen, by mail in the citizen's thread or by SMS."""
    made = await house.reply.run(number, person, body.text, key, channel=body.channel, seen=body.seen)
    return Queued(message_id=made)


@router.post("/cases/{number}/reply/{message_id}/undo")
async def undo(house: House, person: Worker, number: str, message_id: str) -> TakenBack:
    """Take an answer of one's own back, within ten seconds; a case it closed is open again."""
    return TakenBack(text=await house.outgoing.undo.run(number, person, message_id))


@router.post("/cases/{number}/messages/{queued_id}/again", status_code=202)
async def again(house: House, person: Worker, number: str, queued_id: str) -> Queued:
    """Send once more what failed or came back; `queued_id` is the `delivery.id` of the message."""
    await house.outgoing.again.run(number, person, queued_id)
    return Queued(message_id=queued_id)


@router.get("/mail-server")
async def mail_server(house: House, person: Reader) -> MailServer:  # noqa: ARG001 - the guard
    """Say whether mail waits because the mail server is away."""
    return MailServer(away_since=await house.outgoing.outage.run())
