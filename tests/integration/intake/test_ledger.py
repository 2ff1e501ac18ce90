"""The ledger of mails and the proof that none is lost, on a real mail server, log and database."""

import asyncio
import imaplib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from services.intake.channels.account import Account
from services.intake.channels.census import Census
from services.intake.domain.outcome import Entry, Outcome, Spot, swedish_day
from services.intake.domain.reconciliation import Difference, Kind
from services.intake.jobs.reconcile import Reconcile
from services.intake.store.checks import Check, Checks
from services.intake.store.ledger import PAGE, Ledger
from services.intake.usecases.mail_overview import MailOverview, Overview
from services.intake.usecases.read_again import ReadAgain
from services.intake.usecases.receive_mail import RawMail
from services.intake.usecases.reconcile_mail import ReconcileMail
from services.intake.usecases.repair_mail import GoneError, RepairMail, StillUnreadError
from services.intake.usecases.understand_mail import UnderstandMail, hash_of, held_key, quarantined
from shared.clock import utc_now
from shared.errors import NotFoundError, TransientError
from shared.events import ContactReceived, ContactReread
from shared.originals import original_key
from tests.integration.intake.conftest import Post
from tests.integration.intake.reading import ReadContacts
from tests.integration.intake.test_mailbox import letter, running
from tests.support.scripted_imap import DRIP, ScriptedImap, scripted_imap
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

LATER = timedelta(minutes=5)
TODAY = swedish_day(datetime.now(UTC))


def later() -> datetime:
    return utc_now() + LATER


@dataclass(frozen=True, slots=True)
class House:
    """A mailbox with everything that proves what became of its mails; its clock stands beyond the time of grace."""

    post: Post
    account: Account
    ledger: Ledger
    checks: Checks
    reconcile: ReconcileMail
    repair: RepairMail

    async def take_in(self, count: int) -> None:
        """Let the loop take in what lies there."""
        async with running(self.post.poll()):
            await eventually(lambda: self.moved(count))

    async def moved(self, count: int) -> bool:
        question = text("SELECT count(*) FROM intake.mails WHERE moved_at IS NOT NULL")
        async with self.post.engine.connect() as connection:
            return bool((await connection.execute(question)).scalar_one() >= count)

    async def outcomes(self) -> dict[Outcome, int]:
        return {one.outcome: one.count for one in await self.ledger.counts(TODAY - timedelta(days=1), TODAY)}

    async def different(self) -> list[Difference]:
        return await self.reconcile.once()

    async def overview(self) -> Overview:
        boxes = {self.account.name: self.reconcile.census}
        shown = MailOverview(boxes, self.ledger, self.checks, self.post.health)
        return await shown.view(TODAY - timedelta(days=1), TODAY)

    async def folders(self) -> tuple[int, int]:
        """Return how many lie in the inbox and among the processed."""
        server, address = self.post.server, self.post.address
        return len(await server.fetch_raw(address)), len(await server.fetch_raw(address, self.account.processed))

    async def lie(self, inbox: int, processed: int) -> bool:
        return await self.folders() == (inbox, processed)

    async def by_hand(self, target: str, source: str = "INBOX") -> None:
        """Move every mail of a folder as a person does in her mail program."""
        await asyncio.to_thread(self._by_hand, source, target)

    def _by_hand(self, source: str, target: str) -> None:
        with imaplib.IMAP4(self.account.host, self.account.port, timeout=10) as box:
            box.login(self.account.user, "any")
            box.create(target)
            box.select(source)
            box.copy("1:*", target)
            box.store("1:*", "+FLAGS", r"(\Deleted)")
            box.expunge()


@pytest.fixture
async def house(post: Post) -> House:
    account = post.mailbox().account
    account = replace(account, address=post.address)
    ledger, checks = Ledger(post.engine), Checks(post.engine)
    receive = post.receive
    reader = UnderstandMail(receive.entrances, utc_now, receive.keys)
    census = Census(account)
    reconcile = ReconcileMail(census, ledger, checks, receive.seen, reader, later)
    originals = receive.originals
    repair = RepairMail({account.name: census}, receive, reader, originals, ledger, checks)  # type: ignore[arg-type] # the real store
    return House(post, account, ledger, checks, reconcile, repair)


