"""Mails and forms become events, with hand-made stand-ins for the store and the log."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from services.intake.channels.forms import Submission
from services.intake.usecases.receive_form import ReceiveForm
from services.intake.usecases.receive_mail import Keys, RawMail, ReceiveMail
from shared.errors import LogUnavailableError
from shared.publish import Message
from shared.records import EntranceRecord
from shared.vocabulary import EntranceKind

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
MAIL = b"From: Anna <anna@example.se>\r\nMessage-ID: <1@example.se>\r\nTo: x@kommun.example\r\n\r\nHej"


@dataclass
class Books:
    """Originals, log and marks in memory, in the order in which they were written."""

    written: list[str] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)
    marked: set[str] = field(default_factory=set)
    silent: bool = False

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        del data, content_type
        self.written.append(f"put {key}")

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None:  # noqa: ASYNC109 - as Publisher's
        del timeout
        if self.silent:
            raise LogUnavailableError
        self.written.extend(f"told {one.key}" for one in messages)
        self.told.extend(messages)

    async def known(self, contact_ids: Collection[str]) -> frozenset[str]:
        return frozenset(self.marked & set(contact_ids))

    async def mark(self, contact_ids: Collection[str]) -> None:
        self.marked.update(contact_ids)

    async def once(self, contact_id: str, publish: Callable[[], Awaitable[None]]) -> bool:
        if contact_id in self.marked:
            return False
        await publish()
        self.marked.add(contact_id)
        return True


class NoEntrances:
    """An installation whose catalogue is empty."""

    def entrance_for(self, kind: EntranceKind, value: str) -> tuple[EntranceRecord | None, bool]:
        del kind, value
        return None, False

    def entrance(self, entrance_id: str) -> EntranceRecord | None:
        del entrance_id
        return None


def mails(books: Books) -> ReceiveMail:
    return ReceiveMail(NoEntrances(), books, books, books, lambda: NOW, Keys(b"t", b"p"))


async def test_the_original_is_stored_before_anything_is_said() -> None:
    books = Books()
    (contact_id,) = await mails(books).receive([RawMail(MAIL)], "kontakt@kommun.example")
    assert books.written == [f"put {contact_id}/original", f"told {contact_id}"]
    assert books.marked == {contact_id}


async def test_the_same_mail_twice_in_one_batch_is_told_once_under_the_same_id() -> None:
    books = Books()
    await mails(books).receive([RawMail(MAIL), RawMail(MAIL)], "k@kommun.example")
    await mails(books).receive([RawMail(MAIL)], "k@kommun.example")
    assert len(books.told) == 1
    again = Books()
    await mails(again).receive([RawMail(MAIL)], "k@kommun.example")
    assert again.told[0].id == books.told[0].id


async def test_when_the_log_is_silent_nothing_is_marked() -> None:
    books = Books(silent=True)
    with pytest.raises(LogUnavailableError):
        await mails(books).receive([RawMail(MAIL)], "k@kommun.example")
    assert books.marked == set()


async def test_the_largest_mail_stays_within_a_record() -> None:
    books = Books()
    head = b"".join(
        name + b": " + b"\xf0\x9f\x98\x80" * 200_000 + b"\r\n" for name in (b"From", b"Subject", b"References")
    )
    body = (b'\xf0\x9f\x98\x80 \\ "\n' * 100_000) + b"\r\n"
    part = b"--b\r\nContent-Type: image/" + b"x" * 5000 + b"; name=" + b"y" * 5000 + b"\r\n\r\n1\r\n"
    kind = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
    raw = head + b"From: " + b"n" * 500_000 + b" <a@b.se>\r\n" + kind + body + part * 60
    await mails(books).receive([RawMail(raw)], "k@kommun.example")
    assert len(books.told[0].value or b"") < 1_000_000


async def test_without_a_catalogue_a_contact_still_comes_in() -> None:
    books = Books()
    await mails(books).receive([RawMail(MAIL, ("too_large",))], "k@kommun.example")
    value = (books.told[0].value or b"").decode()
    assert '"unknown-address-k-kommun-example"' in value
    assert '"unknown_entrance"' in value
    assert '"too_large"' in value


async def test_a_form_is_told_once_and_its_answer_is_always_the_same() -> None:
    books = Books()
    receive = ReceiveForm(NoEntrances(), books, books, books, lambda: NOW, b"p")
    submission = Submission(form="f", submission_id="1", fields={"a": "b"})
    answers = {await receive.receive(submission, b"{}") for _ in range(3)}
    assert len(answers) == 1
    assert len(books.told) == 1
