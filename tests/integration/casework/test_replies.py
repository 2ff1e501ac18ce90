"""Replies: templates with blanks, drafts and files, second thoughts, what came back, and two who answer the same."""

import functools
from dataclasses import replace
from typing import Any

import pytest

from services.casework.domain.outgoing import AnsweredError, BlankFieldsError, GoneError, NotFailedError
from services.casework.mail import MailServer
from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.reply import TakenBackError
from services.casework.usecases.reply_draft import EmptyFileError, FileTooLargeError, TooManyFilesError
from services.casework.usecases.send_mail import SendMail
from services.casework.usecases.templates import ImportTemplates
from shared.errors import NotFoundError
from shared.events import CaseReopened, ContactBounced, Sender
from shared.originals import Originals
from shared.vocabulary import CaseState, Channel, Resolution, Role
from shared.web.access import Person
from tests.support.casework import LAMP, MARIA, Room, contact
from tests.support.smtp_peer import SmtpPeer

pytestmark = pytest.mark.integration

ANNA = Person("agent-anna-berg", "Anna Berg", frozenset({Role.AGENT}), frozenset({"*"}))
OUR = "kontakt@kommun.example"


def post_to(room: Room, peer: SmtpPeer) -> SendMail:
    return replace(room.casework.send_mail, server=functools.partial(MailServer, "127.0.0.1", peer.port, OUR))


async def reply_rows(room: Room) -> list[dict[str, Any]]:
    return await room.rows("SELECT * FROM casework.mails_out WHERE kind = 'reply' ORDER BY created_at")


async def delivery_of(room: Room, number: str) -> Any:
    case = await room.casework.read_case.run(number, MARIA)
    return next(one for one in case.messages if one.kind == "reply").delivery


async def test_templates_that_fit_are_filled_in_the_narrowest_first(room: Room):
    number = await room.open("a")
    found = await room.casework.outgoing.templates.fitting(number, MARIA, "reply")
    assert [one.id for one in found[:2]] == ["bostad-kallt", "bostad-felanmalan"]
    assert {one.language for one in found} == {"sv"}
    assert "gata-lampa" not in {one.id for one in found}
    cold = found[0].body
    assert cold.startswith("Hej Olle Ek,")
    assert f"Ditt ärende har nummer {number}. Vi hör av oss senast 2026-11-27" in cold
    assert "[fyll i: dag och tid]" in found[1].body
    lamp = await room.open("b", LAMP)
    assert (await room.casework.outgoing.templates.fitting(lamp, MARIA, "reply"))[0].id == "gata-lampa"


async def test_a_template_in_the_citizens_language_comes_before_swedish(room: Room):
    number = await room.open("a", language="en")
    found = await room.casework.outgoing.templates.fitting(number, MARIA, "reply")
    assert {one.language for one in found} == {"en"}
    await room.run("UPDATE casework.cases SET language = 'fi'")
    found = await room.casework.outgoing.templates.fitting(number, MARIA, "reply")
    assert {one.language for one in found} == {"sv"}


async def test_a_template_greets_by_no_more_than_a_name(room: Room):
    forged = Sender(name="Logga in på https://evil.example", email="olle@medborgare.example")
    bodies = []
    for name, sender in (("a", forged), ("b", room.received("b").sender)):
        number = await room.open(name, sender=sender)
        found = await room.casework.outgoing.templates.fitting(number, MARIA, "reply")
        bodies.append("".join(one.body for one in found))
    assert ("evil" in bodies[0], "[fyll i: namn]" in bodies[0], "[fyll i: namn]" in bodies[1]) == (False, True, False)


async def test_a_blank_that_is_not_filled_in_is_never_sent(room: Room):
    number = await room.open("a")
    with pytest.raises(BlankFieldsError) as refused:
        await room.casework.reply.run(number, MARIA, "Vi kommer [fyll i: dag och tid]. Hälsa [fyll i: namn].")
    assert refused.value.params == {"fields": "dag och tid, namn"}
    with pytest.raises(BlankFieldsError):
        await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, text="[fyll i: namn]")
    assert await reply_rows(room) == []
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.OPEN


