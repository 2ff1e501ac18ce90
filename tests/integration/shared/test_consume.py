"""Consuming on a real broker, when all is well or a record is bad: each sentence of the contract is a test."""

from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.errors import PermanentError
from shared.events import ContactEnded, ContactReceived, OfferMade
from shared.topics import CONTACTS
from tests.support.inflow import House
from tests.support.kafka import MOMENT, committed, contact, headers, read, write
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


def counted(house: House, name: str, **more: str) -> float:
    prefix = house.settings.topic_prefix
    labels = {"topic": f"{prefix}contacts", "group": f"{prefix}tester.contacts", **more}
    return REGISTRY.get_sample_value(name, labels) or 0.0


def record(number: int, **changes: Any) -> dict[str, Any]:
    event = contact(number)
    fields = {
        "key": event.key.encode(),
        "value": event.model_dump_json().encode(),
        "headers": headers(f"event-{number}"),
        "partition": 0,
    }
    return fields | changes


async def test_events_are_handled_as_a_list_and_committed_once_per_batch(house: House) -> None:
    await house.publish(*(contact(n) for n in range(200)))
    await house.inflow()
    assert sorted(await house.handled(200)) == sorted(f"contact-{n}" for n in range(200))
    assert len(house.batches) < 20
    await eventually(house.all_committed)
    first = house.batches[0][0]
    assert (first.type, first.topic) == ("contact.received.v1", f"{house.settings.topic_prefix}contacts")
    assert first.key == first.event.contact_id


async def test_events_of_one_key_come_in_the_order_they_were_written(house: House) -> None:
    await house.inflow(batch=7)
    await house.publish(*(contact(1, text=str(n)) for n in range(50)))
    await house.handled(50)
    assert [r.event.text for batch in house.batches for r in batch] == [str(n) for n in range(50)]


async def test_null_headers_and_tombstones_survive_and_the_rest_goes_on(house: House) -> None:
    await write(
        house.settings,
        CONTACTS,
        record(1, headers=headers("event-1", "contact.received.v1", ("anything", None), ("traceparent", None))),
        record(2, value=None),
        record(3),
    )
    await house.inflow()
    assert await house.handled(2) == ["contact-1", "contact-3"]
    assert house.batches[0][0].traceparent is None
    assert house.batches[0][0].time == MOMENT
    await eventually(house.all_committed)
    assert counted(house, "kc_passed_over_total", why="empty") == 1
    assert not await read(house.settings, CONTACTS.dead)


async def test_what_does_not_parse_lies_untouched_in_the_dead_topic_and_the_rest_goes_on(house: House) -> None:
    bad = headers("event-2", "contact.received.v1", ("mine", b"\xff\x00"), ("none", None))
    await write(house.settings, CONTACTS, record(1), record(2, value=b'{"contact_id": 7', headers=bad), record(3))
    await house.inflow()
    assert await house.handled(2) == ["contact-1", "contact-3"]
    await eventually(house.all_committed)
    (letter,) = await read(house.settings, CONTACTS.dead)
    assert (letter.key, letter.value) == (b"contact-2", b'{"contact_id": 7')
    assert [pair for pair in letter.headers if not pair[0].startswith("dead_")] == bad
    marks = {name: value.decode() for name, value in letter.headers if name.startswith("dead_")}
    prefix = house.settings.topic_prefix
    assert marks["dead_group"] == f"{prefix}tester.contacts"
    assert marks["dead_reason"] == "PermanentError: not a contact.received.v1: value: json_invalid"
    assert (marks["dead_topic"], marks["dead_partition"], marks["dead_offset"]) == (f"{prefix}contacts", "0", "1")
    assert marks["dead_attempts"] == "1"


async def test_a_reason_names_the_field_but_never_quotes_the_record(house: House) -> None:
    await write(house.settings, CONTACTS, record(1, value=b'{"contact_id": "c", "channel": "Anna Andersson"}'))
    await house.inflow()
    (letter,) = await eventually(lambda: read(house.settings, CONTACTS.dead))
    reason = dict(letter.headers)["dead_reason"].decode()
    assert "channel: enum" in reason
    assert "Anna" not in reason


