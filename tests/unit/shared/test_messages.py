"""Events as messages and back: CloudEvents headers, traces, tolerant reading."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from shared.dead import reason_of
from shared.decode import ALL_TYPES, envelope_of, event_of, header, type_of
from shared.errors import NotFoundError, PermanentError
from shared.events import ContactEnded, ContactReceived
from shared.publish import LARGEST, check_size, headers_of, message, tombstone
from shared.topics import CATALOGUE, CONTACTS
from shared.tracing import continued, current_trace_id, current_traceparent, new_traceparent
from tests.support.kafka import MOMENT, contact, headers


def record(pairs: list[tuple[str, bytes | None]], timestamp: int = 1_700_000_000_000) -> Any:
    return SimpleNamespace(headers=tuple(pairs), timestamp=timestamp)


def test_a_message_is_a_cloud_event_in_binary_mode() -> None:
    told = message(contact(1), event_id="event-1", time=MOMENT)
    assert (told.topic, told.key, told.type) == (CONTACTS, "contact-1", "contact.received.v1")
    assert ContactReceived.model_validate_json(told.value or b"") == contact(1)
    assert dict(headers_of(told, "intake")) == {
        "ce_specversion": b"1.0",
        "ce_id": b"event-1",
        "ce_type": b"contact.received.v1",
        "ce_source": b"intake",
        "ce_time": b"2026-03-02T09:30:00+00:00",
        "content-type": b"application/json",
    }


def test_an_id_is_new_unless_given_and_time_is_now() -> None:
    first, second = message(contact(1)), message(contact(1))
    assert first.id != second.id
    assert abs((datetime.now(UTC) - first.time).total_seconds()) < 5


def test_a_tombstone_has_no_value_and_no_type() -> None:
    gone = tombstone(CATALOGUE, "unit:1")
    assert (gone.key, gone.value) == ("unit:1", None)
    assert "ce_type" not in dict(headers_of(gone, "casework"))


def test_the_trace_of_the_work_in_hand_goes_with_its_events() -> None:
    assert current_traceparent() is None
    parent = new_traceparent()
    with continued(parent):
        assert message(contact(1)).traceparent == parent
        assert dict(headers_of(message(contact(1)), "x"))["traceparent"] == parent.encode()
        assert current_trace_id() == parent[3:35]
    assert current_traceparent() is None


@pytest.mark.parametrize("broken", [None, "", "00-abc", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "nonsense"])
def test_a_malformed_trace_is_none(broken: str | None) -> None:
    with continued(broken):
        assert current_traceparent() is None


def test_what_the_broker_would_refuse_is_a_permanent_error() -> None:
    check_size(message(contact(1, text="x" * (LARGEST - 2000))))
    with pytest.raises(PermanentError):
        check_size(message(contact(1, text="x" * LARGEST)))


def test_null_headers_are_as_if_they_were_not_there() -> None:
    read = record([("ce_type", None), ("ce_id", None), ("other", b"1")])
    assert header(read, "ce_id") is None
    assert type_of(read) is None
    with pytest.raises(PermanentError, match="ce_id"):
        envelope_of(read)


def test_without_a_time_the_brokers_counts() -> None:
    read = record([pair for pair in headers("e") if pair[0] != "ce_time"])
    assert envelope_of(read).time == datetime.fromtimestamp(1_700_000_000, tz=UTC)


def test_an_event_that_does_not_parse_says_where_but_not_what() -> None:
    with pytest.raises(PermanentError) as caught:
        event_of(ContactEnded, b'{"contact_id": "c", "ended_at": "Anna was here", "reason": 3}')
    assert "ended_at: datetime" in str(caught.value)
    assert "Anna" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_reasons_of_others_errors_do_not_speak() -> None:
    assert reason_of(ValueError("070-174 06 05 is no number")) == "ValueError"
    assert reason_of(NotFoundError("no unit u1")) == "NotFoundError: no unit u1"
    assert len(reason_of(PermanentError("x" * 1000))) == 500


def test_every_type_is_known_by_its_name() -> None:
    assert ALL_TYPES["contact.received.v1"] is ContactReceived
    assert all(name == model.event_type for name, model in ALL_TYPES.items())
