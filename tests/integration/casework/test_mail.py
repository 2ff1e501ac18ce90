"""Our mail against the real mail server: receipts at most once, replies in their thread, a queue that survives."""

import functools
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.casework.domain.case import case_id_of
from services.casework.mail import MailServer, MailUnknownError
from services.casework.usecases.send_mail import SendMail
from shared import thread
from shared.events import Sender
from shared.vocabulary import CaseState, Channel
from tests.support.casework import MARIA, Room, contact
from tests.support.parts import MailServer as Sandbox
from tests.support.parts import Parts

pytestmark = pytest.mark.integration


@pytest.fixture
def post(room: Room, parts: Parts) -> SendMail:
    """The job that empties the queue into the sandbox."""
    server = functools.partial(MailServer, parts.mail.host, parts.mail.smtp_port, "kontakt@kommun.example")
    return replace(room.casework.send_mail, server=server)


def said(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    plain = mail.get_body(("plain",))
    assert plain is not None
    return str(plain.get_content())


async def _states(room: Room) -> list[tuple[str, str]]:
    rows = await room.rows("SELECT kind, state FROM casework.mails_out ORDER BY created_at, kind")
    return [(row["kind"], row["state"]) for row in rows]


async def test_a_receipt_goes_out_once_and_no_robot_answers_it(room: Room, post: SendMail, mail_server: Sandbox):
    address = mail_server.new_address("olle")
    for _ in range(2):
        await room.casework.follow_contacts.run([room.received("a", sender=Sender(name="Olle", email=address))])
        await post.run()
    [mail] = await mail_server.fetch(address)
    number = await room.number("a")
    assert number in mail["Subject"]
    assert number in mail.get_content()
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    assert (mail["In-Reply-To"], mail["References"]) == ("<a@medborgare.example>", "<a@medborgare.example>")
    assert mail["From"] == "ÅFA kundtjänst <kontakt@kommun.example>"
    found = thread.find(room.settings.key_for("thread"), [mail["Message-ID"]], address.upper())
    assert found == thread.ThreadToken(case_id_of(contact("a")), proven=True)
    assert await _states(room) == [("receipt", "sent")]
    assert REGISTRY.get_sample_value("kc_mails_out_total", {"kind": "receipt", "outcome": "sent"})


@pytest.mark.parametrize(
    "facts",
    [
        {"automatic": True},
        {"unreadable": True},
        {"sender": Sender(name="Olle")},
        {"sender": Sender(email="kontakt@kommun.example")},
        {"channel": Channel.PHONE},
    ],
)
async def test_no_receipt_to_machines_to_nobody_or_to_ourselves(room: Room, facts: dict[str, Any]):
    await room.casework.follow_contacts.run([room.received("a", **facts)])
    assert await _states(room) == []


async def test_one_receipt_an_hour_to_one_address(room: Room):
    olle = Sender(email="Olle@medborgare.example")
    await room.casework.follow_contacts.run([room.received("a"), room.received("b", sender=olle)])
    room.time.move(minutes=59)
    await room.casework.follow_contacts.run([room.received("c", sender=olle)])
    assert len(await _states(room)) == 1
    room.time.move(minutes=2)
    await room.casework.follow_contacts.run([room.received("d", sender=olle)])
    assert len(await _states(room)) == 2


async def test_a_receipt_whose_fate_is_unknown_is_never_sent_again_but_a_reply_is(room: Room, post: SendMail):
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, "Hej")

    class Breaks(MailServer):
        async def send(self, mail: Any, now: Any, files: Any = ()) -> None:  # noqa: ARG002 - the base names them
            raise MailUnknownError("broken off")

    room.time.move(seconds=11)
    broken = functools.partial(Breaks, *post.server.args)  # type: ignore[attr-defined] # our partial above
    assert await replace(post, server=broken).run() == 2
    assert await _states(room) == [("receipt", "failed"), ("reply", "queued")]
    room.time.move(minutes=5)
    assert await post.run() == 1
    assert await _states(room) == [("receipt", "failed"), ("reply", "sent")]


async def test_the_queue_survives_an_outage_and_a_killed_sender(room: Room, post: SendMail, mail_server: Sandbox):
    address = mail_server.new_address("olle")
    number = await room.open("a", sender=Sender(email=address))
    await room.casework.reply.run(number, MARIA, "Ring oss.", "key-1")
    await room.casework.reply.run(number, MARIA, "Ring oss.", "key-1")
    room.time.move(seconds=11)
    nowhere = functools.partial(MailServer, "127.0.0.1", 9, "kontakt@kommun.example")
    assert await replace(post, server=nowhere).run() == 2
    assert await _states(room) == [("receipt", "queued"), ("reply", "queued")]
    room.time.move(minutes=1)
    async with post.uow.begin() as work:
        assert len(await work.mails.claim(room.time(), room.time.now - room.time.now, 20)) == 2
    room.time.move(minutes=10)
    await post.run()
    mails = await mail_server.fetch(address)
    assert [one["Message-ID"] for one in mails if "Ring oss." in said(one)] == [mails[-1]["Message-ID"]]
    assert dict(await _states(room))["reply"] == "sent"


async def test_a_reply_stays_in_the_citizens_thread_and_can_be_answered(
    room: Room, post: SendMail, mail_server: Sandbox
):
    address = mail_server.new_address("olle")
    facts: dict[str, Any] = {"sender": Sender(email=address), "subject": "SV: Re: Kallt hemma\r\nBcc: x@y.se"}
    await room.casework.follow_contacts.run([room.received("a", references=("<0@medborgare.example>",), **facts)])
    number = await room.number("a")
    await room.casework.reply.run(number, MARIA, "Vi kommer på torsdag.\n\n/Maria")
    room.time.move(seconds=11)
    await post.run()
    mail = next(one for one in await mail_server.fetch(address) if "Vi kommer" in said(one))
    assert mail["Subject"] == f"Re: Kallt hemma Bcc: x@y.se [{number}]"
    assert mail["Bcc"] is None
    assert mail["In-Reply-To"] == "<a@medborgare.example>"
    assert mail["References"] == "<0@medborgare.example> <a@medborgare.example>"
    assert mail["Auto-Submitted"] is None
    found = thread.find(room.settings.key_for("thread"), [mail["Message-ID"]], address)
    assert found is not None
    assert found.proven
    await room.casework.follow_contacts.run([room.followed("b", found.case_id, message_id="<b@medborgare.example>")])
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, len(case.contacts)) == (CaseState.OPEN, 2)


async def test_an_impossible_address_fails_alone(room: Room, post: SendMail, mail_server: Sandbox):
    address = mail_server.new_address("olle")
    await room.casework.follow_contacts.run(
        [room.received("a", sender=Sender(email="bad@@ex\nample")), room.received("b", sender=Sender(email=address))]
    )
    await post.run()
    assert sorted(state for _, state in await _states(room)) == ["failed", "sent"]
    assert len(await mail_server.fetch(address)) == 1


async def test_a_hand_over_lies_in_the_units_mailbox(room: Room, post: SendMail, mail_server: Sandbox):
    address = mail_server.new_address("bostad")
    await room.run(f"UPDATE casework.units SET handover_address = '{address}' WHERE id = 'bostadsbolag'")  # noqa: S608 - ours
    number = await room.open("a")
    await room.casework.hand_over.run(number, MARIA, request_id="r1")
    await post.run()
    [mail] = await mail_server.fetch(address)
    assert number in mail["Subject"]
    assert f"http://127.0.0.1:8103/cases/{number}" in mail.get_content()