async def test_every_mail_has_exactly_one_outcome_and_the_difference_is_zero(house: House) -> None:
    robot = letter(number=2, headers=["Auto-Submitted: auto-replied"])
    for raw in (letter(), letter(), letter("Andra ord"), robot, b"\x00\xff"):
        await house.post.server.send(raw, to=house.post.address)
    await house.take_in(5)
    assert await house.outcomes() == {Outcome.IMPORTED: 3, Outcome.DUPLICATE: 1, Outcome.AUTOMATIC: 1}
    assert await house.different() == []
    (box,) = (await house.overview()).boxes
    assert [(day.seen, day.total, day.difference) for day in box.days] == [(5, 5, 0)]
    assert box.check is not None
    assert (box.check.inbox, box.check.processed, box.problem) == (0, 5, None)
    assert await Reconcile([house.reconcile], 60).once() is True


async def test_a_mail_that_lies_in_the_inbox_and_is_not_taken_in_is_listed_and_a_click_takes_it_in(
    house: House, read_contacts: ReadContacts
) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    (found,) = await house.different()
    assert found.kind is Kind.WAITING
    (box,) = (await house.overview()).boxes
    assert [(day.seen, day.total, day.difference) for day in box.days] == [(1, 0, 1)]
    assert await Reconcile([house.reconcile], 60).once() is False
    await house.repair.repair(found.id)
    assert await house.different() == []
    assert await house.folders() == (0, 1)
    assert len(await read_contacts()) == 1
    with pytest.raises(NotFoundError):
        await house.repair.repair(found.id)


async def test_what_is_younger_than_the_time_of_grace_is_no_difference(house: House) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    assert await replace(house.reconcile, clock=utc_now).once() == []


async def test_old_mail_that_waits_its_turn_is_no_difference_and_a_button_never_tells_anybody_of_it(
    house: House, read_contacts: ReadContacts
) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    (found,) = await house.different()
    old = Census(replace(house.account, import_before=TODAY + timedelta(days=2)))
    assert await replace(house.reconcile, census=old).once() == []
    await house.checks.write((await house.checks.all())[0], [found])
    repair = replace(house.repair, boxes={house.account.name: old})
    await repair.repair(found.id)
    (told,) = await read_contacts()
    assert "quiet" in getattr(told.event, "flags", ())


async def test_a_mail_that_somebody_moved_by_hand_is_found_among_the_processed(
    house: House, read_contacts: ReadContacts
) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    await house.take_in(1)
    await house.post.server.send(letter("Aldrig läst"), to=house.post.address)
    await house.by_hand(house.account.processed)
    (found,) = await house.different()
    assert (found.kind, found.spot.folder) == (Kind.UNKNOWN, house.account.processed)
    not_read_again = replace(house.reconcile, reader=None)  # type: ignore[arg-type] # whoever reads it fails
    assert [one.id for one in await not_read_again.once()] == [found.id]
    await house.repair.repair(found.id)
    assert await house.different() == []
    assert {one.event.full_text for one in await read_contacts()} == {"Soporna är inte hämtade", "Aldrig läst"}  # type: ignore[attr-defined] # all received
    assert await house.outcomes() == {Outcome.IMPORTED: 2}


async def test_a_mail_that_could_not_be_moved_is_listed_and_a_click_moves_it(house: House) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    await house.take_in(1)
    await house.by_hand("INBOX", house.account.processed)  # it lies in the inbox again, under a new number …
    async with running(house.post.poll()):
        await eventually(lambda: house.moved(2))
    assert await house.outcomes() == {Outcome.IMPORTED: 1, Outcome.DUPLICATE: 1}
    await house.post.server.send(letter("Ord"), to=house.post.address)
    box = house.post.mailbox()
    validity = await asyncio.to_thread(box.open)
    (lying,) = await asyncio.to_thread(box.look)
    await asyncio.to_thread(box.close)
    raw = RawMail(letter("Ord"), mailbox=house.account.name, uidvalidity=validity, uid=lying.uid)
    await house.post.receive.receive([raw], house.post.address)  # … and here the process ends before the move
    (found,) = await house.different()
    assert found.kind is Kind.NOT_MOVED
    await house.repair.repair(found.id)
    assert await house.different() == []
    assert (await house.folders())[0] == 0


async def test_what_was_processed_before_there_was_a_ledger_gets_its_lines(
    house: House, read_contacts: ReadContacts
) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    await house.post.server.send(letter(number=2), to=house.post.address)
    await house.take_in(2)
    async with house.post.engine.begin() as connection:
        await connection.execute(text("DELETE FROM intake.mails"))
    assert await house.different() == []
    assert await house.outcomes() == {Outcome.IMPORTED: 2}
    assert len(await read_contacts()) == 2


async def test_a_mailbox_that_renumbers_is_matched_by_message_id_and_body(house: House) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    await house.take_in(1)
    async with house.post.engine.begin() as connection:
        await connection.execute(text("UPDATE intake.mails SET uidvalidity = 1, uid = uid + 1000"))
    assert await house.different() == []
    assert await house.outcomes() == {Outcome.IMPORTED: 1}


