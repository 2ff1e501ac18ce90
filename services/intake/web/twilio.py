"""The doors of Twilio: a ring, its next turns, the phone it is connected to, and its end; each by signature only."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from services.intake.channels import twilio
from services.intake.channels.twilio_signature import FORM, Asked, Signatures, TwilioSignatureError
from services.intake.domain.call import CONNECTS, HangUp, Turn
from services.intake.settings import Settings
from shared.web.access import open_to_all
from shared.web.callers import origin_of
from shared.web.errors import TooLargeError
from shared.web.refusals import refused

BODY_LIMIT = 65_536
"""Bytes of a webhook; Twilio posts one or two thousand."""
XML = "application/xml"


async def signed(
    request: Request,
    x_twilio_signature: Annotated[str, Header(description="Base64 of the HMAC over address and parameters.")] = "",
    x_twilio_webhooks_signature_settings: Annotated[
        str, Header(description="`key=<id>,algorithm=HMAC_SHA256` when a shared key has signed.")
    ] = "",
) -> twilio.Form:
    """Return what was posted, when Twilio has signed it and our address; nothing is read of anything else."""
    content_type = request.headers.get("content-type", "")
    asked = Asked(_address(request), request.method, content_type, await _body(request))
    signatures: Signatures = request.app.state.twilio_signatures
    try:
        posted = signatures.check(asked, x_twilio_signature, x_twilio_webhooks_signature_settings)
        return twilio.form_of(asked, posted)
    except TwilioSignatureError as error:
        refused("twilio", error.why)
        raise


Form = Annotated[twilio.Form, Depends(signed)]

_SAYS: dict[str, Any] = {
    "requestBody": {
        "description": "What Twilio posts; parameters that are not listed here are signed, too, and passed over.",
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["CallSid"],
                    "properties": {
                        name: {"type": "string"}
                        for name in ("CallSid", "CallStatus", "From", "To", "Direction", "ParentCallSid")
                    },
                    "additionalProperties": {"type": "string"},
                }
            }
        },
    }
}
_TWIML: dict[int | str, dict[str, Any]] = {
    200: {"description": "TwiML: what the caller hears next.", "content": {XML: {"schema": {"type": "string"}}}}
}

router = APIRouter(
    prefix="/webhooks/twilio",
    tags=["telephony"],
    dependencies=[open_to_all("telephony: Twilio's signature over the address and every parameter")],
)


@router.get("/voice", response_class=Response, responses=_TWIML)
@router.post("/voice", response_class=Response, responses=_TWIML, openapi_extra=_SAYS)
async def voice(request: Request, form: Form) -> Response:
    """Answer a ring: what the entrance says while the router finds somebody."""
    return await _turn(request, form, None, 0)


Step = Annotated[int | None, Query(ge=0, le=1_000_000, description="Which of our answers it comes back from.")]


@router.get("/next", response_class=Response, responses=_TWIML)
@router.post("/next", response_class=Response, responses=_TWIML, openapi_extra=_SAYS)
async def following(request: Request, form: Form, after: Turn = Turn.HOLD, n: Step = None) -> Response:
    """Answer the end of a turn, that of a conversation too: more to wait by, the agent, or nothing."""
    return await _turn(request, form, after, n)


@router.get("/status", status_code=204)
@router.post("/status", status_code=204, openapi_extra=_SAYS)
async def status(request: Request, form: Form) -> None:
    """Note that the call is over; other states, and those of its legs, may come in any order and say nothing new."""
    over = twilio.hang_up(form)
    if over is not None:
        await request.app.state.end_call.end(over)


@router.get("/leg", status_code=204)
@router.post("/leg", status_code=204, openapi_extra=_SAYS)
async def leg(request: Request, form: Form) -> None:
    """Note that the agent's phone has been answered: she and the caller hear each other."""
    call_id = twilio.answered_leg(form)
    if call_id is not None:
        await request.app.state.follow_call.connected(call_id, exact=True)


async def _turn(request: Request, form: twilio.Form, after: Turn | None, step: int | None) -> Response:
    ring = twilio.ring(form, step)
    if not ring.incoming:
        return Response(twilio.NOTHING, media_type=XML)
    over = twilio.hang_up(form)
    if over is not None:
        await request.app.state.end_call.end(over)
        return Response(twilio.NOTHING, media_type=XML)
    heard = await request.app.state.answer_call.answer(ring, after)
    if after in CONNECTS and heard.turn is Turn.HANG_UP:
        await request.app.state.end_call.end(HangUp(ring.call_id, "success", twilio.leg_seconds(form)))
    answers: twilio.Answers = request.app.state.twilio
    return Response(answers.write(heard, first=after is None), media_type=XML)


def _address(request: Request) -> str:
    """Return our address as Twilio called it: by the setting, or by what a trusted proxy says where there is none."""
    settings: Settings = request.app.state.settings
    path: str = request.scope["raw_path"].decode("latin-1")
    query: str = request.scope["query_string"].decode("latin-1")
    prefix = settings.public_prefix
    base = settings.public_url.rstrip("/") or origin_of(request, settings.trusted_proxies) + prefix
    return base + path.removeprefix(prefix) + (f"?{query}" if query else "")


async def _body(request: Request) -> bytes:
    """Return the body, as much of it as a webhook may have."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            refused("twilio", "size")
            raise TooLargeError
    return bytes(body)
