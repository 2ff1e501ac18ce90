"""A running intake and a client that calls its doors."""

import base64
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from standardwebhooks.webhooks import Webhook

from services.intake.main import create_app
from services.intake.settings import Settings
from shared.clock import utc_now
from shared.events import ContactEnded, OfferAccepted
from shared.ids import new_id
from shared.publish import Message, Publisher
from shared.settings import ServiceSettings
from shared.vocabulary import Channel
from tests.integration.intake.reading import Read, ReadContacts
from tests.support.router_peer import router_peer

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
BEARER = {"authorization": "Bearer local-only-token"}


@dataclass(frozen=True, slots=True)
class Intake:
    """A running intake and a client that calls it."""

    app: FastAPI
    client: httpx.AsyncClient
    publisher: Publisher
    settings: Settings

    async def tell(self, *messages: Message) -> None:
        await self.publisher.publish(*messages, timeout=20)

    async def form(self, body: dict[str, Any] | bytes, **headers: str) -> httpx.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post("/webhooks/forms", content=data, headers=signed(data) | headers)

    async def ring(self, door: str = "voice", **form: str) -> httpx.Response:
        return await self.client.post(f"/webhooks/46elks/{door}", data=form)


def signed(data: bytes, *, at: datetime | None = None, key: str = SECRET, name: str | None = None) -> dict[str, str]:
    name, moment = name or f"msg_{secrets.token_hex(4)}", at or datetime.now(UTC)
    signature = Webhook(key).sign(name, moment, data.decode("utf-8", "replace"))
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
        "content-type": "application/json",
    }


@asynccontextmanager
async def started(settings: Settings, publisher: Publisher) -> AsyncIterator[Intake]:
    async with router_peer() as router_url:
        app = create_app(settings.model_copy(update={"router_url": router_url}))
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000), raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://intake") as client,
        ):
            yield Intake(app, client, publisher, settings)


def intake_settings(settings: ServiceSettings, **more: Any) -> Settings:
    own = {"webhook_secret": SECRET, "elks_token": "hemligt", "public_url": "https://kc.example/intake"}
    return Settings(**{**settings.model_dump(exclude={"port"}), **own, **more})


def accepted(contact_id: str, *, epoch: int) -> OfferAccepted:
    return OfferAccepted(
        contact_id=contact_id,
        epoch=epoch,
        at=utc_now(),
        offer_id=new_id(),
        agent_id="agent-maria",
        channel=Channel.PHONE,
        queue="q",
        waited_seconds=1,
    )


async def ended_events(read_contacts: ReadContacts) -> list[Read]:
    found = await read_contacts()
    return found if any(isinstance(one.event, ContactEnded) for one in found) else []


async def events(read_contacts: ReadContacts, count: int) -> list[Read]:
    found = await read_contacts()
    return found if len(found) == count else []