async def test_a_file_of_templates_is_taken_in_whole_or_not_at_all(room: Room):
    take = ImportTemplates(room.casework.send_mail.uow, room.time)
    before = len(await room.casework.outgoing.templates.run())
    bad = (
        'templates:\n- {id: a, name: A, body: "Hej {namn"}\n- {id: b, name: B, unit: Nej, body: x}\n- {id: a, name: C}'
    )
    with pytest.raises(RejectedFileError) as refused:
        await take.run(bad.encode())
    assert [one.line for one in refused.value.found] == [2, 3, 4, 4]
    assert len(await room.casework.outgoing.templates.run()) == before
    good = 'templates:\n- {id: a, name: A, body: "Hej {namn}"}\n'
    assert (await take.run(good.encode())).changed == 1
    assert (await take.run(good.encode())).changed == 0


async def test_a_reply_waits_ten_seconds_and_can_be_taken_back(room: Room):
    number = await room.open("a")
    async with SmtpPeer() as peer:
        await room.casework.follow_contacts.run([])
        await post_to(room, peer).run()  # the receipt
        reply = await room.casework.reply.run(number, MARIA, "Fel svar.", "key-1")
        room.time.move(seconds=9)
        assert await post_to(room, peer).run() == 0
        assert await room.casework.outgoing.undo.run(number, MARIA, reply) == "Fel svar."
        assert await room.casework.outgoing.undo.run(number, MARIA, reply) == "Fel svar."
        room.time.move(hours=1)
        assert await post_to(room, peer).run() == 0
        assert [one["Subject"] for one in peer.mails if "Fel svar" in str(one)] == []
    draft = await room.casework.outgoing.draft.run(number, MARIA)
    assert draft.text == "Fel svar."
    case = await room.casework.read_case.run(number, MARIA)
    assert [one.kind for one in case.messages] == ["email", "receipt"]
    deeds = await room.rows("SELECT what FROM casework.case_history ORDER BY id")
    assert [one["what"] for one in deeds][-2:] == ["reply", "undo_reply"]


async def test_after_ten_seconds_or_once_it_is_being_sent_it_is_too_late(room: Room):
    number = await room.open("a")
    reply = await room.casework.reply.run(number, MARIA, "Hej.")
    with pytest.raises(NotFoundError):
        await room.casework.outgoing.undo.run(number, ANNA, reply)
    room.time.move(seconds=11)
    with pytest.raises(GoneError):
        await room.casework.outgoing.undo.run(number, MARIA, reply)
    other = await room.casework.reply.run(number, MARIA, "Hej igen.")
    await room.run("UPDATE casework.mails_out SET attempts = 1 WHERE kind = 'reply'")  # claimed by a sender
    with pytest.raises(GoneError):
        await room.casework.outgoing.undo.run(number, MARIA, other)
    assert {one["state"] for one in await reply_rows(room)} == {"queued"}


async def test_taking_back_the_reply_of_a_close_opens_the_case_again(room: Room):
    number = await room.open("a")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, text="Klart nu.", request_id="c1")
    sending = await room.casework.outgoing.sending.run(MARIA.id)
    assert sending is not None
    assert sending.number == number
    assert await room.casework.outgoing.sending.run(ANNA.id) is None
    await room.casework.outgoing.undo.run(number, MARIA, sending.reply_id)
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, case.resolution, case.agent_id) == (CaseState.OPEN, None, MARIA.id)
    assert len(await room.events(CaseReopened.event_type)) == 1
    assert await room.casework.outgoing.sending.run(MARIA.id) is None
    assert (await room.casework.outgoing.draft.run(number, MARIA)).text == "Klart nu."


async def test_what_was_taken_back_is_not_sent_by_its_old_key_and_nobody_believes_so(room: Room):
    number = await room.open("a")
    reply = await room.casework.reply.run(number, MARIA, "Hej.", "k")
    await room.casework.outgoing.undo.run(number, MARIA, reply)
    with pytest.raises(TakenBackError):
        await room.casework.reply.run(number, MARIA, "Hej.", "k")
    with pytest.raises(TakenBackError):
        await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, text="Hej.", request_id="k")
    assert (await room.casework.outgoing.draft.run(number, MARIA)).text == "Hej."
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.OPEN
    again = await room.casework.reply.run(number, MARIA, "Hej.", "k2")
    assert again == await room.casework.reply.run(number, MARIA, "Hej.", "k2") != reply
    assert [one["state"] for one in await reply_rows(room)].count("queued") == 1


