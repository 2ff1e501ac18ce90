"""A mail read anew takes the place of what it said; its files and how it looked are for those who may read the case."""

import asyncio
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from services.casework.usecases.people import About
from services.casework.usecases.read_files import InfectedFileError, ShownLaterError, UnscannedFileError
from shared.errors import NotFoundError
from shared.events import Attachment, ContactPurged, ContactReread, Sender
from shared.originals import Originals
from shared.vocabulary import Channel, PersonRole
from tests.support.casework import LENA, MARIA, PER, Room, contact
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

KEY = f"{contact('a')}/original"
UNREAD: dict[str, Any] = {"subject": "", "text": "", "unreadable": True, "flags": ("no_sender",), "original_key": KEY}


def reread(room: Room, name: str = "a", **facts: Any) -> ContactReread:
    """What intake says when it has read an original again."""
    said = room.received(name, original_key=KEY, subject="Kallt", text="Elementen är kalla.", **facts)
    return ContactReread(**said.model_dump())


def file(name: str = "a.pdf", **facts: Any) -> Attachment:
    given = {"name": name, "content_type": "application/pdf", "size": 3, "store_key": f"{contact('a')}/attachments/1-a"}
    return Attachment(**{**given, **facts})


async def store(room: Room, html: str = "<p>Hej</p><script>alert(1)</script>") -> None:
    mail = EmailMessage()
    mail.set_content(html, subtype="html")
    await Originals(room.settings.originals).put(KEY, mail.as_bytes(), content_type="message/rfc822")


async def test_a_mail_read_anew_says_it_in_the_place_of_what_it_said_and_only_that(room: Room):
    number = await room.open("a", sender=room.received("a").sender, **UNREAD)
    before = await room.events(), await room.rows("SELECT id, kind FROM casework.mails_out ORDER BY id")
    for _ in range(2):
        await room.casework.follow_contacts.run(
            [reread(room, full_text="Allt.", attachments=(file(),), flags=("signed",))]
        )
    case = await room.casework.read_case.run(number, MARIA)
    [one] = case.contacts
    assert (one.subject, one.text, one.full_text) == ("Kallt", "Elementen är kalla.", "Allt.")
    assert (one.unreadable, one.flags, one.original_key) == (False, ("signed",), KEY)
    assert [kept.name for kept in one.attachments] == ["a.pdf"]
    after = await room.events(), await room.rows("SELECT id, kind FROM casework.mails_out ORDER BY id")
    assert after == before  # no case more, no receipt more
    found = await room.casework.list_cases.run(MARIA, text="elementen")
    assert [row.number for row in found.items] == [number]


async def test_who_wrote_it_is_not_forgotten_by_a_reading_that_finds_nobody(room: Room):
    number = await room.open("a", **UNREAD)
    await room.casework.follow_contacts.run([reread(room).model_copy(update={"sender": Sender(), "person_key": None})])
    case = await room.casework.read_case.run(number, MARIA)
    assert case.contact.sender_email == "olle@medborgare.example"
    [row] = await room.rows("SELECT person_key FROM casework.contacts")
    assert row["person_key"] == "2026:olle"


async def test_a_mail_that_was_copied_into_another_case_says_it_there_too(room: Room):
    number = await room.open("a", **UNREAD)
    made = await room.casework.deeds.split.run(number, MARIA, contact("a"), "one")
    await room.casework.follow_contacts.run([reread(room)])
    for case in (number, made):
        one = (await room.casework.read_case.run(case, MARIA)).contacts[0]
        assert (one.text, one.unreadable, one.original_key) == ("Elementen är kalla.", False, KEY)


async def test_a_case_that_was_begun_with_the_person_alone_gets_no_words_of_her_old_mail(room: Room):
    number = await room.open("a", **UNREAD)
    made = await room.casework.deeds.follow_up.run(number, MARIA, "one")
    await room.casework.follow_contacts.run([reread(room, attachments=(file(),))])
    [begun] = (await room.casework.read_case.run(made, MARIA)).contacts
    assert (begun.subject, begun.text, begun.attachments) == ("", "", ())
    assert (await room.casework.read_case.run(number, MARIA)).contact.text == "Elementen är kalla."


@pytest.mark.parametrize("flag", ["by_number", "rate_capped", "quiet"])
async def test_how_a_mail_came_to_its_case_is_not_forgotten_by_a_reading(room: Room, flag: str):
    number = await room.open("a", **{**UNREAD, "flags": ("no_sender", flag)})
    for _ in range(2):
        await room.casework.follow_contacts.run([reread(room, flags=("signed",))])
    assert (await room.casework.read_case.run(number, MARIA)).contact.flags == ("signed", flag)


async def test_what_was_erased_is_not_brought_back_and_what_never_came_is_not_made(room: Room):
    await room.open("a", **UNREAD)
    purge = ContactPurged(contact_id=contact("a"), channel=Channel.EMAIL, purged_at=room.time(), reason="erased")
    await room.casework.follow_contacts.run([purge, reread(room), reread(room, "b")])
    await room.casework.follow_contacts.run([reread(room)])
    rows = await room.rows("SELECT id, body, subject FROM casework.contacts")
    assert rows == [{"id": contact("a"), "body": "", "subject": ""}]


