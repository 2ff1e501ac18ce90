"""Form submissions: the body that doors promise, and every place in it that is wrong."""

import base64
import binascii
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema
from pydantic_core import PydanticCustomError

MOST_FILES = 1000
"""Above it no file is decoded at all; how many are kept is the installation's to say."""


def _bytes(value: object) -> bytes:
    try:
        return base64.b64decode("".join(value.split()) if isinstance(value, str) else b"!", validate=True)
    except (binascii.Error, ValueError):  # ValueError: letters that are no ASCII
        raise PydanticCustomError("base64", "not base64") from None


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
    data: Annotated[bytes, BeforeValidator(_bytes), WithJsonSchema({"type": "string", "format": "byte"})] = Field(
        alias="base64"
    )

    @property
    def is_nothing(self) -> bool:
        """Say whether it is the file of a field that the citizen left empty."""
        return not self.data and not self.name.strip()


class Submission(_Model):
    """One submission of a form; `form` and `submission_id` together are its identity."""

    form: str = Field(min_length=1, max_length=200)
    submission_id: str = Field(min_length=1, max_length=200)
    submitted_at: AwareDatetime | None = None
    applicant: Applicant | None = None
    language: str | None = Field(None, pattern=r"^[a-z]{2,3}$")
    fields: dict[str, Any] | None = None
    attachments: list[FormFile] = Field(default_factory=list, max_length=MOST_FILES)


_SUBMISSION: TypeAdapter[Submission] = TypeAdapter(Submission)


def read(body: bytes) -> Submission:
    """Return the submission in `body`; pydantic's ValidationError names every place that is wrong."""
    return _SUBMISSION.validate_json(body)


def schema() -> dict[str, Any]:
    """Return the JSON schema of a submission, whole in itself, for the OpenAPI."""
    return _inlined(_SUBMISSION.json_schema())


def _inlined(given: dict[str, Any]) -> dict[str, Any]:
    own = given.pop("$defs", {})

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            known = own.get(str(value.get("$ref", "")).rpartition("/")[2])
            return put(known) if known else {name: put(each) for name, each in value.items()}
        return [put(each) for each in value] if isinstance(value, list) else value

    whole: dict[str, Any] = put(given)
    return whole
