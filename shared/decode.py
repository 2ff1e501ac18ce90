"""From a raw Kafka record to an event: tolerant of null headers and unknown fields, strict about the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from shared.errors import PermanentError
from shared.events import EVENT_TYPES, Event
from shared.records import RECORD_TYPES

ALL_TYPES: Mapping[str, type[Event]] = EVENT_TYPES | RECORD_TYPES
"""Every event and table record by its `ce_type`."""

Record = ConsumerRecord


@dataclass(frozen=True, slots=True)
class Envelope:
    """The CloudEvents attributes of a record."""

    id: str
    time: datetime
    traceparent: str | None


def header(record: Any, name: str) -> bytes | None:
    """Return the last header of that name, None when there is none or it is null."""
    found: bytes | None = None
    for key, value in record.headers:
        if key == name:
            found = value
    return found


def type_of(record: Any) -> str | None:
    """Return the record's `ce_type`, None when it has none that can be read."""
    raw = header(record, "ce_type")
    return raw.decode("utf-8", "replace") if raw else None


def envelope_of(record: Any) -> Envelope:
    """Return the CloudEvents attributes; without a readable `ce_id` it is no event (PermanentError)."""
    headers = {key: value for key, value in record.headers if value is not None}
    try:
        event_id = headers["ce_id"].decode()
        time = headers.get("ce_time")
        trace = headers.get("traceparent")
        moment = (
            datetime.fromisoformat(time.decode()) if time else datetime.fromtimestamp(record.timestamp / 1000, tz=UTC)
        )
        return Envelope(event_id, moment, trace.decode() if trace else None)
    except KeyError as error:
        raise PermanentError(f"no {error.args[0]} header") from error
    except ValueError as error:
        raise PermanentError(f"a header cannot be read: {type(error).__name__}") from error


def event_of(model: type[Event], value: bytes) -> Event:
    """Return the event of a record's value; the error names places and kinds, never what stood there."""
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['type']}" for e in _details(error)[:5])
        raise PermanentError(f"not a {model.event_type}: {wrong}") from None


def _details(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_context=False, include_input=False))