async def test_old_mail_that_lies_there_under_a_new_number_keeps_its_one_line(house: House) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    (data,) = await house.post.server.fetch_raw(house.post.address)
    before = RawMail(data, mailbox=house.account.name, uidvalidity=1, uid=9)
    await house.post.receive.receive([before], house.post.address)
    old = Census(replace(house.account, import_before=TODAY + timedelta(days=2)))
    assert await replace(house.reconcile, census=old).once() == []  # … before the loop has seen the new numbers
    async with running(house.post.poll()):
        await eventually(lambda: house.lie(0, 1))
    assert await house.outcomes() == {Outcome.IMPORTED: 1}


async def test_a_mail_read_again_under_a_new_uidvalidity_is_not_another_one(house: House) -> None:
    raw = RawMail(letter(), mailbox="k@m/INBOX", uidvalidity=1, uid=9)
    await house.post.receive.receive([raw], house.post.address)
    await house.post.receive.receive([replace(raw, uidvalidity=2, uid=1)], house.post.address)
    assert await house.outcomes() == {Outcome.IMPORTED: 1}
    assert await house.ledger.lying("k@m/INBOX", 2) == {1}
    assert await house.ledger.lying("k@m/INBOX", 1) == frozenset()


async def test_the_same_mail_in_two_mailboxes_at_the_same_time_is_one_contact_and_one_duplicate(
    house: House, read_contacts: ReadContacts
) -> None:
    first = RawMail(letter(), mailbox="a@m/INBOX", uidvalidity=1, uid=1)
    both = [replace(first, mailbox=name) for name in ("a@m/INBOX", "b@m/INBOX")]
    await asyncio.gather(*(house.post.receive.receive([raw], house.post.address) for raw in both))
    assert await house.outcomes() == {Outcome.IMPORTED: 1, Outcome.DUPLICATE: 1}
    assert len({one.id for one in await read_contacts()}) == 1


async def test_an_event_that_nobody_knows_of_is_published_again_under_its_id(
    house: House, read_contacts: ReadContacts
) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    await house.take_in(1)
    async with house.post.engine.begin() as connection:
        await connection.execute(text("DELETE FROM intake.seen"))  # the marks of the last moment went with the power
    (found,) = await house.different()
    assert found.kind is Kind.NOT_PUBLISHED
    await house.repair.repair(found.id)
    assert await house.different() == []
    assert [len({one.id for one in await read_contacts()}), len(await read_contacts())] == [1, 2]


async def test_a_mail_noted_by_a_person_is_kept_and_counted_and_can_be_taken_in_after_all(
    house: House, read_contacts: ReadContacts
) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    (found,) = await house.different()
    await house.repair.note(found.id)
    assert await house.different() == []
    assert await house.outcomes() == {Outcome.QUARANTINED: 1}
    assert await house.folders() == (0, 1)
    assert await read_contacts() == []
    (line,) = (await house.overview()).quarantined
    held = held_key(line.entry.contact_id)
    assert await house.repair.originals.get(held)
    assert await house.repair.release(line.entry.contact_id)
    with pytest.raises(NotFoundError):  # what is released lies with its contact, and nowhere else
        await house.repair.originals.get(held)
    assert await house.outcomes() == {Outcome.IMPORTED: 1}
    assert len(await read_contacts()) == 1
    assert await house.different() == []


async def test_a_mail_that_still_is_no_contact_stays_in_quarantine(house: House) -> None:
    raw = RawMail(letter(), mailbox=house.account.name, uidvalidity=1, uid=1)
    kept = quarantined(raw, "refused", utc_now(), hash_of(b"no id"))
    await house.repair.originals.put(held_key(kept.contact_id), raw.data, content_type="message/rfc822")
    await house.ledger.write([kept.entry])
    broken = replace(house.repair, reader=replace(house.repair.reader, entrances=None))  # type: ignore[arg-type] # a fault of ours
    with pytest.raises(StillUnreadError):
        await broken.release(kept.contact_id)
    assert await house.outcomes() == {Outcome.QUARANTINED: 1}
    assert await house.repair.originals.get(held_key(kept.contact_id)) == raw.data


async def test_a_mail_that_has_gone_in_the_meantime_is_said_to_be_gone(house: House) -> None:
    await house.post.server.send(letter(), to=house.post.address)
    (found,) = await house.different()
    await house.by_hand("Annat")
    with pytest.raises(GoneError):
        await house.repair.repair(found.id)
    assert await house.checks.differences() == []


