"""Mails and forms become events, with hand-made stand-ins for the store and the log."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from services.intake.channels.forms import Submission
from services.intake.domain.outcome import Entry, Outcome, Spot
from services.intake.usecases.receive_form import ReceiveForm
from services.intake.usecases.receive_mail import Keys, RawMail, ReceiveMail
from shared.errors import LogUnavailableError, PermanentError
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
    lines: list[Entry] = field(default_factory=list)

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        del data, content_type
        self.written.append(f"put {key}")

    async def write(self, entries: Sequence[Entry]) -> dict[Spot, Outcome]:
        self.written.extend(f"line {one.contact_id}" for one in entries)
        self.lines.extend(entries)
        return {one.spot: one.outcome for one in entries}

    async def moved(self, spots: Sequence[Spot], at: datetime) -> None:
        del at
        self.written.extend(f"moved {spot.uid}" for spot in spots)

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
    return ReceiveMail(NoEntrances(), books, books, books, books, lambda: NOW, Keys(b"t", b"p"))


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


def placed(data: bytes = MAIL, uid: int = 1) -> RawMail:
    return RawMail(data, mailbox="k@mail.example/INBOX", uidvalidity=7, uid=uid, internal_at=NOW)


async def test_the_ledger_is_written_last_so_that_a_line_is_a_proof() -> None:
    books = Books()
    (contact_id,) = await mails(books).receive([placed()], "k@kommun.example")
    assert books.written == [f"put {contact_id}/original", f"told {contact_id}", f"line {contact_id}"]
    (line,) = books.lines
    assert (line.spot, line.outcome, line.day) == (Spot("k@mail.example/INBOX", 7, 1), Outcome.IMPORTED, NOW.date())
    assert "example.se" not in line.message_hash
    silent = Books(silent=True)
    with pytest.raises(LogUnavailableError):
        await mails(silent).receive([placed()], "k@kommun.example")
    assert silent.lines == []


REPORT = (
    b"From: MAILER-DAEMON@mail.example\r\nMessage-ID: <b@mail.example>\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
    b"Final-Recipient: rfc822; anna@example.se\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
)
OURS = (
    b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: "
    b"<11111111-1111-4111-8111-111111111111.n1.0123456789abcdef0123@kommun.example>\r\n"
)
"""What the report returns of a mail that is made like one of ours."""


@pytest.mark.parametrize(
    ("raw", "outcome", "why"),
    [
        (MAIL, Outcome.IMPORTED, ""),
        (MAIL.replace(b"To:", b"Auto-Submitted: auto-replied\r\nTo:"), Outcome.AUTOMATIC, "auto_submitted"),
        (REPORT, Outcome.AUTOMATIC, "bounce"),
        (REPORT.replace(b"\r\n--b--", OURS.replace(b".n1.", b"-") + b"\r\n--b--"), Outcome.AUTOMATIC, "report"),
        (REPORT.replace(b"\r\n--b--", OURS + b"\r\n--b--"), Outcome.AUTOMATIC, "bounce"),
        (b"\x00\xff", Outcome.IMPORTED, "unreadable"),
    ],
)
async def test_every_mail_has_one_outcome_with_its_reason(raw: bytes, outcome: Outcome, why: str) -> None:
    books = Books()
    await mails(books).receive([placed(raw)], "k@kommun.example")
    assert [(one.outcome, one.why) for one in books.lines] == [(outcome, why)]


class Refuses(Books):
    """A log that takes no record above a size, as a broker, or of certain mails none at all."""

    largest = 20_000

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None:  # noqa: ASYNC109 - as Publisher's
        if any(len(one.value or b"") > self.largest or b"poison" in (one.value or b"") for one in messages):
            raise PermanentError("the record is larger than the broker takes")
        await super().publish(*messages, timeout=timeout)


async def test_a_mail_that_the_log_refuses_is_cut_or_quarantined_and_stops_nobody() -> None:
    books = Refuses()
    large = MAIL.replace(b"<1@", b"<2@") + b"ord " * 20_000
    poison = MAIL.replace(b"<1@", b"<3@").replace(b"Hej", b"poison")
    ids = await mails(books).receive([placed(large, 1), placed(poison, 2), placed(MAIL, 3)], "k@kommun.example")
    assert [one.outcome for one in books.lines] == [Outcome.IMPORTED, Outcome.QUARANTINED, Outcome.IMPORTED]
    assert [one.key for one in books.told] == [ids[0], ids[2]]
    assert b'"text_cut"' in (books.told[0].value or b"")
    assert f"put {ids[0]}/original" in books.written
    assert f"put {ids[1]}/quarantine" in books.written


class BrokenEntrances(NoEntrances):
    """A fault of our own, whatever the mail is."""

    def entrance_for(self, kind: EntranceKind, value: str) -> tuple[EntranceRecord | None, bool]:
        raise RecursionError(kind, value)


async def test_what_becomes_no_event_is_kept_in_quarantine() -> None:
    books = Books()
    receive = replace(mails(books), entrances=BrokenEntrances())
    (contact_id,) = await receive.receive([placed()], "k@kommun.example")
    assert books.written == [f"put {contact_id}/quarantine", f"line {contact_id}"]
    assert books.lines[0].outcome is Outcome.QUARANTINED
    assert books.told == []


async def test_old_mail_says_that_it_is_to_be_taken_in_quietly() -> None:
    books = Books()
    await mails(books).receive([RawMail(MAIL, quiet=True)], "k@kommun.example")
    assert b'"quiet"' in (books.told[0].value or b"")


@pytest.mark.parametrize("told", [None, datetime(1, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)])
async def test_a_mail_whose_server_says_no_believable_time_is_counted_today(told: datetime | None) -> None:
    books = Books()
    await mails(books).receive([replace(placed(), internal_at=told)], "k@kommun.example")
    assert books.lines[0].day == NOW.date()
