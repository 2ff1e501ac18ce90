"""Casework's pages on a real database and Valkey, with a hand-made router that has contacts to offer."""

# ruff: noqa: ARG002 - a fake has the whole shape of what it stands for
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.casework import main, wiring
from services.casework.settings import Settings
from services.casework.store.bell import Bell
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import imports
from services.casework.usecases.casework import Casework
from services.casework.usecases.directory import ImportDirectory
from services.casework.usecases.templates import ImportTemplates
from services.casework.web.house import open_pages
from services.casework.web.page_routers import page_routers
from services.casework.web.seat import Times
from shared.clock import utc_now
from shared.database import make_engine, upgrade
from shared.errors import ConflictError, NotFoundError
from shared.events import Candidate, ChecklistRef, ContactReceived, ContactRouted, Sender
from shared.health import Health
from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, Priority
from shared.web.app import build_app
from tests.support.checklists import CHECKLISTS
from tests.support.templates import copied

SEED = Path(__file__).parents[2] / "deploy/seed"
KNOCKING = (
    *("accept_offer", "pass_on", "promise_return_call", "invite_officer", "try_again"),
    *("ask_colleague", "transfer_to_colleague", "end_question"),
)
"""The use cases that knock at the router's doors."""
MAIL = (
    "Hej! Det är iskallt i lägenheten sedan igår kväll, termometern visar 16 grader. Alla element är kalla.\n\nAnna Ek"
)


QUICK = Times(beat=1.0, again=0.5, queues=0.5)
"""A desk that looks around more often than a real one: what a test waits for comes sooner."""