@pytest.mark.parametrize("command", ["FETCH", "MOVE"])
async def test_a_server_that_says_a_byte_now_and_then_holds_no_button(house: House, command: str) -> None:
    with scripted_imap(ScriptedImap({1: letter()})) as script:
        account = replace(house.account, port=script.port, timeout=0.1)
        found = Difference(Kind.WAITING, Spot(account.name, script.uidvalidity, 1), utc_now())
        await house.checks.write(Check(account.name, utc_now()), [found])
        script.faults[command] = [DRIP]
        with pytest.raises(TransientError, match="in time"):
            await replace(house.repair, boxes={account.name: Census(account)}).repair(found.id)


async def test_a_server_that_is_away_is_written_down_with_its_time_and_forgotten_when_it_is_back(house: House) -> None:
    away = replace(house.reconcile, census=Census(replace(house.account, port=1)))
    (told,) = await Reconcile([away], 60).each()
    assert not told.well
    (before,) = await house.checks.all()
    await Reconcile([away], 60).each()
    (check,) = await house.checks.all()
    assert check.problem
    assert check.problem_since == before.problem_since
    (box,) = (await house.overview()).boxes
    assert box.problem == check.problem
    await house.different()
    assert (await house.checks.all())[0].problem is None


async def test_a_mail_is_read_again_from_its_original_and_its_correction_published(
    house: House, read_contacts: ReadContacts
) -> None:
    raw = RawMail(b"\x00\xff", mailbox=house.account.name, uidvalidity=1, uid=1)
    (contact_id,) = await house.post.receive.receive([raw], house.post.address)
    again = ReadAgain(
        house.repair.reader, house.repair.originals, house.post.receive.log, house.ledger, house.post.address
    )
    # What an upgrade changes is how the bytes are read; other bytes under the same original are the same to it.
    await house.repair.originals.put(original_key(contact_id), letter("Nu går det"), content_type="message/rfc822")
    await again.read(contact_id)
    first, second = [one.event for one in await read_contacts()]
    assert isinstance(first, ContactReceived)
    assert first.unreadable
    assert isinstance(second, ContactReread)
    assert (second.contact_id, second.full_text, second.unreadable) == (contact_id, "Nu går det", False)
    assert second.original_key == original_key(contact_id)


async def test_what_is_no_mail_is_not_read_again(house: House, read_contacts: ReadContacts) -> None:
    again = ReadAgain(
        house.repair.reader, house.repair.originals, house.post.receive.log, house.ledger, house.post.address
    )
    await house.repair.originals.put(original_key("form-1"), b'{"form": "f"}', content_type="application/json")
    for contact_id in ("form-1", "nothing"):
        with pytest.raises(NotFoundError):
            await again.read(contact_id)
    assert await read_contacts() == []


async def test_old_lines_are_forgotten_but_not_what_lies_there_or_is_in_quarantine(house: House) -> None:
    raws = [RawMail(letter(str(n)), mailbox="k@m/INBOX", uidvalidity=1, uid=n) for n in (1, 2, 3)]
    await house.post.receive.receive(raws, house.post.address)
    kept = quarantined(replace(raws[0], uid=4), "refused", utc_now(), hash_of(b"no id"))
    await house.ledger.write([kept.entry])
    await house.ledger.moved([raw.spot for raw in raws[:2]] + [kept.entry.spot], utc_now())
    assert await house.ledger.forget_before(utc_now() - timedelta(hours=1)) == 0
    assert await house.ledger.forget_before(utc_now() + timedelta(hours=1)) == 2
    assert await house.outcomes() == {Outcome.IMPORTED: 1, Outcome.QUARANTINED: 1}


async def test_a_year_of_lines_is_gone_through_some_at_a_time_each_once(house: House) -> None:
    now, before = utc_now(), utc_now() - timedelta(days=40)
    here = [_line_of(uid, now) for uid in range(1, PAGE + 2)]
    lying, done = _line_of(PAGE + 2, before), _line_of(PAGE + 3, before)
    await house.ledger.write([*here, lying, done, replace(done, spot=replace(done.spot, mailbox="x@m/INBOX"))])
    await house.ledger.moved([done.spot, here[0].spot], now)
    pages = [page async for page in house.ledger.pages("k@m/INBOX", TODAY - timedelta(days=9))]
    assert max(map(len, pages)) <= PAGE < len(here)
    spots = [line.entry.spot for page in pages for line in page]
    assert sorted(spots, key=lambda spot: spot.uid) == [one.spot for one in [*here, lying]]


def _line_of(uid: int, came_at: datetime) -> Entry:
    return Entry(Spot("k@m/INBOX", 1, uid), came_at, f"contact-{uid}", f"hash-{uid}", Outcome.IMPORTED)
