"""Everything that comes in is scanned by a real clamd; without its verdict it comes in all the same, and waits."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.jobs.rescan import Rescan
from services.intake.store.tables import UNSCANNED
from services.intake.store.unscanned import Unscanned
from services.intake.usecases.keep import Safety
from services.intake.usecases.receive_mail import RawMail, ReceiveMail
from shared.clamd import Clamd
from shared.clock import utc_now
from shared.database import make_engine
from shared.errors import NotFoundError
from shared.events import ContactReceived, ContactScanned
from shared.originals import Originals, attachment_key, quarantined
from shared.publish import Publisher
from shared.settings import ServiceSettings
from tests.integration.intake.conftest import Post
from tests.integration.intake.doors import Intake, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.clamd import MALWARE, Scanner, clamd, needs_clamd
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, needs_clamd]

BAD = {"name": "faktura.pdf", "content_type": "application/pdf", "base64": base64.b64encode(MALWARE).decode()}
GOOD = {"name": "bild.png", "content_type": "image/png", "base64": base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()}


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    with clamd() as running:
        yield running


@pytest.fixture
async def scanning(settings: ServiceSettings, stocked: Publisher, scanner: Scanner) -> AsyncIterator[Intake]:
    """A running intake that asks the scanner."""
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, clamd_socket=str(scanner.socket)), stocked) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Mails:
    """What takes mails in, with a scanner."""

    receive: ReceiveMail
    originals: Originals
    engine: AsyncEngine


@pytest.fixture
def mails(post: Post, settings: ServiceSettings, scanner: Scanner) -> Mails:
    safety = Safety(Clamd(str(scanner.socket), rest=0), Unscanned(post.engine))
    return Mails(replace(post.receive, safety=safety), Originals(settings.originals), post.engine)


def letter(*files: bytes, body: str = "Hej") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "anna@example.se", "kontakt@kommun.example", "<1@example.se>"
    mail.set_content(body)
    for number, data in enumerate(files):
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=f"fil-{number}.pdf")
    return mail.as_bytes()


async def received(read_contacts: ReadContacts) -> ContactReceived:
    (event,) = [one.event for one in await read_contacts() if isinstance(one.event, ContactReceived)]
    return event


async def waiting(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list((await connection.execute(select(UNSCANNED.c.store_key))).scalars())


async def test_an_infected_file_of_a_form_lies_in_quarantine_and_its_contact_says_so(
    scanning: Intake, read_contacts: ReadContacts
) -> None:
    answer = await scanning.form(
        {"form": "kontakta-oss", "submission_id": "1", "fields": {"a": "b"}, "attachments": [GOOD, BAD]}
    )
    assert answer.status_code == 202, answer.text
    event = await received(read_contacts)
    good, bad = event.attachments
    assert (good.scan, good.detected_type, good.flags) == ("clean", "image/png", ())
    assert (bad.scan, event.flags) == ("infected", ("infected",))
    assert quarantined(bad.store_key)
    store = Originals(scanning.settings.originals)
    assert await store.get(bad.store_key) == MALWARE
    assert await store.get(good.store_key)
    with pytest.raises(NotFoundError):
        await store.get(attachment_key(event.contact_id, 2, "faktura.pdf"))


async def test_an_infected_file_makes_its_mail_infected(mails: Mails, read_contacts: ReadContacts) -> None:
    raw = letter(b"%PDF-1.7", MALWARE)
    await mails.receive.receive([RawMail(raw)], "k@kommun.example")
    event = await received(read_contacts)
    assert [one.scan for one in event.attachments] == ["clean", "infected"]
    assert "infected" in event.flags
    assert await mails.originals.get(str(event.original_key)) == raw


async def test_what_is_no_file_of_a_mail_is_scanned_too(mails: Mails, read_contacts: ReadContacts) -> None:
    await mails.receive.receive([RawMail(letter(body=MALWARE.decode()))], "k@kommun.example")
    assert "infected" in (await received(read_contacts)).flags


async def test_a_clean_mail_has_no_flag_and_nothing_waits(mails: Mails, read_contacts: ReadContacts) -> None:
    await mails.receive.receive([RawMail(letter(b"%PDF-1.7"))], "k@kommun.example")
    event = await received(read_contacts)
    assert [one.scan for one in event.attachments] == ["clean"]
    assert not {"infected", "not_scanned"} & set(event.flags)
    assert await waiting(mails.engine) == []


async def test_with_the_scanner_killed_all_comes_in_waits_and_has_its_verdict_when_it_is_back(
    settings: ServiceSettings, stocked: Publisher, read_contacts: ReadContacts
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    with clamd() as mortal:
        assert mortal.running
        async with started(intake_settings(settings, clamd_socket=str(mortal.socket)), stocked) as intake:
            mortal.running.kill()
            form = {"form": "kontakta-oss", "submission_id": "1", "fields": {"a": "b"}, "attachments": [GOOD, BAD]}
            assert (await intake.form(form)).status_code == 202
            event = await received(read_contacts)
            assert [one.scan for one in event.attachments] == ["failed", "failed"]
            ready = await intake.client.get("/health/ready")
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
            assert "files wait unscanned" in ready.json()["failing"]["clamd"]
            store, engine = Originals(settings.originals), make_engine(settings, "intake")
            job = _job(store, engine, mortal)
            assert await job.once() == 0, "the scanner is away"
            await asyncio.to_thread(mortal.running.again)
            assert "clamd" not in (await intake.client.get("/health/ready")).json()["failing"]
            assert await job.once() == 2
            assert await waiting(engine) == []
            told = await eventually(lambda: _scanned(read_contacts))
            assert told is not None
            assert {one.store_key: one.scan for one in told.files} == {
                event.attachments[0].store_key: "clean",
                event.attachments[1].store_key: "infected",
            }
            moved = next(one.now_key for one in told.files if one.now_key)
            assert await store.get(moved) == MALWARE
            with pytest.raises(NotFoundError):
                await store.get(event.attachments[1].store_key)
            await engine.dispose()


async def test_a_mail_without_a_verdict_says_so_and_one_erased_meanwhile_is_forgotten(
    mails: Mails, read_contacts: ReadContacts, scanner: Scanner, settings: ServiceSettings
) -> None:
    nobody = Safety(Clamd(f"{scanner.socket}.none"), Unscanned(mails.engine))
    receive = replace(mails.receive, safety=nobody)
    await receive.receive([RawMail(letter(b"%PDF-1.7"))], "k@kommun.example")
    event = await received(read_contacts)
    assert "not_scanned" in event.flags
    assert sorted(await waiting(mails.engine)) == sorted([str(event.original_key), event.attachments[0].store_key])
    await mails.originals.delete(event.contact_id)
    assert await _job(mails.originals, mails.engine, scanner).once() == 2
    assert await waiting(mails.engine) == []


async def test_a_file_that_never_has_a_verdict_is_asked_about_ever_more_seldom(mails: Mails, scanner: Scanner) -> None:
    list_of = Unscanned(mails.engine)
    key = "c/attachments/1-stor.bin"
    await mails.originals.put(key, b"x" * 3_000_000, content_type="application/octet-stream")
    await list_of.note([key])
    now = utc_now()
    assert await list_of.due(now, 10) == [], "its contact may not have been told of yet"
    for minutes in (2, 5, 10):
        job = _job(mails.originals, mails.engine, scanner, minutes=minutes)
        assert await job.once() == 0
        assert await list_of.due(now + timedelta(minutes=minutes), 10) == []
    assert await list_of.forget_before(now + timedelta(seconds=5)) == 1


def _job(store: Originals, engine: AsyncEngine, scanner: Scanner, *, minutes: float = 2) -> Rescan:
    later = utc_now() + timedelta(minutes=minutes)
    return Rescan(store, Clamd(str(scanner.socket), rest=0), Unscanned(engine), lambda: later)


async def _scanned(read_contacts: ReadContacts) -> ContactScanned | None:
    return next((one.event for one in await read_contacts() if isinstance(one.event, ContactScanned)), None)
