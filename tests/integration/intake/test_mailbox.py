"""The mailbox loop on a real mail server, a real log and a real database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from services.intake.channels.mailbox import Mailbox
from services.intake.jobs.poll import PollMailbox
from services.intake.store.mailboxes import Mailboxes, Place
from services.intake.store.tables import SEEN
from shared import thread
from shared.errors import TransientError
from shared.events import ContactBounced, ContactFollowedUp, ContactReceived
from shared.settings import ServiceSettings
from tests.integration.intake.conftest import Post
from tests.integration.intake.reading import ReadContacts
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

LONGER_THAN_A_TEST = 900.0
"""Seconds: a wait that does not end by its news is ended by the test's own limit."""
CASE = "019d0000-0000-7000-8000-000000000001"


@contextlib.asynccontextmanager
async def running(poll: PollMailbox) -> AsyncIterator[None]:
    task = asyncio.create_task(poll.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def letter(body: str = "Soporna är inte hämtade", *, number: int = 1, headers: Sequence[str] = ()) -> bytes:
    lines = [f"Message-ID: <{number}@example.se>", "From: Anna <anna@example.se>", "Subject: Sopor", *headers]
    if not any(line.lower().startswith("content-type") for line in headers):
        lines.append("Content-Type: text/plain; charset=utf-8")
    return ("\r\n".join(lines) + "\r\n\r\n" + body + "\r\n").encode()


async def test_a_mail_is_an_event_at_the_servers_hint_and_lies_among_the_processed(
    post: Post, read_contacts: ReadContacts, settings: ServiceSettings
) -> None:
    mailbox = post.mailbox()
    async with running(replace(post.poll(mailbox), poll_seconds=60)):
        await eventually(lambda: mailbox._box is not None)
        for number in range(5):
            await post.server.send(letter(number=number), to=post.address)
            await eventually(partial(_count, post, number + 1), timeout=20)
        moved = await eventually(lambda: _folder(post, "Behandlat", 5))
        await eventually(lambda: REGISTRY.get_sample_value("kc_mailbox_waiting", {"mailbox": "imap"}) == 0)
        assert (REGISTRY.get_sample_value("kc_mailbox_taken_total", {"mailbox": "imap"}) or 0) >= 5
    found = await read_contacts()
    events = [one.event for one in found]
    assert all(isinstance(one, ContactReceived) for one in events)
    first = events[0]
    assert isinstance(first, ContactReceived)
    assert (first.entrance, first.subject, first.text) == ("mejl", "Sopor", "Soporna är inte hämtade")
    assert first.flags == ("unknown_entrance",)
    kept = await post.receive.originals.get(str(first.original_key))  # type: ignore[attr-defined] # the real store
    assert kept in (moved or [])
    assert await _folder(post, "INBOX", 0) == []


async def test_mails_that_come_while_others_are_taken_in_wait_for_no_poll(post: Post) -> None:
    mailbox = post.mailbox()
    async with running(replace(post.poll(mailbox), poll_seconds=60)):
        await eventually(lambda: mailbox._box is not None)
        for number in range(25):
            await post.server.send(letter(number=number), to=post.address)
        await eventually(partial(_count, post, 25), timeout=30)


@dataclass(frozen=True, slots=True)
class Dies:
    """A mailbox whose process dies when it comes to `step`."""

    post: Post
    step: str

    def poll(self) -> PollMailbox:
        poll = self.post.poll(self._mailbox())
        match self.step:
            case "store":
                return replace(poll, receive=replace(self.post.receive, originals=Broken()))
            case "publish":
                return replace(poll, receive=replace(self.post.receive, log=Broken()))
            case "mark":
                return replace(poll, receive=replace(self.post.receive, seen=Forgets()))
            case "remember":
                return replace(poll, places=Broken())
            case _:
                return poll

    def _mailbox(self) -> Mailbox:
        mailbox = self.post.mailbox()
        if self.step == "move":
            mailbox.move = dead  # type: ignore[method-assign] # the process dies here
        return mailbox


def dead(*_: object, **__: object) -> None:
    raise TransientError("dead")


class Broken:
    """Whatever it is asked to do, the process is dead by then."""

    async def put(self, *_: object, **__: object) -> None:
        dead()

    publish = remember = put

    async def place(self, *_: object) -> Place | None:
        return None


class Forgets:
    """Knows nothing and dies before it remembers."""

    async def known(self, *_: object) -> frozenset[str]:
        return frozenset()

    async def mark(self, *_: object) -> None:
        dead()


@pytest.mark.parametrize("step", ["store", "publish", "mark", "remember", "move"])
async def test_a_crash_between_any_two_steps_is_one_contact(post: Post, read_contacts: ReadContacts, step: str) -> None:
    await post.server.send(letter(), to=post.address)
    async with running(Dies(post, step).poll()):
        await eventually(lambda: "imap" in post.health._problems)
    async with running(post.poll()):
        await eventually(lambda: _folder(post, "Behandlat", 1))
    found = await read_contacts()
    assert len({one.id for one in found}) == 1
    assert len({one.event.key for one in found}) == 1
    assert len(found) == (2 if step == "mark" else 1)


async def test_a_mail_delivered_twice_is_one_contact_and_one_event(post: Post, read_contacts: ReadContacts) -> None:
    await post.server.send(letter(), to=post.address)
    await post.server.send(letter(), to=post.address)
    async with running(post.poll()):
        await eventually(lambda: _folder(post, "Behandlat", 2))
        await post.server.send(letter(), to=post.address)
        await eventually(lambda: _folder(post, "Behandlat", 3))
    assert len(await read_contacts()) == 1


async def test_a_reused_message_id_with_other_words_is_another_contact(post: Post, read_contacts: ReadContacts) -> None:
    await post.server.send(letter("Ett"), to=post.address)
    await post.server.send(letter("Två"), to=post.address)
    async with running(post.poll()):
        await eventually(lambda: _folder(post, "Behandlat", 2))
    assert len({one.event.key for one in await read_contacts()}) == 2


async def test_malformed_mails_do_not_stop_the_good_ones_behind_them(post: Post, read_contacts: ReadContacts) -> None:
    # The sandbox server itself turns raw Latin-1 into U+FFFD: that row stands in the unit tests, on the bytes.
    bad = [
        b"\x00\xff",
        letter(headers=["Content-Type: text/plain; charset=x-foo"], number=2),
        letter().replace(b"Subject: Sopor", "Subject: Översvämning".encode()).replace(b"<1@", b"<3@"),
        letter("Hej\x00 hopp", number=4),
        letter("--b\r\n\r\nOrden\r\n--b--", headers=["Content-Type: multipart/mixed; boundary=fel"], number=5),
        b"Subject: Utan avs\xc3\xa4ndare\r\n\r\nHej",
    ]
    for raw in bad:
        await post.server.send(raw, to=post.address)
    await post.server.send(letter("Den goda", number=99), to=post.address)
    async with running(post.poll()):
        await eventually(lambda: _folder(post, "Behandlat", len(bad) + 1))
    events = [one.event for one in await read_contacts()]
    texts = [one.full_text for one in events if isinstance(one, ContactReceived)]
    assert len(events) == len(bad) + 1
    assert "Den goda" in texts
    assert any("Orden" in text for text in texts)
    subjects = {one.subject for one in events if isinstance(one, ContactReceived)}
    assert "Översvämning" in subjects


async def test_a_reply_with_our_token_follows_up_and_a_strangers_does_not(
    post: Post, read_contacts: ReadContacts, settings: ServiceSettings
) -> None:
    ours = thread.message_id(settings.key_for("thread"), CASE, "anna@example.se", "n1", "kommun.example")
    await post.server.send(letter(headers=[f"In-Reply-To: {ours}"]), to=post.address)
    other = letter(number=2, headers=[f"References: {ours}"]).replace(b"anna@example.se", b"bo@example.se")
    await post.server.send(other, to=post.address)
    async with running(post.poll()):
        await eventually(lambda: _folder(post, "Behandlat", 2))
    by_sender = {one.event.sender.email: one.event for one in await read_contacts()}  # type: ignore[attr-defined] # all received
    followed, strange = by_sender["anna@example.se"], by_sender["bo@example.se"]
    assert isinstance(followed, ContactFollowedUp)
    assert followed.follows == CASE
    assert type(strange) is ContactReceived
    assert strange.linked_case == CASE
    assert "token_mismatch" in strange.flags


async def test_a_bounce_is_no_contact_of_a_citizen(
    post: Post, read_contacts: ReadContacts, settings: ServiceSettings
) -> None:
    ours = thread.message_id(settings.key_for("thread"), CASE, "anna@example.se", "n1", "kommun.example")
    body = (
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        "Final-Recipient: rfc822; anna@example.se\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\n\r\n--b--\r\n"
    )
    report = letter(body, headers=["Content-Type: multipart/report; report-type=delivery-status; boundary=b"])
    await post.server.send(report, to=post.address)
    async with running(post.poll()):
        await eventually(lambda: _folder(post, "Behandlat", 1))
    (found,) = await read_contacts()
    assert isinstance(found.event, ContactBounced)
    assert (found.event.message_id, found.event.recipient) == (ours, "anna@example.se")


async def test_another_uidvalidity_reads_anew_without_a_second_event(post: Post, read_contacts: ReadContacts) -> None:
    name = post.mailbox().account.name
    await Mailboxes(post.engine).remember(name, Place(uidvalidity=1))
    await post.server.send(letter(), to=post.address)
    async with running(post.poll()):
        await eventually(lambda: _folder(post, "Behandlat", 1))
    place = await Mailboxes(post.engine).place(name)
    assert place is not None
    assert place.uidvalidity != 1
    assert len(await read_contacts()) == 1


async def test_a_server_that_drops_us_is_connected_to_again(post: Post) -> None:
    mailbox = post.mailbox()
    async with running(post.poll(mailbox)):
        await eventually(lambda: mailbox._box is not None)
        mailbox.drop()
        await post.server.send(letter(), to=post.address)
        await eventually(lambda: _folder(post, "Behandlat", 1))
        await eventually(lambda: not post.health._problems)


async def _folder(post: Post, folder: str, count: int) -> list[bytes] | None:
    found = await post.server.fetch_raw(post.address, folder)
    return found if len(found) == count else None


async def _count(post: Post, count: int) -> bool:
    async with post.engine.connect() as connection:
        return len((await connection.execute(select(SEEN))).all()) >= count


async def test_a_mail_that_comes_just_before_idle_is_no_failure_and_not_waited_for(post: Post) -> None:
    mailbox = post.mailbox()
    await asyncio.to_thread(mailbox.open)
    try:
        assert await asyncio.to_thread(mailbox.look) == []
        await post.server.send(letter(), to=post.address)
        await asyncio.to_thread(mailbox.wait, LONGER_THAN_A_TEST)
        assert len(await asyncio.to_thread(mailbox.look)) == 1
    finally:
        await asyncio.to_thread(mailbox.close)