async def test_files_go_along_under_their_names_and_what_is_removed_is_gone(room: Room):
    number = await room.open("a")
    files, store = room.casework.outgoing.files, Originals(room.settings.originals)
    await files.run(number, MARIA, "C:\\fakta åäö.pdf", "application/pdf", b"%PDF-1")
    await files.run(number, MARIA, "kvar.html", "text/html", b"<script>")
    first, second = (await room.casework.outgoing.draft.run(number, MARIA)).files
    assert (first.name, second.name) == ("fakta åäö.pdf", "kvar.html")
    key = f"{contact('a')}/replies/{first.id}/fakta-aao.pdf"
    assert await store.get(key) == b"%PDF-1"
    await files.remove(number, MARIA, first.id)
    with pytest.raises(NotFoundError):
        await store.get(key)
    with pytest.raises(NotFoundError):
        await room.casework.outgoing.sent_file.run(number, first.id, MARIA)
    await room.casework.reply.run(number, MARIA, "Se filen.", "k1")
    shown = await room.casework.outgoing.sent_file.run(number, second.id, MARIA)
    assert (shown.data, shown.content_type) == (b"<script>", "application/octet-stream")
    assert (await room.casework.outgoing.draft.run(number, MARIA)).files == ()
    room.time.move(seconds=11)
    async with SmtpPeer() as peer:
        await post_to(room, peer).run()
    [sent] = [one for one in peer.mails if not one["Auto-Submitted"]]
    assert [(one.get_filename(), one.get_content_type()) for one in sent.iter_attachments()] == [
        ("kvar.html", "application/octet-stream")
    ]
    html = sent.get_body(("html",))
    assert html is not None
    assert '<html lang="sv">' in html.get_content()


async def test_files_that_no_mail_carries_are_refused_in_words(room: Room):
    number = await room.open("a")
    files = room.casework.outgoing.files
    with pytest.raises(EmptyFileError):
        await files.run(number, MARIA, "tom.txt", "text/plain", b"")
    with pytest.raises(FileTooLargeError):
        await files.run(number, MARIA, "stor.bin", "x/y", b"x" * (5 * 1024 * 1024 + 1))
    for one in range(10):
        await files.run(number, MARIA, f"{one}.txt", "text/plain", b"x")
    with pytest.raises(TooManyFilesError):
        await files.run(number, MARIA, "en till.txt", "text/plain", b"x")


async def test_what_is_typed_is_kept_until_it_is_sent(room: Room):
    number = await room.open("a")
    drafts = room.casework.outgoing
    await drafts.save_draft.run(number, MARIA, "Påbörjat")
    await room.casework.save_draft.run(number, MARIA, "En anteckning")
    assert (await drafts.draft.run(number, MARIA)).text == "Påbörjat"
    assert (await drafts.draft.run(number, ANNA)).text == ""
    await room.casework.reply.run(number, MARIA, "Påbörjat och klart", "k1")
    assert (await drafts.draft.run(number, MARIA)).text == ""
    assert (await room.casework.read_case.run(number, MARIA)).draft == "En anteckning"
    await drafts.save_draft.run(number, MARIA, "Påbörjat och klart")  # an autosave that its own sending overtook
    assert (await drafts.draft.run(number, MARIA)).text == ""


async def test_complaint_6_two_agents_answer_the_same_thing_and_the_second_hears_of_it(room: Room):
    number = await room.open("a")
    opened = await room.casework.outgoing.draft.run(number, ANNA)
    assert opened.other is None
    first = await room.casework.reply.run(number, MARIA, "Vi kommer i dag.", seen="")
    with pytest.raises(AnsweredError) as refused:
        await room.casework.reply.run(number, ANNA, "Vi kommer i morgon.", seen="")
    assert refused.value.params["name"] == "Maria Lind"
    warned = await room.casework.outgoing.draft.run(number, ANNA)
    assert warned.other is not None
    assert (warned.other["id"], warned.other["body"], warned.other_name) == (first, "Vi kommer i dag.", "Maria Lind")
    await room.casework.reply.run(number, ANNA, "Och ring oss gärna.", seen=first)
    assert len(await reply_rows(room)) == 2
    number = await room.open("b", message_id="<b2@medborgare.example>")
    await room.casework.reply.run(number, MARIA, "Hej.", seen="")
    room.time.move(minutes=11)
    await room.casework.reply.run(number, ANNA, "Hej igen.", seen="")


