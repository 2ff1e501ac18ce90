"""Casework on a real database with the seed in it, and facts as the other services would tell them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.casework import wiring
from services.casework.settings import Settings
from services.casework.store import runs
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import imports
from services.casework.usecases.casework import Casework
from services.casework.usecases.templates import ImportTemplates
from shared.database import make_engine
from shared.events import Candidate, ContactFollowedUp, ContactReceived, ContactRouted, OfferAccepted, Sender
from shared.ids import case_type_id, natural_contact_id
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, Priority, Role
from shared.web.access import Person
from tests.support import templates
from tests.support.checklists import CHECKLISTS

SEED = Path(__file__).parents[2] / "deploy" / "seed"
COLD = case_type_id("Bostadsbolag | Felanmälan | Det är kallt inne, räknas det som ett fel?")
LAMP = case_type_id("Gata och park | Belysning | Gatlampan utanför oss är släckt")
CHILD = case_type_id("Individ och familj | Oro för barn | Jag är orolig för ett barn, var anmäler jag det?")
NO_CHECKLIST = case_type_id("Bostadsbolag | Uthyrning | Hur säger jag upp min lägenhet?")

MARIA = Person("agent-maria-lind", "Maria Lind", frozenset({Role.AGENT}), frozenset({"*"}))
PER = Person("officer-per-dahl", "Per Dahl", frozenset({Role.OFFICER}), frozenset({"bostadsbolag"}))
LENA = Person("officer-lena-hall", "Lena Håll", frozenset({Role.OFFICER}), frozenset({"bygg-och-plan"}))


@dataclass(slots=True)
class Time:
    """A clock that a test moves: Wednesday 25 November 2026, 10:00 in Stockholm, unless told otherwise."""

    now: datetime = datetime(2026, 11, 25, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass(slots=True)
class Room:
    """Casework, its database and its clock."""

    settings: Settings
    engine: AsyncEngine
    casework: Casework
    time: Time
    _numbers: int = field(default=0)

    async def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Return what stands in the outbox, oldest first."""
        rows = await self.rows("SELECT type, key, event_id, value FROM casework.outbox ORDER BY id")
        found = [{**row, "value": row["value"] and orjson.loads(row["value"])} for row in rows]
        return [one for one in found if kind is None or one["type"] == kind]

    async def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        async with self.engine.connect() as conn:
            return [dict(row) for row in (await conn.execute(text(sql), params)).mappings()]

    async def run(self, sql: str) -> None:
        async with self.engine.begin() as conn:
            await conn.execute(text(sql))

    async def rewrite(self, sql: str) -> None:
        """Change checklists that are published, which nobody else ever does: what is kept of them is forgotten."""
        await self.run(sql)
        runs._KEPT.pop(self.engine.sync_engine, None)

    async def seed(self) -> None:
        """Take in the seed, with checklists that tests know, and forget that it was told."""
        uow = UnitOfWork(self.engine)
        takes: Sequence[tuple[Any, str | Path]] = (
            (imports.ImportCatalogue(uow, "kommun.example"), "catalogue-sv.csv"),
            (imports.ImportChecklists(uow, self.time), CHECKLISTS),
            (imports.ImportEntrances(uow), "entrances.yaml"),
            (imports.ImportPeople(uow), "people.yaml"),
            (ImportTemplates(uow, self.time), "templates.yaml"),
        )
        for use_case, name in takes:
            await use_case.run((SEED / name).read_bytes())
        await self.run("DELETE FROM casework.outbox")

    def received(self, name: str, channel: Channel = Channel.EMAIL, **facts: Any) -> ContactReceived:
        """Return a contact as intake tells it."""
        given = {
            "entrance": "bostad-mejl",
            "unit": "bostadsbolag",
            "sender": Sender(name="Olle Ek", email="olle@medborgare.example"),
            "subject": "Kallt",
            "text": "Det är kallt hemma.",
            "message_id": f"<{name}@medborgare.example>",
            "person_key": "2026:olle",
        }
        made = {**given, **facts}
        return ContactReceived(contact_id=contact(name), channel=channel, received_at=self.time(), **made)

    def followed(self, name: str, follows: str, **facts: Any) -> ContactFollowedUp:
        """Return a follow-up as intake tells it."""
        return ContactFollowedUp(**{**self.received(name, **facts).model_dump(), "follows": follows})

    def routed(self, name: str, case_type: str | None = COLD, channel: Channel = Channel.EMAIL) -> ContactRouted:
        """Return what the router says of a contact."""
        first = Candidate(
            case_type=case_type or "", unit="bostadsbolag", area="Felanmälan", question="Kallt?", confidence=0.9
        )
        return ContactRouted(
            contact_id=contact(name),
            channel=channel,
            entrance="bostad-mejl",
            unit="bostadsbolag",
            language="sv",
            received_at=self.time(),
            candidates=(first,) if case_type else (),
            queue="bostad",
            priority=Priority.NORMAL,
            due_at=self.time() + timedelta(days=2),
        )

    def accepted(
        self, name: str, epoch: int = 1, agent: str = MARIA.id, channel: Channel = Channel.EMAIL
    ) -> OfferAccepted:
        """Return that an agent has taken a contact."""
        return OfferAccepted(
            contact_id=contact(name),
            epoch=epoch,
            at=self.time(),
            offer_id=f"{name}-{epoch}",
            agent_id=agent,
            channel=channel,
            queue="bostad",
            waited_seconds=12,
        )

    async def open(self, name: str, case_type: str | None = COLD, **facts: Any) -> str:
        """Open a case by mail, routed and taken by Maria; return its number."""
        await self.casework.follow_contacts.run([self.received(name, **facts)])
        await self.casework.follow_routing.run([self.routed(name, case_type), self.accepted(name)])
        return await self.number(name)

    async def close(self) -> None:
        """Let go of the database and the router."""
        await self.casework.router.close()
        await self.engine.dispose()

    async def number(self, name: str) -> str:
        """Return the number of a contact's case."""
        page = await self.casework.list_cases.run(MARIA, contact_id=contact(name))
        assert len(page.items) == 1
        return page.items[0].number


def contact(name: str) -> str:
    """Return the contact id of a test's name for it."""
    return natural_contact_id("test", name)


def make_room(settings: ServiceSettings, *, migrated: bool = False, **more: Any) -> Room:
    """Return casework on a database, migrated first unless it is."""
    if not migrated:
        templates.migrated(settings.postgres, "services.casework.migrations")
    own = Settings(**{**settings.model_dump(), "casework_url": "http://127.0.0.1:8103", **more})
    engine = make_engine(own, "casework", pool=5)
    time = Time()
    return Room(own, engine, wiring.build(own, engine, time), time)
