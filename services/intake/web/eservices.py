"""The door of the e-services: signed form submissions."""

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from services.intake.channels import forms
from services.intake.channels.forms import Submission
from shared.web.access import open_to_all

router = APIRouter(tags=["e-services"])


@router.post(
    "/webhooks/forms",
    status_code=202,
    responses={401: {"description": "Bad signature"}, 503: {"description": "Kafka is silent; Retry-After"}},
)
@open_to_all("the signature over the body is the key (Standard Webhooks)")  # type: ignore[untyped-decorator] # also a Depends
async def submit(request: Request) -> Response:
    """Take in a form submission; the same `form` and `submission_id` again is the same contact."""
    body = await request.body()
    request.app.state.verifier.check(body, dict(request.headers))
    contact_id = await request.app.state.receive_form.receive(_read(body), body)
    return JSONResponse({"contact_id": contact_id}, status_code=202)


def _read(body: bytes) -> Submission:
    try:
        return forms.read(body)
    except ValidationError as error:
        faults = [fault | {"loc": ("body", *fault["loc"])} for fault in error.errors(include_input=False)]
        raise RequestValidationError(faults) from error
