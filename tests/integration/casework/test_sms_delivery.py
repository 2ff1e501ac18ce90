"""What 46elks reports of an SMS, posted as its reference says: seen at the message, once, by nobody else's word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.casework import main, wiring
from services.casework.channels.elks_sms import ElksSms
from services.casework.usecases.views import CaseView
from services.casework.web import elks
from shared.events import Sender
from shared.health import Health
from shared.vocabulary import CaseState, Channel, Resolution
from shared.web.app import build_app
from tests.support.casework import COLD, MARIA, Room
from tests.support.elks_peer import ElksPeer

pytestmark = pytest.mark.integration

PHONE = "+46701740605"
DOOR = "/webhooks/46elks/delivery"
STRANGER, PROVIDER = ("203.0.113.9", 4711), ("176.10.154.199", 4711)
ARRIVED = {"status": "delivered", "delivered": "2026-11-25T09:12:13.123456"}


@pytest.fixture
async def texting(room: Room) -> Room:
    """The room where SMS is set up, as in production: the token or the provider's address is the proof."""
    own = {"elks_url": "http://127.0.0.1:9", "elks_token": SecretStr("hemligt"), "environment": "production"}
    settings = room.settings.model_copy(update=own)
    await room.run("UPDATE casework.entrances SET sms_sender = 'AFA' WHERE id = 'bostad-nummer'")
    return replace(room, settings=settings, casework=wiring.build(settings, room.engine, room.time))


@pytest.fixture
def app(texting: Room) -> FastAPI:
    own = texting.settings.model_copy(update={"environment": "local"})
    made = build_app(
        own,
        service="casework",
        title="Sms",
        lifespan=None,
        routers=(elks.router,),
        health=Health(),
        templates=[Path(main.__file__).parent / "templates"],
    )
    made.state.settings = texting.settings
    made.state.casework = texting.casework
    return made


async def post(app: FastAPI, form: dict[str, str], caller: tuple[str, int] = PROVIDER, **query: str) -> int:
    transport = httpx.ASGITransport(app, client=caller)
    async with httpx.AsyncClient(transport=transport, base_url="https://kc.example") as client:
        return (await client.post(DOOR, data=form, params=query)).status_code


async def sent(room: Room, peer: ElksPeer) -> str:
    """Return the number of a case whose answer has gone out by SMS."""
    given: dict[str, Any] = {"channel": Channel.PHONE, "entrance": "bostad-nummer", "sender": Sender(phone=PHONE)}
    await room.casework.follow_contacts.run([room.received("a", **given, message_id=None, subject="")])
    await room.casework.follow_routing.run([
        room.routed("a", COLD, Channel.PHONE),
        room.accepted("a", channel=Channel.PHONE),
    ])  # fmt: skip
    number = await room.number("a")
    await room.casework.reply.run(number, MARIA, "Vi kommer i dag.", channel="sms")
    room.time.move(seconds=11)
    reports = f"https://kc.example{DOOR}?token=hemligt"
    channel = ElksSms(peer.url, peer.user, peer.password, reports=reports, seconds=2)
    assert await replace(room.casework.outgoing.send_sms, channel=channel).run() == 1
    await channel.close()
    return number


async def row(room: Room) -> dict[str, Any]:
    [found] = await room.rows("SELECT * FROM casework.sms_out")
    return found


async def case(room: Room, number: str) -> CaseView:
    return await room.casework.read_case.run(number, MARIA)


async def test_the_order_says_where_to_report_and_a_report_is_shown_at_the_message(texting: Room, app: FastAPI):
    async with ElksPeer() as peer:
        number = await sent(texting, peer)
    address = httpx.URL(peer.taken[0]["whendelivered"])
    assert (address.host, address.path) == ("kc.example", DOOR)
    one = await row(texting)
    assert address.params["sms"] == one["id"]
    form = {"id": one["provider_id"], **ARRIVED}
    for _ in "ab":
        assert await post(app, form, STRANGER, **dict(address.params)) == 204
    delivery = (await case(texting, number)).messages[-1].delivery
    assert delivery is not None
    assert (delivery.state, delivery.delivered_at) == ("delivered", datetime(2026, 11, 25, 9, 12, 13, 123456, UTC))
    assert await post(app, {"id": one["provider_id"], "status": "failed"}) == 204
    assert (await row(texting))["state"] == "delivered", "what is there is there"


async def test_what_was_not_delivered_opens_the_case_is_said_once_and_can_be_sent_again(texting: Room, app: FastAPI):
    async with ElksPeer() as peer:
        number = await sent(texting, peer)
    await texting.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    form = {"id": (await row(texting))["provider_id"], "status": "failed"}
    for _ in "ab":
        assert await post(app, form) == 204
    found = await case(texting, number)
    assert found.state is CaseState.OPEN
    assert found.messages[-1].delivery is not None
    assert (found.messages[-1].delivery.state, found.messages[-1].delivery.why) == ("failed", "undelivered")
    assert [one.what for one in found.history if one.what == "failed"] == ["failed"]
    await texting.casework.outgoing.again.run(number, MARIA, found.messages[-1].delivery.id)
    assert await post(app, form) == 204
    assert (await row(texting))["state"] == "queued", "a report of the first order says nothing of the second"


async def test_a_report_that_comes_before_the_answer_to_the_order_is_not_lost(texting: Room, app: FastAPI):
    async with ElksPeer(status=0) as peer:
        number = await sent(texting, peer)
    one = await row(texting)
    assert (one["state"], one["provider_id"]) == ("failed", "")
    assert await post(app, {"id": "s77", **ARRIVED}, sms=one["id"]) == 204
    async with texting.casework.send_mail.uow.begin() as work:
        await work.sms.sent(one["id"], texting.time() + timedelta(seconds=1), "s77")
    delivery = (await case(texting, number)).messages[-1].delivery
    assert delivery is not None
    assert (delivery.state, delivery.why) == ("delivered", "")


@pytest.mark.parametrize(
    "form",
    [
        {"id": "s" + "9" * 32, **ARRIVED},
        {"id": "", **ARRIVED},
        {"status": "failed"},
        {"id": "ours", "status": "sent"},
        {"id": "ours", "status": "flygande"},
        {},
    ],
)
async def test_what_says_nothing_of_ours_is_taken_and_changes_nothing(texting: Room, app: FastAPI, form: Any):
    async with ElksPeer() as peer:
        await sent(texting, peer)
    before = await row(texting)
    said = {**form, **({"id": before["provider_id"]} if form.get("id") == "ours" else {})}
    assert await post(app, said, sms="of.nobody") == 204
    assert await row(texting) == before


async def test_only_the_provider_or_who_has_the_token_reports(texting: Room, app: FastAPI):
    async with ElksPeer() as peer:
        await sent(texting, peer)
    form = {"id": (await row(texting))["provider_id"], **ARRIVED}
    assert await post(app, form, STRANGER) == 403
    assert await post(app, form, STRANGER, token="fel") == 403
    assert await post(app, form, ("127.0.0.1", 4711)) == 403
    assert (await row(texting))["state"] == "sent"
    assert await post(app, {**form, "delivered": "i går"}, STRANGER, token="hemligt") == 204
    assert (await row(texting))["delivered_at"] == texting.time(), "of a time that cannot be read, ours"
