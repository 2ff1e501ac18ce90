"""A floor for the supervisor's page and acts: a router on real parts, three units, four agents, and who waits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from services.router.main import create_app
from services.router.settings import Settings
from shared.events import ContactReceived, Event
from shared.publish import Publisher, message
from shared.records import AgentProfile, EntranceRecord, UnitRecord
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from shared.vocabulary import Channel, EntranceKind, Presence
from tests.support.served import served
from tests.support.wait import eventually

UNITS = {"kontaktcenter": "Kontaktcenter", "bostadsbolag": "Bostadsbolag", "bygg-och-plan": "Bygg och plan"}
AGENTS = {
    "agent-maria": AgentProfile(id="agent-maria", name="Maria Lind", skills={"kontaktcenter": 3}),
    "agent-jonas": AgentProfile(id="agent-jonas", name="Jonas Berg", skills={"*": 3}),
    "agent-sara": AgentProfile(id="agent-sara", name="Sara Ek", skills={"bygg-och-plan": 4}),
    "agent-amir": AgentProfile(id="agent-amir", name="Amir Haddad", skills={"*": 2}, languages=("sv", "ar")),
}


@dataclass(frozen=True, slots=True)
class FloorHouse:
    """A running router; `http` speaks as a machine."""

    app: FastAPI
    settings: Settings
    url: str
    http: httpx.AsyncClient
    publisher: Publisher

    async def say(self, *events: Event) -> None:
        """Write events as their services would."""
        await self.publisher.publish(*(message(event) for event in events), timeout=10)

    async def arrive(self, contact_id: str, unit: str = "kontaktcenter", channel: Channel = Channel.PHONE) -> None:
        """Let a contact come, and wait until it waits."""
        await self.say(received(contact_id, unit, channel))
        await eventually(lambda: self.state(contact_id), 20)

    async def state(self, contact_id: str) -> str:
        """Return where a contact is; empty while it is not known."""
        answer = await self.http.get(f"/api/v1/contacts/{contact_id}")
        return str(answer.json()["state"]) if answer.status_code == 200 else ""

    async def be(self, agent_id: str, presence: Presence = Presence.READY) -> None:
        """Set an agent's presence, as her desk would."""
        answer = await self.http.put(f"/api/v1/agents/{agent_id}/presence", json={"presence": presence.value})
        assert answer.status_code == 200, answer.text

    async def offered(self, agent_id: str) -> dict[str, Any]:
        """Return what an agent is offered."""
        answer = await self.http.post(f"/api/v1/agents/{agent_id}/pull", params={"wait": 20}, timeout=40)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def taken(self, agent_id: str) -> str:
        """Let an agent take what she is offered; return the contact."""
        offer = await self.offered(agent_id)
        answer = await self.http.post(f"/api/v1/offers/{offer['offer_id']}/accept", json={"epoch": offer["epoch"]})
        assert answer.status_code == 200, answer.text
        return str(offer["contact_id"])


def received(contact_id: str, unit: str = "kontaktcenter", channel: Channel = Channel.PHONE) -> ContactReceived:
    """Return a contact as intake writes it."""
    return ContactReceived(
        contact_id=contact_id,
        channel=channel,
        entrance=f"vaxel-{unit}",
        unit=unit,
        received_at=datetime.now(UTC),
        text="Hej",
    )


@asynccontextmanager
async def floor_house(settings: ServiceSettings, **own: Any) -> AsyncIterator[FloorHouse]:
    """Serve a router whose catalogue and agents are read."""
    await ensure_topics(settings)
    made = Settings(**settings.model_dump(include=set(Settings.model_fields) - {"port"}), presence_seconds=300, **own)
    publisher = Publisher(made, "test")
    await publisher.start()
    await publisher.publish(*(message(event) for event in [*_catalogue(), *AGENTS.values()]), timeout=10)
    app = create_app(made)
    headers = {"Authorization": f"Bearer {made.machine_token.get_secret_value()}"}
    try:
        async with served(app) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
            yield FloorHouse(app, made, url, http, publisher)
    finally:
        await publisher.stop()


def _catalogue() -> list[Event]:
    units: list[Event] = [UnitRecord(id=unit, name=name) for unit, name in UNITS.items()]
    entrances = [
        EntranceRecord(
            id=f"vaxel-{unit}",
            kind=EntranceKind.NUMBER,
            value=f"+4684650040{number}",
            name=f"Växel {name}",
            unit=unit,
            greeting="Välkommen, du pratar med {agent}.",
            default=not number,
        )
        for number, (unit, name) in enumerate(UNITS.items())
    ]
    return [*units, *entrances]