@pytest.mark.parametrize(
    "strange",
    [
        headers("event-1")[1:2],
        [pair for pair in headers("event-1") if pair[0] != "ce_id"],
        [*headers("event-1")[:1], ("ce_id", b"\xff\xfe"), *headers("event-1")[2:]],
        [*headers("event-1")[:4], ("ce_time", b"yesterday")],
    ],
    ids=["no type", "no id", "id not text", "no time"],
)
async def test_a_record_that_is_no_event_is_dead(house: House, strange: list[tuple[str, bytes]]) -> None:
    await write(house.settings, CONTACTS, record(1, headers=strange), record(2))
    await house.inflow()
    assert await house.handled(1) == ["contact-2"]
    assert len(await eventually(lambda: read(house.settings, CONTACTS.dead))) == 1


async def test_unknown_and_unwanted_types_are_passed_over_and_counted(house: House) -> None:
    ended = ContactEnded(contact_id="contact-9", ended_at=MOMENT, reason="hung_up")
    await write(house.settings, CONTACTS, record(1, headers=headers("event-1", "contact.dreamt.v7"), value=b"anything"))
    await house.publish(ended, contact(2))
    await house.inflow(types=(ContactReceived,))
    assert await house.handled(1) == ["contact-2"]
    await eventually(house.all_committed)
    assert counted(house, "kc_passed_over_total", why="unknown") == 1
    assert counted(house, "kc_passed_over_total", why="unwanted") == 1
    assert counted(house, "kc_consumed_total") == 1
    assert not await read(house.settings, CONTACTS.dead)


async def test_unknown_fields_are_ignored(house: House) -> None:
    value = contact(1).model_dump_json()[:-1] + ', "mood": "glad"}'
    await write(house.settings, CONTACTS, record(1, value=value.encode()))
    await house.inflow()
    assert await house.handled(1) == ["contact-1"]


@pytest.mark.parametrize("error", [PermanentError("a rule"), ValueError("a bug"), KeyError("x")], ids=str)
async def test_a_record_that_fails_alone_too_is_dead_and_the_others_are_applied(house: House, error: Exception) -> None:
    house.fault = lambda received: error if received.event.contact_id == "contact-3" else None
    await write(house.settings, CONTACTS, *(record(n) for n in range(6)))
    await house.inflow()
    assert await house.handled(5) == ["contact-0", "contact-1", "contact-2", "contact-4", "contact-5"]
    await eventually(house.all_committed)
    assert len(house.attempts[0]) == 6
    assert all(len(batch) == 1 for batch in house.attempts[1:])
    (letter,) = await read(house.settings, CONTACTS.dead)
    marks = dict(letter.headers)
    assert (letter.key, marks["dead_attempts"], marks["dead_offset"]) == (b"contact-3", b"2", b"3")
    assert counted(house, "kc_dead_total") == 1


async def test_a_new_group_reads_from_the_beginning_and_a_restarted_one_from_its_commit(house: House) -> None:
    await house.publish(*(contact(n) for n in range(10)))
    first = await house.inflow()
    await house.handled(10)
    await eventually(house.all_committed)
    await first.stop()
    house.batches.clear()
    await house.publish(contact(10))
    await house.inflow()
    assert await house.handled(1) == ["contact-10"]


async def test_two_named_readers_each_see_everything(house: House) -> None:
    await house.publish(contact(1))
    await house.inflow()
    await house.inflow(name="second")
    assert await house.handled(2) == ["contact-1", "contact-1"]
    await eventually(lambda: committed(house.settings, "tester.contacts.second"))


async def test_an_unnamed_second_reader_and_a_foreign_type_are_refused(house: House) -> None:
    inflow = await house.inflow()
    with pytest.raises(ValueError, match="reads already"):
        inflow.on(CONTACTS, house.handle)
    with pytest.raises(ValueError, match=r"offer\.made"):
        inflow.on(CONTACTS, house.handle, name="other", types=(OfferMade,))