@pytest.mark.parametrize("permanent", [True, False])
async def test_a_reply_that_comes_back_opens_its_closed_case_once(room: Room, permanent: bool):
    number = await room.open("a")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, text="Klart.", request_id="c1")
    room.time.move(seconds=11)
    async with SmtpPeer() as peer:
        await post_to(room, peer).run()
    [row] = await reply_rows(room)
    bounce = ContactBounced(
        contact_id=contact("bounce"),
        channel=Channel.EMAIL,
        message_id=row["message_id"],
        recipient="olle@medborgare.example",
        status="5.1.1",
        permanent=permanent,
        bounced_at=room.time(),
    )
    mails = len(await room.rows("SELECT id FROM casework.mails_out"))
    for _ in range(2):
        await room.casework.follow_contacts.run([bounce])
    case = await room.casework.read_case.run(number, MARIA)
    assert case.state is (CaseState.OPEN if permanent else CaseState.CLOSED)
    assert len(await room.events(CaseReopened.event_type)) == permanent
    assert len(await room.rows("SELECT id FROM casework.mails_out")) == mails, "nothing answers a bounce"
    if permanent:
        desk = await room.casework.read_desk.run(MARIA.id)
        assert [one.number for one in desk.cases] == [number]
        delivery = await delivery_of(room, number)
        assert (delivery.state, delivery.why, delivery.detail) == ("bounced", "refused", "5.1.1")
        await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
        await room.casework.follow_contacts.run([bounce])
        assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.CLOSED


async def test_what_the_server_refuses_stands_in_the_case_and_is_sent_again_by_hand(room: Room):
    number = await room.open("a")
    reply = await room.casework.reply.run(number, MARIA, "Hej.")
    room.time.move(seconds=11)
    async with SmtpPeer(answers={"RCPT": "550 no such mailbox"}) as peer:
        await post_to(room, peer).run()
        delivery = await delivery_of(room, number)
        assert (delivery.state, delivery.why, delivery.detail) == ("failed", "refused", "550")
        peer.answers.clear()
        with pytest.raises(NotFoundError):
            await room.casework.outgoing.again.run(number, MARIA, "annat-ärende.reply.x")
        await room.casework.outgoing.again.run(number, MARIA, delivery.id)
        await post_to(room, peer).run()
    [mail] = [one for one in peer.mails if not one["Auto-Submitted"]]
    assert reply.replace("-", "") in mail["Message-ID"]
    assert (await delivery_of(room, number)).state == "sent"
    with pytest.raises(NotFailedError):
        await room.casework.outgoing.again.run(number, MARIA, delivery.id)


async def test_mail_that_is_put_off_says_how_often_and_when_again(room: Room):
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, "Hej.")
    room.time.move(seconds=11)
    async with SmtpPeer(answers={"RCPT": "451 greylisted"}) as peer:
        await post_to(room, peer).run()
    delivery = await delivery_of(room, number)
    assert (delivery.state, delivery.attempts, delivery.why) == ("retrying", 1, "later")
    assert delivery.next_at > room.time()


async def test_a_unit_writes_in_its_own_name_and_hears_no_echo(room: Room):
    async with room.casework.send_mail.uow.begin() as work:
        await work.unit_terms.set("bostadsbolag", sender_name="ÅFA svar", sender_address="svar@bolag.example")
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, "Hej.")
    room.time.move(seconds=11)
    async with SmtpPeer() as peer:
        await post_to(room, peer).run()
    [mail] = [one for one in peer.mails if not one["Auto-Submitted"]]
    assert (mail["From"], mail["Reply-To"]) == ("ÅFA svar <svar@bolag.example>", OUR)
    assert f"MAIL FROM:<{OUR}>" in " ".join(peer.said)
    echoes = [
        room.received("b", sender=Sender(email="Svar@bolag.example"), message_id="<b@bolag.example>"),
        room.received("c", sender=Sender(email="felanmalan@kommun.example"), message_id="<c@kommun.example>"),
    ]
    before = len(await room.rows("SELECT id FROM casework.mails_out"))
    await room.casework.follow_contacts.run(echoes)
    assert len(await room.rows("SELECT id FROM casework.mails_out")) == before, "complaint 1: no loop with ourselves"


async def test_an_entrance_of_its_own_mailbox_is_answered_from_its_address(room: Room):
    await room.run(
        "UPDATE casework.entrances SET sender_name = 'ÅFA felanmälan', sender_address = 'fel@bolag.example'"
        " WHERE id = 'bostad-mejl'"
    )
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, "Hej.")
    room.time.move(seconds=11)
    async with SmtpPeer() as peer:
        await post_to(room, peer).run()
    [mail] = [one for one in peer.mails if not one["Auto-Submitted"]]
    assert mail["From"] == "ÅFA felanmälan <fel@bolag.example>"
