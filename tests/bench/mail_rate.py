"""From a mailbox to open cases, and the same mails through what a simple importer does."""

import asyncio
import contextlib
import email
import email.policy
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import psycopg

from shared.events import CaseOpened, ContactReceived, ContactRouted
from tests.bench.common import quantile
from tests.bench.log import Log
from tests.bench.mail_house import Office
from tests.bench.mail_letters import Letter, letters

_WARM = 10


@dataclass
class Arrived:
    """What the log says of mails: contacts by Message-ID, each with its events, and when the first was written."""

    contacts: dict[str, set[str]] = field(default_factory=dict)
    events: dict[str, set[bytes]] = field(default_factory=dict)
    first_ms: dict[str, int] = field(default_factory=dict)

    def note(self, record: Any, event_id: bytes) -> None:
        message_id = str(json.loads(record.value)["message_id"])
        self.contacts.setdefault(message_id, set()).add(record.key.decode())
        self.events.setdefault(message_id, set()).add(event_id)
        self.first_ms.setdefault(message_id, record.timestamp)


async def rate(office: Office, count: int, size: int, *, patience: float) -> dict[str, Any]:
    """Return mails a second from the moment that all lie there until the last case is open."""
    await _through(office, _sample(office, _WARM, min(size, 4096)), patience)
    sample = _sample(office, count, size)
    before = office.costs()
    began, arrived, opened = await _through(office, sample, patience)
    used = {part: seconds - before.get(part, 0.0) for part, seconds in office.costs().items()}
    plain = await asyncio.to_thread(importer_rate, office, _sample(office, min(count, 200), size))
    ids = {contact for known in arrived.contacts.values() for contact in known}
    cases = await _cases(office.postgres, ids)
    last = max(opened.first_ms.values(), default=0) / 1e3
    taken = max(arrived.first_ms.values(), default=0) / 1e3
    complete = sum(1 for known in arrived.contacts.values() if known <= opened.ids.keys())
    extra = sum(len(known) - 1 for known in arrived.contacts.values())
    extra += sum(len(known) - 1 for known in arrived.events.values())
    found = complete / (last - began) if last > began else 0.0
    return {
        "mails_per_s": round(found, 1),
        "intake_per_s": round(len(arrived.contacts) / (taken - began), 1) if taken > began else 0.0,
        "lost": count - min(complete, cases),
        "duplicates": extra + max(0, cases - len(arrived.contacts)),
        "cpu_ms_per_mail": {part: round(seconds * 1e3 / count, 2) for part, seconds in used.items() if seconds > 0},
        "baseline": {"importer_per_s": round(plain, 1)},
    }


def _sample(office: Office, count: int, size: int) -> list[Letter]:
    return list(letters(count, size, run=f"bench-{time.time_ns()}", to=office.address))


async def _through(office: Office, sample: Sequence[Letter], patience: float) -> tuple[float, Arrived, Any]:
    """Deliver mails and wait for their cases."""
    contacts, cases = Log(office.kafka, "contacts"), Log(office.kafka, "cases")
    await asyncio.gather(contacts.open(), cases.open())
    try:
        began = await asyncio.to_thread(office.deliver, sample)
        arrived = await _arrived(contacts, {one.message_id for one in sample}, patience)
        ids = [contact for known in arrived.contacts.values() for contact in known]
        opened = await cases.gather(
            CaseOpened.event_type, ids, patience=patience, of=lambda record: str(json.loads(record.value)["contact_id"])
        )
    finally:
        await asyncio.gather(contacts.close(), cases.close())
    return began, arrived, opened


async def _arrived(contacts: Log, wanted: set[str], patience: float) -> Arrived:
    found, last = Arrived(), time.monotonic()
    while wanted - found.contacts.keys() and time.monotonic() - last < patience:
        before = len(found.contacts)
        await contacts.each(ContactReceived.event_type, found.note)
        if len(found.contacts) > before:
            last = time.monotonic()
        await asyncio.sleep(0)
    return found


async def _cases(postgres: str, contacts: set[str]) -> int:
    connection = await asyncpg.connect(postgres)
    try:
        asked = "SELECT count(*) FROM casework.cases WHERE contact_id = ANY($1::text[])"
        return int(await connection.fetchval(asked, list(contacts)))
    finally:
        await connection.close()


def importer_rate(office: Office, sample: Sequence[Letter]) -> float:
    """Mails a second of a plain loop: fetch one, parse it by the default policy, insert a row, mark it deleted."""
    box = office.importer(sample)
    with psycopg.connect(office.postgres) as database:
        database.execute("CREATE TEMP TABLE tickets (id bigserial PRIMARY KEY, subject text, body text, raw bytea)")
        began, done = time.perf_counter(), 0
        box.select("INBOX")
        for uid in box.uid("SEARCH", "UNDELETED")[1][0].split():
            raw = box.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1][0][1]
            _insert(database, raw)
            box.uid("STORE", uid.decode(), "+FLAGS", r"(\Deleted)")
            done += 1
        box.expunge()
        spent = time.perf_counter() - began
    box.logout()
    return done / spent if done else 0.0


def _insert(database: psycopg.Connection, raw: bytes) -> None:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    body = mail.get_body(("plain", "html"))
    with contextlib.suppress(LookupError, ValueError):  # the default policy gives up on real mails; a bench's are tame
        text = body.get_content() if body else ""
        asked = "INSERT INTO tickets (subject, body, raw) VALUES (%s, %s, %s)"
        database.execute(asked, (str(mail["subject"]), text, raw))
        database.commit()


async def latency(office: Office, count: int, per_second: float) -> dict[str, Any]:
    """Return the milliseconds from a mail's handing over by SMTP until its contact is routed, one after the other."""
    sample = _sample(office, count, 4096)
    contacts, routing = Log(office.kafka, "contacts"), Log(office.kafka, "routing")
    await asyncio.gather(contacts.open(), routing.open())
    sent: dict[str, float] = {}
    try:
        async with asyncio.TaskGroup() as under_way:
            start = time.monotonic()
            for number, letter in enumerate(sample):
                await asyncio.sleep(max(0.0, start + number / per_second - time.monotonic()))
                sent[letter.message_id] = time.time()
                under_way.create_task(asyncio.to_thread(office.send, letter))
        arrived = await _arrived(contacts, set(sent), 20)
        by_contact = {contact: name for name, known in arrived.contacts.items() for contact in known}
        routed = await routing.gather(ContactRouted.event_type, by_contact, patience=20)
    finally:
        await asyncio.gather(contacts.close(), routing.close())
    ms = [at - sent[by_contact[contact]] * 1e3 for contact, at in routed.first_ms.items()]
    return {"p50": quantile(ms, 0.5, 0), "p95": quantile(ms, 0.95, 0), "lost": count - len(ms)}
