"""Receipts on the real database: by unit and language, the promised day, how many; and what stays secret."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.casework.domain.case import case_id_of
from services.casework.store.mails import MOST_RECEIPTS
from shared.events import Sender
from shared.vocabulary import Channel, Resolution
from tests.support.casework import CHILD, MARIA, Room, contact

pytestmark = pytest.mark.integration


async def _mails(room: Room, kind: str = "receipt") -> list[dict[str, Any]]:
    return await room.rows("SELECT * FROM casework.mails_out WHERE kind = :kind ORDER BY created_at, id", kind=kind)


async def test_a_receipt_is_written_in_the_units_own_words_in_the_citizens_language(room: Room):
    english = "Hello, it is cold in my flat and I have not heard from you. Please do something about it."
    facts: dict[str, Any] = {"entrance": "kontakt-mejl", "unit": "kontaktcenter"}
    await room.casework.follow_contacts.run(
        [
            room.received("a"),
            room.received("b", sender=Sender(name="Bo", email="bo@medborgare.example"), text=english),
            room.received("c", sender=Sender(email="cia@medborgare.example"), **facts),
            room.received("d", sender=Sender(email="dan@medborgare.example"), text=english, **facts),
        ]
    )
    said = {mail["recipient"][:3].rstrip("@"): mail for mail in await _mails(room)}
    assert "rinner det vatten" in said["oll"]["body"]
    assert "water is leaking" in said["bo"]["body"]
    assert (said["oll"]["sender_name"], said["cia"]["sender_name"]) == ("ÅFA kundtjänst", "Kommunens kontaktcenter")
    assert "allmän handling" in said["cia"]["body"]
    assert "You will have an answer by Thursday 26 November 2026" in said["dan"]["body"]
    for mail in said.values():
        assert "Kallt" not in mail["body"] + mail["subject"]
        assert "Det är kallt" not in mail["body"]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 25, 9, tzinfo=UTC), "torsdag den 26 november 2026"),
        (datetime(2026, 11, 27, 14, tzinfo=UTC), "tisdag den 1 december 2026"),
        (datetime(2026, 12, 23, 9, tzinfo=UTC), "måndag den 28 december 2026"),
    ],
)
async def test_the_promised_day_is_counted_in_working_days(room: Room, moment: datetime, day: str):
    room.time.now = moment
    await room.casework.follow_contacts.run([room.received("a")])
    [mail] = await _mails(room)
    assert f"senast {day}." in mail["body"]


async def test_the_promised_day_is_counted_by_the_units_own_calendar_and_never_past(room: Room):
    await room.run(
        "INSERT INTO casework.unit_terms (unit, calendar) VALUES ('bostadsbolag', '{\"closed\": [\"2026-11-26\"]}')"
    )
    await room.casework.follow_contacts.run([room.received("a")])
    [mail] = await _mails(room)
    assert "senast fredag den 27 november 2026." in mail["body"]
    late = room.received(
        "b", sender=Sender(email="bo@medborgare.example"), entrance="kontakt-mejl", unit="kontaktcenter"
    )
    room.time.move(days=12)
    await room.casework.follow_contacts.run([late])
    assert "senast tisdag den 8 december 2026." in (await _mails(room))[-1]["body"]


async def test_rfc_3834_few_receipts_a_day_to_one_address_and_again_the_day_after(room: Room):
    for number in range(MOST_RECEIPTS + 3):
        await room.casework.follow_contacts.run([room.received(f"a{number}", text=f"Nytt {number}")])
        room.time.move(minutes=61)
    assert len(await _mails(room)) == MOST_RECEIPTS
    room.time.move(days=1)
    await room.casework.follow_contacts.run([room.received("later")])
    assert len(await _mails(room)) == MOST_RECEIPTS + 1


async def test_a_receipt_is_written_from_the_entrances_own_address_and_none_is_written_to_it(room: Room):
    await room.run("UPDATE casework.entrances SET sender_address = 'Svar@afa.example' WHERE id = 'bostad-mejl'")
    echo = room.received("b", sender=Sender(email="svar@afa.example"))
    await room.casework.follow_contacts.run([room.received("a"), echo])
    [mail] = await _mails(room)
    assert (mail["recipient"], mail["sender_address"]) == ("olle@medborgare.example", "Svar@afa.example")


async def test_posthog_92017_no_receipt_to_an_inbox_of_ours_however_it_is_written(room: Room):
    mark = "a" * 42
    for number, address in enumerate(
        ["Felanmalan@kommun.example", f"kontakt+{mark}@kommun.example", "kontakt@kommun.example"]
    ):
        await room.casework.follow_contacts.run([room.received(f"a{number}", sender=Sender(email=address))])
    assert await _mails(room) == []
    assert len(await room.events("case.opened.v1")) == 3


async def test_where_secrecy_is_strong_neither_receipt_nor_reply_quotes_what_was_written(room: Room):
    facts: dict[str, Any] = {"subject": "Oro för Kim", "text": "Kim blir slagen hemma."}
    number = await room.open("a", CHILD, **facts)
    await room.casework.reply.run(number, MARIA, "Tack. Vi hör av oss.")
    for mail in [*await _mails(room), *await _mails(room, "reply")]:
        assert "Kim" not in mail["subject"] + mail["body"] + mail["html"]
    [reply] = await _mails(room, "reply")
    assert reply["subject"] == f"Ärende [{number}]"
    assert reply["in_reply_to"] == "<a@medborgare.example>"


async def test_who_writes_in_a_case_closed_long_ago_gets_the_receipt_of_the_new_one(room: Room):
    number = await room.open("a")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    room.time.move(days=31)
    await room.casework.follow_contacts.run([room.followed("b", case_id_of(contact("a")), text="Hej igen")])
    [_, mail] = await _mails(room)
    assert mail["subject"] == "Vi har tagit emot din anmälan [KC-2026-000002]"
    assert mail["case_id"] == case_id_of(contact("b"))


async def test_an_e_service_gets_its_receipt_with_two_days(room: Room):
    form = room.received("a", Channel.E_SERVICE, message_id=None, entrance="formular-kontakt", unit="kontaktcenter")
    await room.casework.follow_contacts.run([form])
    [mail] = await _mails(room)
    assert "tack för att du hör av dig" in mail["body"]
    assert "senast fredag den 27 november 2026" in mail["body"]
