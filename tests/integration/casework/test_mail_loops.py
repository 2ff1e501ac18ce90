"""What we send comes back to a door like ours: over a real mail server, by the real reader, answered at most once."""

import functools
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from deploy.local.part import HOST
from services.casework.domain.case import case_id_of
from services.casework.mail import MailServer
from services.casework.store.mails import MOST_RECEIPTS
from services.casework.usecases.send_mail import SendMail
from services.intake.usecases.understand_mail import Keys, RawMail, UnderstandMail
from shared.events import ContactBounced, ContactFollowedUp, ContactReceived, Sender
from shared.records import EntranceRecord
from shared.vocabulary import CaseState, EntranceKind, Resolution
from tests.support.casework import MARIA, Room, contact
from tests.support.dovecot import Dovecot, needs_dovecot
from tests.support.parts import MailServer as Sandbox
from tests.support.parts import Parts
from tests.support.postfix import Postfix, needs_postfix
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

OURS = "kontakt@kommun.example"
SIGNS = ("Auto-Submitted", "X-Loop", "Precedence", "X-Auto-Response-Suppress")


class OneEntrance:
    """A catalogue with one mailbox."""

    entrance_record = EntranceRecord(
        id="kontakt-mejl", kind=EntranceKind.ADDRESS, value=OURS, name="Brevlådan", unit="kontaktcenter", greeting=""
    )

    def entrance_for(self, kind: EntranceKind, value: str) -> tuple[EntranceRecord | None, bool]:
        return self.entrance_record, kind is EntranceKind.ADDRESS and value == OURS

    def entrance(self, entrance_id: str) -> EntranceRecord | None:
        return self.entrance_record if entrance_id == self.entrance_record.id else None


@pytest.fixture
def post(room: Room, parts: Parts) -> SendMail:
    """The job that empties the queue into the sandbox; answers may go to an address with a token."""
    key = room.settings.key_for("thread")
    server = functools.partial(MailServer, parts.mail.host, parts.mail.smtp_port, OURS, reply_key=key)
    return replace(room.casework.send_mail, server=server)


@pytest.fixture
def door(room: Room) -> UnderstandMail:
    """The reader of an installation with our keys."""
    return UnderstandMail(OneEntrance(), room.time, Keys(room.settings.key_for("thread"), b"p"))


def understood(door: UnderstandMail, mail: EmailMessage, *, without: tuple[str, ...] = ()) -> ContactReceived:
    """Return what the door makes of a mail whose headers somebody has taken away."""
    for name in without:
        del mail[name]
    event = door.understand(RawMail(mail.as_bytes()), OURS).event
    assert isinstance(event, ContactReceived)
    return event


async def out(room: Room) -> list[dict[str, Any]]:
    return await room.rows("SELECT * FROM casework.mails_out")


@pytest.mark.parametrize("kept", [*SIGNS[:3], "all"])
async def test_products_3_1_two_installations_that_write_to_each_other_stop_after_the_first_receipt(
    room: Room, post: SendMail, door: UnderstandMail, mail_server: Sandbox, kept: str
):
    """Whichever of our signs is left on the way, the other side knows it for a machine's."""
    theirs = mail_server.new_address("other")
    await room.casework.follow_contacts.run([room.received("a", sender=Sender(email=theirs))])
    assert await post.run() == 1
    [receipt] = await mail_server.fetch(theirs)
    receipt.replace_header("From", theirs)
    taken = tuple(one for one in SIGNS if kept not in ("all", one))
    event = understood(door, receipt, without=taken)
    assert event.automatic
    room.time.move(minutes=61)
    await room.casework.follow_contacts.run([event])
    assert len(await out(room)) == 1


