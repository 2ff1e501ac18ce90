"""Signed form submissions: the Standard Webhooks signature and the body that doors promise."""

import base64
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.errors import DomainError


class SignatureError(DomainError):
    """The signature is missing, wrong, or older or newer than five minutes."""

    type = "bad-signature"
    status = 401
    title = "Signaturen stämmer inte, eller är för gammal."


class Verifier:
    """Checks the signature against the secrets in force: the present one, and the one before while senders change."""

    def __init__(self, *secrets: str) -> None:
        self._keys = [Webhook(secret) for secret in secrets if secret]

    def check(self, body: bytes, headers: dict[str, str]) -> None:
        """Return when one of the secrets has signed `body`; SignatureError otherwise."""
        for key in self._keys:
            try:
                key.verify(body, headers, json_parse=False)
            except (WebhookVerificationError, ValueError):
                continue  # ValueError: a signature that is no base64, a body that is no UTF-8
            return
        raise SignatureError


def _bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("base64 is text")  # noqa: TRY004 - pydantic turns ValueError into an answer
    return base64.b64decode("".join(value.split()), validate=True)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class Applicant(_Model):
    """Who sent the form, as far as it says."""

    name: str | None = Field(None, max_length=300)
    email: str | None = Field(None, max_length=320)
    phone: str | None = Field(None, max_length=60)


class FormFile(_Model):
    """A file of the form; `base64` is decoded."""

    name: str = Field(max_length=500)
    content_type: str = Field("application/octet-stream", max_length=200)
    data: Annotated[bytes, BeforeValidator(_bytes)] = Field(alias="base64")


class Submission(_Model):
    """One submission of a form; `form` and `submission_id` together are its identity."""

    form: str = Field(min_length=1, max_length=200)
    submission_id: str = Field(min_length=1, max_length=200)
    submitted_at: AwareDatetime | None = None
    applicant: Applicant | None = None
    language: str | None = Field(None, pattern=r"^[a-z]{2,3}$")
    fields: dict[str, Any] | None = None
    attachments: list[FormFile] = Field(default_factory=list, max_length=50)


_SUBMISSION: TypeAdapter[Submission] = TypeAdapter(Submission)


def read(body: bytes) -> Submission:
    """Return the submission in `body`; pydantic's ValidationError names every place that is wrong."""
    return _SUBMISSION.validate_json(body)
