"""The door of a telephone exchange: it rings, somebody has answered, it is over; its address holds the key."""

import json
from typing import Any

from fastapi import APIRouter, Request

from services.intake.channels import cti
from services.intake.settings import Settings
from shared.errors import DomainError
from shared.web.access import open_to_all
from shared.web.callers import check_key

router = APIRouter(tags=["telephony"])

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_WORDS = {name: {"type": "string"} for name in ("from", "to", "queue", "answeringNumber", "cause")}
_FIELDS = {
    "event": {"type": "string", "enum": ["newCall", "answer", "hangup"]},
    "direction": {"type": "string", "enum": ["in", "out"]},
    "callId": {"type": "string", "minLength": 1, "maxLength": 250},
    **_WORDS,
}
_SHAPE = {"type": "object", "required": ["event", "direction", "callId"], "additionalProperties": True}
_NAMES = {"type": "array", "items": {"type": "string"}}
_USERS = {"user": {"oneOf": [{"type": "string"}, _NAMES]}}
_SAYS: dict[str, Any] = {
    "requestBody": {
        "description": "Zammad's CTI: a form (`user[]`) or JSON (`user`); unknown fields are passed over.",
        "content": {
            _JSON: {"schema": {**_SHAPE, "properties": {**_FIELDS, **_USERS}}},
            _FORM: {"schema": {**_SHAPE, "properties": {**_FIELDS, "user[]": _NAMES}}},
        },
    }
}


class UnreadableError(DomainError):
    """The body is not what its content type says."""

    type = "invalid-input"
    status = 422
    title = "Det går inte att läsa det du skickade."


@router.post(
    "/webhooks/cti/{token}",
    openapi_extra=_SAYS,
    responses={404: {"description": "Wrong token"}, 403: {"description": "Not from the exchange's addresses"}},
)
@open_to_all("the token in the address is the key, and the exchange's addresses where they are set")  # type: ignore[untyped-decorator] # also a Depends
async def tell(request: Request, token: str) -> dict[str, str]:
    """Take in what the exchange says of a call; the same again changes nothing."""
    settings: Settings = request.app.state.settings
    check_key(request, "cti", token, (settings.cti_token, settings.cti_old_token), settings.cti_networks)
    await request.app.state.follow_exchange.tell(cti.read(await _said(request)))
    return {}


async def _said(request: Request) -> dict[str, Any]:
    if "json" not in request.headers.get("content-type", ""):
        form = await request.form()
        return {name: form.getlist(name) if name.startswith("user") else form[name] for name in form}
    try:
        said = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise UnreadableError from error
    if not isinstance(said, dict):
        raise UnreadableError
    return said
