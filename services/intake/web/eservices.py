"""The door of the e-services: signed form submissions."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from services.intake.channels import forms
from services.intake.channels.forms import Submission
from services.intake.channels.signature import HEADERS, Proof, SignatureError, Verifier
from services.intake.usecases.receive_form import LARGE, Delivery, ReplayError
from shared.clock import utc_now
from shared.metrics import SIGNED
from shared.web.access import open_to_all
from shared.web.refusals import refused

DOOR = "forms"

router = APIRouter(tags=["e-services"])


@router.post(
    "/webhooks/forms",
    status_code=202,
    responses={
        401: {"description": "Bad signature"},
        409: {"description": "The webhook-id came before with another body"},
        503: {"description": "Kafka is silent; Retry-After"},
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": forms.schema()}}},
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in HEADERS
        ],
    },
)
@open_to_all("the signature over the body is the key (Standard Webhooks)")  # type: ignore[untyped-decorator] # also a Depends
async def submit(request: Request) -> Response:
    """Take in a form submission; the same `form` and `submission_id` again is the same contact."""
    doors = request.app.state
    try:
        proof = doors.verifier.claim(request.headers, utc_now())  # before the body: a stranger costs us none
        body = await request.body()
        large = len(body) > LARGE
        key, submission = (
            await asyncio.to_thread(_read, doors.verifier, body, proof) if large else _read(doors.verifier, body, proof)
        )
        SIGNED.labels(key).inc()
        contact_id = await doors.receive_form.receive(submission, body, Delivery(key, proof.webhook_id))
    except (SignatureError, ReplayError) as error:
        refused(DOOR, error.reason)
        raise
    return JSONResponse({"contact_id": contact_id}, status_code=202)


def _read(verifier: Verifier, body: bytes, proof: Proof) -> tuple[str, Submission]:
    """Return the name of the key that signed, and what it signed."""
    key = verifier.check(body, proof)
    try:
        return key, forms.read(body)
    except ValidationError as error:
        faults = [fault | {"loc": ("body", *fault["loc"])} for fault in error.errors(include_input=False)]
        raise RequestValidationError(faults) from error