class FakeRouter:
    """The router as casework sees it: contacts wait in a list, an offer is made once, all calls are noted."""

    def __init__(self) -> None:
        self.waiting: list[dict[str, Any]] = []
        self.offers: dict[str, dict[str, Any]] = {}
        self.presences: list[tuple[str, str, str | None]] = []
        self.completed: list[str] = []
        self.declined: list[str] = []
        self.case_types: list[dict[str, Any]] = []
        self.more = asyncio.Event()
        self.doings: list[tuple[Any, ...]] = []
        """What was asked of the doors of a contact: requeue, consult, transfer, conference, return_call."""
        self.after_work: tuple[str, float] | None = None
        """Mode and seconds of the after-work that follows a contact."""
        self.wrap_up: dict[str, Any] | None = None
        self.own_modes: list[str] = []
        self.sent_away = False
        self.modes_chosen: list[str | None] = []
        self.peak_now: dict[str, Any] = {"active": False}
        self.channels_pulled: list[list[str] | None] = []

    def add(self, offer: dict[str, Any]) -> None:
        """Let a contact wait."""
        self.waiting.append(offer)
        self.more.set()

    async def presence(
        self, agent_id: str, presence: str, reason: str | None = None, mode: str | None = None, *, chosen: bool = False
    ) -> dict[str, Any]:
        if mode and mode not in self.own_modes:
            raise NotFoundError
        self.presences.append((agent_id, presence, reason))
        self.modes_chosen.append(mode)
        self.sent_away = self.sent_away and not (chosen and presence == "ready")
        said = {"presence": "away" if self.sent_away else presence, "capacity": 100, "used": 0, "on_hold": 0}
        return {**said, "wrap_up": self.wrap_up, "sent_away": self.sent_away}

    async def modes(self, agent_id: str) -> list[str]:
        return self.own_modes

    async def peak(self) -> dict[str, Any]:
        return self.peak_now

    async def pull(
        self, agent_id: str, wait: float = 25, channels: Any = None, mode: str | None = None
    ) -> dict[str, Any] | None:
        self.channels_pulled.append(channels and list(channels))

        def fitting() -> list[dict[str, Any]]:
            return [one for one in self.waiting if not channels or one["channel"] in channels]

        try:
            async with asyncio.timeout(wait):
                while not (found := fitting()):
                    self.more.clear()
                    await self.more.wait()
        except TimeoutError:
            return None
        self.waiting.remove(found[0])
        return await self.offered(found[0])

    async def offered(self, work: dict[str, Any]) -> dict[str, Any]:
        """Make an offer of it."""
        offer = {**work, "offer_id": new_id(), "expires_at": (utc_now() + timedelta(seconds=30)).isoformat()}
        self.offers[offer["offer_id"]] = offer
        return offer

    async def accept(self, offer_id: str, epoch: int) -> dict[str, Any]:
        if offer_id not in self.offers:
            raise ConflictError
        return {"contact_id": self.offers.pop(offer_id)["contact_id"], "epoch": epoch}

    async def decline(self, offer_id: str, epoch: int, reason: str) -> None:
        self.declined.append(self.offers.pop(offer_id)["contact_id"])

    async def complete(self, contact_id: str, epoch: int, case_type: str | None) -> None:
        self.completed.append(contact_id)
        if self.after_work:
            mode, seconds = self.after_work
            until = (utc_now() + timedelta(seconds=seconds)).isoformat()
            self.wrap_up = {"contact_id": contact_id, "mode": mode, "until": until}

    async def wrap_end(self, contact_id: str) -> None:
        if not self.wrap_up or self.wrap_up["mode"] == "mandatory":
            raise ConflictError
        self.wrap_up = None

    async def requeue(
        self, contact_id: str, epoch: int, reason: str, *, queue: str | None = None, to_agent: str | None = None
    ) -> None:
        self.doings.append(("requeue", contact_id, epoch, queue or to_agent))

    async def consult(self, contact_id: str, epoch: int, to_agent: str) -> str:
        self.doings.append(("consult", contact_id, epoch, to_agent))
        return f"{contact_id}~{epoch}~{to_agent}"

    async def transfer(self, contact_id: str, epoch: int, consult_id: str) -> dict[str, Any]:
        self.doings.append(("transfer", contact_id, epoch, consult_id))
        return {"contact_id": contact_id, "epoch": epoch}

    async def conference(self, contact_id: str, epoch: int, officer_id: str) -> None:
        self.doings.append(("conference", contact_id, epoch, officer_id))

    async def return_call(self, contact_id: str, epoch: int, at: datetime | None) -> None:
        self.doings.append(("return_call", contact_id, epoch, at))

    async def connect(self, contact_id: str, number: str) -> None:
        """Stand in for intake, too, which leads the call."""
        self.doings.append(("connect", contact_id, number))

    async def queues(self) -> list[dict[str, Any]]:
        channels = [offer["channel"] for offer in self.waiting]
        counted = {channel: channels.count(channel) for channel in set(channels)}
        queue = {"queue": "bostadsbolag", "waiting": len(channels), "oldest_seconds": 161.0, "ready_agents": 1}
        return [{**queue, "by_channel": counted}] if channels else []

    async def search(self, text: str, unit: str | None = None) -> list[dict[str, Any]]:
        words = text.lower().split()
        return [one for one in self.case_types if all(word in one["question"].lower() for word in words)]

    async def match(self, text: str, *, entrance: str | None = None, channel: str | None = None) -> dict[str, Any]:
        words = [word.strip(".,!").lower() for word in text.split()]
        return {"explanation": [{"word": word, "weight": 1.0} for word in words if word in ("iskallt", "element")]}

    async def close(self) -> None:
        return None


class DeskHouse:
    """The app and what a test moves in it."""

    def __init__(self, app: FastAPI, casework: Casework, router: FakeRouter) -> None:
        self.app = app
        self.casework = casework
        self.router = router
        self.first = "kallt inne"
        """Words of the question that is the first candidate."""

    async def arrive(self, channel: Channel = Channel.PHONE, *, text: str = "", subject: str = "", **facts: Any) -> str:
        """Let a contact arrive and wait; returns its id."""
        contact_id = new_id()
        self.first = facts.pop("first", "kallt inne")
        why = facts.pop("why", ("people-who-wait-first", "queue-of-the-unit"))
        entrance = facts.pop("entrance", "bostad-nummer" if channel is Channel.PHONE else "bostad-mejl")
        sender = Sender(name=facts.pop("name", None), email=facts.pop("email", None), phone=facts.pop("phone", None))
        event = ContactReceived(
            contact_id=contact_id,
            channel=channel,
            entrance=entrance,
            unit="bostadsbolag",
            received_at=utc_now() - timedelta(seconds=38),
            sender=sender,
            subject=subject,
            text=text,
            **facts,
        )
        await self.casework.follow_contacts.run([event])
        offer = await self._offer(event)
        await self.casework.follow_routing.run([_routed(event, offer, why)])
        self.router.add(offer)
        return contact_id

    async def _offer(self, event: ContactReceived) -> dict[str, Any]:
        kinds = [one for one in await self.casework.read_catalogue.case_types() if one.unit == event.unit]
        kinds.sort(key=lambda one: self.first not in one.question)
        candidates = [
            {
                "case_type": one.id,
                "unit": one.unit,
                "area": one.area,
                "question": one.question,
                "confidence": round(0.91 / (place + 1) ** 1.3, 2),
            }
            for place, one in enumerate(kinds[:5])
        ]
        first = kinds[0].checklist
        return {
            "epoch": 1,
            "contact_id": event.contact_id,
            "channel": event.channel.value,
            "entrance": event.entrance,
            "unit": event.unit,
            "queue": event.unit,
            "priority": "normal",
            "waited_seconds": 38.0,
            "due_at": None,
            "candidates": candidates,
            "checklist": first.model_dump() if first else None,
        }