async def test_a_loop_without_any_sign_of_one_dies_out_within_the_day(
    room: Room, post: SendMail, door: UnderstandMail, mail_server: Sandbox
):
    theirs = mail_server.new_address("other")
    await room.casework.follow_contacts.run([room.received("a", sender=Sender(email=theirs))])
    for turn in range(MOST_RECEIPTS + 3):
        await post.run()
        mails = await mail_server.fetch(theirs)
        answer = EmailMessage()
        answer["From"], answer["To"], answer["Message-ID"] = theirs, OURS, f"<{turn}@other.example>"
        answer["Subject"] = f"Ärende {turn}: {mails[-1]['Subject']}".replace("KC-", "")
        answer.set_content(f"Tack. Ditt ärende har nummer {turn}.")
        event = understood(door, answer)
        assert not event.automatic
        room.time.move(minutes=61)
        await room.casework.follow_contacts.run([event])
    assert len(await out(room)) == MOST_RECEIPTS


async def test_the_answer_to_a_reply_finds_its_case_by_the_address_alone(
    room: Room, post: SendMail, door: UnderstandMail, mail_server: Sandbox
):
    """No reference, another subject: as programs send that start a new mail to an address in the list of contacts."""
    citizen = mail_server.new_address("olle")
    number = await room.open("a", sender=Sender(email=citizen))
    await room.casework.reply.run(number, MARIA, "Vi kommer.")
    room.time.move(seconds=11)
    await post.run()
    reply = next(one for one in await mail_server.fetch(citizen) if one["Subject"].startswith("Re:"))
    assert reply["From"].endswith(f"<{OURS}>")
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = citizen, reply["Reply-To"], "Hej"
    answer["Message-ID"] = "<new@medborgare.example>"
    answer.set_content("Det är varmt nu.")
    event = understood(door, answer)
    assert isinstance(event, ContactFollowedUp)
    assert (event.follows, event.entrance, event.flags) == (case_id_of(contact("a")), "kontakt-mejl", ())
    answer.replace_header("From", "bo@medborgare.example")
    strange = understood(door, answer)
    assert type(strange) is ContactReceived
    assert (strange.linked_case, strange.flags) == (case_id_of(contact("a")), ("token_mismatch",))


async def test_the_subject_of_our_reply_is_read_as_the_cases_number_when_all_else_is_lost(
    room: Room, post: SendMail, door: UnderstandMail, mail_server: Sandbox
):
    citizen = mail_server.new_address("olle")
    number = await room.open("a", sender=Sender(email=citizen))
    await room.casework.reply.run(number, MARIA, "Vi kommer.")
    room.time.move(seconds=11)
    await post.run()
    reply = next(one for one in await mail_server.fetch(citizen) if one["Subject"].startswith("Re:"))
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = citizen, OURS, f"SV: {reply['Subject']}"
    answer["Message-ID"] = "<new@medborgare.example>"
    answer.set_content("Det är varmt nu.")
    event = understood(door, answer)
    assert (type(event), event.tagged_case) == (ContactReceived, number)
    await room.casework.follow_contacts.run([event])
    assert len((await room.casework.read_case.run(number, MARIA)).contacts) == 2


@needs_dovecot
@needs_postfix
async def test_a_reply_that_a_real_server_returns_opens_its_case_and_a_receipt_never_comes_back(
    room: Room, door: UnderstandMail, dovecot: Dovecot, postfix: Postfix
):
    address = dovecot.new_user()
    server = functools.partial(MailServer, HOST, postfix.port, address)
    post = replace(room.casework.send_mail, server=server)
    number = await room.open("a", sender=Sender(email="flyttad@borta.example"))
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, text="Klart.", request_id="c1")
    room.time.move(seconds=11)
    assert await post.run() == 2
    [report] = await eventually(lambda: dovecot.fetch(address), timeout=30)
    event = door.understand(RawMail(report), OURS).event
    assert isinstance(event, ContactBounced)
    await room.casework.follow_contacts.run([event])
    case = await room.casework.read_case.run(number, MARIA)
    assert case.state is CaseState.OPEN
    assert {one.kind: (one.state, one.problem) for one in case.messages if one.direction == "out"} == {
        "receipt": ("sent", ""),
        "reply": ("bounced", "5.1.1"),
    }