async def test_a_reading_without_a_scan_does_not_take_back_what_a_scan_has_said(room: Room):
    before = {**UNREAD, "flags": ("no_sender", "infected")}
    number = await room.open("a", attachments=(file(scan="infected", store_key="quarantine/a"),), **before)
    await room.casework.follow_contacts.run([reread(room, attachments=(file(), file("b.pdf")))])
    [one] = (await room.casework.read_case.run(number, MARIA)).contacts
    kept = [(found.scan, found.store_key) for found in one.attachments]
    assert kept == [("infected", "quarantine/a"), (None, file().store_key)]
    assert one.flags == ("infected",)


@pytest.mark.parametrize(
    ("scan", "error"), [("infected", InfectedFileError), ("failed", UnscannedFileError), ("clean", None), (None, None)]
)
async def test_a_file_and_the_mail_around_it_are_handed_out_only_when_no_scan_objects(room: Room, scan, error):
    await store(room)
    await Originals(room.settings.originals).put(file().store_key, b"pdf", content_type="application/pdf")
    number = await room.open("a", attachments=(file(scan=scan),), original_key=KEY)
    for place in (1, None):
        if error is None:
            assert (await room.casework.read_file.run(number, contact("a"), place, MARIA)).data
        else:
            with pytest.raises(error):
                await room.casework.read_file.run(number, contact("a"), place, MARIA)
    assert "<p>Hej</p>" in (await room.casework.read_shown.run(number, contact("a"), MARIA)).html


async def test_a_mail_that_is_flagged_as_infected_is_held_though_no_file_says_so(room: Room):
    await store(room)
    number = await room.open("a", flags=("infected",), original_key=KEY)
    with pytest.raises(InfectedFileError):
        await room.casework.read_file.run(number, contact("a"), None, MARIA)
    assert (await room.casework.read_case.run(number, MARIA)).contact.held


async def test_how_a_mail_looked_is_for_those_who_may_read_it_as_it_came(room: Room):
    await store(room)
    number = await room.open("a", original_key=KEY)
    other = await room.open("b")
    for reader in (MARIA, PER):
        assert "<script" not in (await room.casework.read_shown.run(number, contact("a"), reader)).html
    for case, of, reader in (
        (number, "a", LENA),
        (other, "a", MARIA),
        (other, "b", MARIA),
        ("KC-2026-999999", "a", MARIA),
    ):
        with pytest.raises(NotFoundError):
            await room.casework.read_shown.run(case, contact(of), reader)
        with pytest.raises(NotFoundError):
            await room.casework.read_again.run(case, contact(of), reader)
    assert not room.casework.read_shown.turn.locked(), "a refusal keeps the turn from nobody"


async def test_mails_are_read_for_show_one_at_a_time_and_who_waits_too_long_is_told_so(room: Room):
    await store(room)
    number = await room.open("a", original_key=KEY)
    reader = replace(room.casework.read_shown, patience=0.05, turn=asyncio.Semaphore(1))
    await reader.turn.acquire()  # somebody else's mail is being read
    with pytest.raises(ShownLaterError):
        await reader.run(number, contact("a"), MARIA)
    reader.turn.release()
    patient = replace(reader, patience=60)
    found = await asyncio.gather(*(patient.run(number, contact("a"), MARIA) for _ in range(3)))
    assert ["<p>Hej</p>" in one.html for one in found] == [True] * 3
    assert not reader.turn.locked()


async def test_a_reader_who_leaves_keeps_the_turn_until_her_mail_is_read(room: Room):
    await store(room)
    number = await room.open("a", original_key=KEY)
    fetched, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Originals):
        async def get(self, key: str) -> bytes:
            fetched.set()
            await go_on.wait()
            return await super().get(key)

    slow = Slow(room.settings.originals)
    reader = replace(room.casework.read_shown, originals=lambda: slow, turn=asyncio.Semaphore(1))
    left = asyncio.create_task(reader.run(number, contact("a"), MARIA))
    await fetched.wait()
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    assert reader.turn.locked()
    go_on.set()
    await eventually(lambda: not reader.turn.locked())


async def test_of_somebody_anonymous_neither_the_quoted_thread_nor_the_look_of_the_mail_is_shown(room: Room):
    await store(room)
    number = await room.open("a", text="Kallt.", full_text="Kallt.\n> Hej Olle Ek,", original_key=KEY)
    assert "Olle Ek" in (await room.casework.read_case.run(number, MARIA)).contact.full_text
    await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.ANONYMOUS))
    one = (await room.casework.read_case.run(number, MARIA)).contact
    assert (one.text, one.full_text) == ("Kallt.", "")
    for door in (room.casework.read_shown.run, room.casework.read_again.run):
        with pytest.raises(NotFoundError):
            await door(number, contact("a"), MARIA)


async def test_of_one_who_is_protected_nothing_of_a_mail_is_shown_outside_of_the_unit(room: Room):
    await store(room)
    number = await room.open("a", full_text="Allt.", original_key=KEY, attachments=(file(),))
    await room.casework.deeds.protect.run(number, MARIA, protected=True)
    lead = MARIA.__class__("lead-oskar-vik", "Oskar Vik", MARIA.roles, frozenset({"*"}))
    one = (await room.casework.read_case.run(number, lead)).contact
    assert (one.text, one.full_text, one.attachments, one.original_key) == ("", "", (), None)
    for place in (1, None):
        with pytest.raises(NotFoundError):
            await room.casework.read_file.run(number, contact("a"), place, lead)
    with pytest.raises(NotFoundError):
        await room.casework.read_shown.run(number, contact("a"), lead)
    assert (await room.casework.read_shown.run(number, contact("a"), PER)).html