def _routed(event: ContactReceived, offer: dict[str, Any], why: tuple[str, ...]) -> ContactRouted:
    return ContactRouted(
        contact_id=event.contact_id,
        channel=event.channel,
        entrance=event.entrance,
        unit=event.unit,
        language=event.language,
        received_at=event.received_at,
        candidates=[Candidate(**one) for one in offer["candidates"]],
        checklist=offer["checklist"] and ChecklistRef(**offer["checklist"]),
        queue=event.unit,
        priority=Priority.NORMAL,
        why=why,
    )


@asynccontextmanager
async def desk_house(settings: ServiceSettings, times: Times = QUICK) -> AsyncIterator[DeskHouse]:
    """Build the house with the seed's catalogue and people; what tells Kafka stays in the outbox."""
    own = Settings(**settings.model_dump())
    await copied(own.postgres, "desk", _seed)
    engine = make_engine(own, "casework")
    router = FakeRouter()
    built = wiring.build(own, engine)
    await built.router.close()
    knocking = {name: replace(getattr(built, name), router=router) for name in KNOCKING}
    directory = replace(built.directory, connect=replace(built.directory.connect, telephony=router))
    practice = replace(built.practice, start=replace(built.practice.start, router=router))  # type: ignore[arg-type] # as below
    more: dict[str, Any] = {"directory": directory, "practice": practice}
    casework = replace(built, router=router, **more, **knocking)  # type: ignore[arg-type] # the parts it uses
    router.case_types = [
        {**one.model_dump(include={"unit"}), "case_type": one.id, "area": one.area, "question": one.question}
        for one in await casework.read_catalogue.case_types()
    ]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        bell = Bell(engine)
        async with open_pages(app, casework, bell, times=times):
            ringing = asyncio.create_task(bell.run())
            try:
                yield
            finally:
                ringing.cancel()
                await asyncio.gather(ringing, return_exceptions=True)

    app = build_app(
        own,
        service="casework",
        title="Ärenden",
        lifespan=lifespan,
        routers=(*main.DOORS, *page_routers(own)),
        health=Health(),
        templates=[Path(main.__file__).parent / "templates"],
        larger_bodies=main.UPLOADS,
    )
    try:
        yield DeskHouse(app, casework, router)
    finally:
        await engine.dispose()


async def _seed(url: str) -> None:
    await asyncio.to_thread(upgrade, url, "services.casework.migrations")
    engine = make_engine(ServiceSettings(postgres=url), "casework")
    uow = UnitOfWork(engine)
    await imports.ImportCatalogue(uow, "kommun.example").run((SEED / "catalogue-sv.csv").read_bytes())
    await imports.ImportChecklists(uow, utc_now).run(CHECKLISTS.read_bytes())
    await imports.ImportEntrances(uow).run((SEED / "entrances.yaml").read_bytes())
    await imports.ImportPeople(uow).run((SEED / "people.yaml").read_bytes())
    await ImportDirectory(uow, utc_now).run((SEED / "directory-sv.csv").read_bytes())
    await ImportTemplates(uow, utc_now).run((SEED / "templates.yaml").read_bytes())
    await engine.dispose()
